"""A test of the core fails when it, or the core under it, performs I/O, by whatever library.

Import rules see `import socket`; only this sees `open()` and what a library does by itself.
"""

import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType

import pytest

IO_EVENTS = (
    "ctypes.",
    "glob.",
    "open",
    "os.",
    "shutil.",
    "socket.",
    "sqlite3.",
    "subprocess.",
    "tempfile.",
    "urllib.",
)
# They read and write files of their own while a test runs: examples, sources to show, modules.
TEST_MACHINERY = ("hypothesis.", "_pytest.", "pytest_", "importlib.", "linecache", "inspect")

# Of a text that is wrong, Python's parser looks for the line in a file of the name it was given.
NO_FILES = ("<unknown>", "<string>", "/dev/null/source.py")

HERE = str(Path(__file__).parent)


class PurityGuard:
    def __init__(self) -> None:
        self.armed = False
        self.performed: list[str] = []

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "open" and arguments[0] in NO_FILES:
            return
        if self.armed and event.startswith(IO_EVENTS) and caused_by_core(sys._getframe(1)):
            self.performed.append(f"{event} {arguments[:1]}")
            raise RuntimeError(f"core performed I/O: {self.performed[-1]}")


def caused_by_core(frame: FrameType | None) -> bool:
    """Whose call it is: the innermost frame of the core, of its tests or of the test machinery."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if module.startswith(TEST_MACHINERY):
            return False
        if module.startswith("assent.core") or frame.f_code.co_filename.startswith(HERE):
            return True
        frame = frame.f_back
    return False


GUARD = PurityGuard()
sys.addaudithook(GUARD.audit)


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call() -> Generator[None, object, object]:
    GUARD.performed.clear()
    GUARD.armed = True
    try:
        result = yield
    finally:
        GUARD.armed = False
    # The code under test may have swallowed the error.
    if GUARD.performed:
        pytest.fail(f"core performed I/O: {GUARD.performed}")
    return result
