"""The class marks of the page, for a terminal: word, shape and colour together."""

import click

_MARKS = {
    "trivial": ("·", "bright_black"),
    "low": ("○", "cyan"),
    "medium": ("◆", "yellow"),
    "high": ("▲", "bright_red"),
    "irreversible": ("⬣", "red"),
}


def mark(risk: str) -> str:
    """The shape and the word of a class; click drops the colour where there is no terminal."""
    shape, colour = _MARKS.get(risk, ("?", "white"))
    return click.style(f"{shape} {risk}", fg=colour)
