"""Lists of names, written as one text so that they can be read at a glance."""


def names(text: str, separator: str | None = None) -> frozenset[str]:
    """The names in `text`, parted by spaces or by `separator`."""
    return frozenset(text.split(separator))
