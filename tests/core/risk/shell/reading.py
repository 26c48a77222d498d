"""Scripts as the reader tells them, in short."""

from assent.core.risk.shell import Script, Simple, Word, read_script

CWD = "/w"


def read(script: str) -> Script:
    return read_script(script, CWD)


def text(word: Word) -> str:
    """The text of a word; `a?b` for one of which only the ends are known."""
    if word.text is not None:
        return word.text
    return f"{word.prefix}?{word.suffix}"


def texts(command: Simple) -> list[str]:
    return [text(word) for word in command.words]


def commands(script: str) -> list[str]:
    """Each command with words, which are joined by spaces, in the order it is read."""
    return [" ".join(texts(command)) for command in read(script).commands if command.words]


def problems(script: str) -> list[str]:
    return [problem.what for problem in read(script).problems]


def last(script: str) -> Simple:
    """The last command that has words."""
    return [command for command in read(script).commands if command.words][-1]
