"""Changes of a Python module's public interface that break those who use it, told by griffe."""

import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath

import griffe

from assent.core.risk.edits.classes import PathClass, classes_of
from assent.core.risk.edits.model import SENSITIVE_EDIT, FileVersion
from assent.core.risk.edits.python_tokens import NO_FILE
from assent.core.risk.edits.signs import Place
from assent.core.risk.model import Evidence
from assent.core.risk.paths import shown

LIMIT = 200_000
"""Characters of a module; the interface of a longer one is not compared."""

_FEW = 8
"""Breaks of one file that are told one by one."""

_MODULE = "module"
_NOWHERE = PurePosixPath(NO_FILE)
_UNREADABLE = (
    griffe.GriffeError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    RecursionError,
    SyntaxError,
    TypeError,
    ValueError,
)
"""What griffe raises for texts that it does not understand."""

_KIND = griffe.BreakageKind
_SAYS = {
    _KIND.PARAMETER_MOVED: "moves the parameter {what} of {name}",
    _KIND.PARAMETER_REMOVED: "removes the parameter {what} of {name}",
    _KIND.PARAMETER_CHANGED_KIND: "changes how the parameter {what} of {name} is given",
    _KIND.PARAMETER_CHANGED_DEFAULT: "changes the default of the parameter {what} of {name}",
    _KIND.PARAMETER_CHANGED_REQUIRED: "makes the parameter {what} of {name} required",
    _KIND.PARAMETER_ADDED_REQUIRED: "adds the required parameter {what} to {name}",
    _KIND.RETURN_CHANGED_TYPE: "changes what {name} returns",
    _KIND.OBJECT_REMOVED: "removes {name}, which is public",
    _KIND.OBJECT_CHANGED_KIND: "makes {name} another kind of thing",
    _KIND.ATTRIBUTE_CHANGED_TYPE: "changes the type of {name}",
    _KIND.ATTRIBUTE_CHANGED_VALUE: "changes the value of {name}",
    _KIND.CLASS_REMOVED_BASE: "removes a base class of {name}",
}


def interface_signs(place: Place, file: FileVersion) -> Iterator[Evidence]:
    """What users of this module would have to change. Nothing for tests and for other languages."""
    breaks = tuple(islice(interface_breaks(file), _FEW + 1))
    for what in breaks[:_FEW]:
        yield place.sign("public-interface", f"{what} in {place.said}", SENSITIVE_EDIT)
    if len(breaks) > _FEW:
        what = f"breaks more of the public interface of {place.said}"
        yield place.sign("public-interface", what, SENSITIVE_EDIT)


def interface_breaks(file: FileVersion) -> Iterator[str]:
    """The breaks, each as a sentence part: `removes the parameter x of send`."""
    if not file.path.endswith((".py", ".pyi")) and file.path != "":
        return
    if PathClass.TESTS in classes_of(file.path) or file.before is None or file.after is None:
        return
    before, after = _module(file.before), _module(file.after)
    if before is None or after is None:
        return
    try:
        for breakage in griffe.find_breaking_changes(before, after):
            yield _said(breakage)
    except _UNREADABLE:
        return


def _module(text: str) -> griffe.Module | None:
    """The module that the text defines; None when it cannot be read. Nothing is imported."""
    if len(text) > LIMIT or "\0" in text:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A pure path: it is only kept, and could not be used to reach a disk.
            return griffe.visit(_MODULE, filepath=_NOWHERE, code=text)  # type: ignore[arg-type]
    except _UNREADABLE:
        return None


def _said(breakage: griffe.Breakage) -> str:
    name = shown(breakage.obj.path.removeprefix(f"{_MODULE}."))
    says = _SAYS[breakage.kind]
    parameter = breakage.new_value if breakage.old_value is None else breakage.old_value
    what = shown(parameter.name) if isinstance(parameter, griffe.Parameter) else ""
    return says.format(name=name, what=what)
