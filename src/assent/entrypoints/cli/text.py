"""How the terminal shows text that others wrote: everything hidden or active made visible."""

from datetime import datetime

from assent.entrypoints.web.views.visible import plain


def visible_line(text: str) -> str:
    """`text` on one line, with control, bidirectional and zero-width characters by their names."""
    return plain(text)


def visible_block(text: str, *, indent: str = "") -> str:
    """`text` over several lines, each as `visible_line`."""
    return "\n".join(indent + plain(line) for line in text.split("\n"))


def moment(at: int) -> str:
    """Local time of `at`, in ms since the epoch."""
    return datetime.fromtimestamp(at / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def age(ms: int) -> str:
    """How long ago, in its largest unit: `4 s`, `12 min`, `3 h`, `2 d`."""
    seconds = max(ms, 0) // 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
