"""Putting a plan that a person changed where Claude Code takes it from.

Whatever the answer to `ExitPlanMode` says, the model is told what the plan file holds (seen with
2.1.329). So the file is changed first, and only if it holds the plan that the person was shown.
"""

import os
from pathlib import Path

from assent.adapters.agents import settings_file
from assent.adapters.agents.payloads import Fields
from assent.errors import UnavailableError

FOLDER = "plans"


def replace_plan(shown: Fields, wanted: Fields) -> None:
    """Write the plan in `wanted` over the one in `shown`, in the file that `shown` names.

    Raises UnreadablePayload and UnavailableError; then the call must not go through.
    """
    path = Path(shown.text("planFilePath"))
    before, after = shown.text("plan").encode("utf-8"), wanted.text("plan").encode("utf-8")
    if not _is_plan_file(path):
        raise UnavailableError(f"{path} is not a plan file of Claude Code.")
    present = settings_file.read(path)
    if present == after:
        return
    if present != before:
        raise UnavailableError(
            f"{path} does not hold the plan that was approved.", hint="Show the plan again."
        )
    settings_file.write(path, after, expected=before)


def _is_plan_file(path: Path) -> bool:
    """Whether `path` is a regular Markdown file right in a folder of plans, and no symlink."""
    return (
        path.is_absolute()
        and path.suffix == ".md"
        and path.parent.name == FOLDER
        and os.path.normpath(path) == str(path)
        and not path.is_symlink()
        and path.is_file()
    )
