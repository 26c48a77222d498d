"""Runs an agent in a terminal of its own, with somebody who answers its one question.

`python terminal.py QUESTION KEYS PROGRAM ARGS...`: once the screen shows QUESTION, KEYS are typed.
What the agent writes to the terminal goes to stdout. White space does not count in QUESTION,
because programs lay out their screens with the cursor.
"""

import fcntl
import os
import pty
import re
import struct
import sys
import termios

ROWS, COLUMNS = 60, 200

_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?<>=]*[ -/]*[@-~]"  # cursor, colours, modes
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # titles, links
    rb"|\x1b[@-_]|\s"
)


def plain(screen: bytes) -> bytes:
    """What was written, without cursor movements, colours and white space."""
    return _ESCAPES.sub(b"", screen)


def play(terminal: int, *, question: bytes, keys: bytes) -> None:
    """Until the program ends."""
    written, is_answered = b"", False
    while chunk := _read(terminal):
        sys.stdout.buffer.write(chunk)
        sys.stdout.flush()
        written += chunk
        if not is_answered and question in plain(written):
            is_answered = True
            os.write(terminal, keys)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:
        # The program at the other end is gone.
        return b""


def main() -> int:
    question, keys, *argv = sys.argv[1:]
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(argv[0], argv)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    play(terminal, question=plain(question.encode()), keys=keys.encode())
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main())
