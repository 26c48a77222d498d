"""Where Gemini CLI keeps the plan that its exit_plan_mode offers (0.61.0).

The call names the file by `plan_filename`; the `plan_path` beside it is the model's own word and
is not what the tool reads. GEMINI_PLANS_DIR, set for hooks, names the folder.
"""

import posixpath
from collections.abc import Mapping
from typing import Final

from assent.adapters.agents.payloads import Fields, UnreadablePayload

PLANS_DIR: Final = "GEMINI_PLANS_DIR"


def plans_folder(fields: Fields, env: Mapping[str, str]) -> str:
    """The folder of this run's plans, or the default one next to the run's transcript.

    Empty when neither is told.
    """
    named = env.get(PLANS_DIR, "")
    if named.startswith("/"):
        return posixpath.normpath(named)
    transcript, session_id = fields.text("transcript_path", default=""), fields.text("session_id")
    if not transcript.startswith("/"):
        return ""
    project = posixpath.dirname(posixpath.dirname(transcript))
    return posixpath.normpath(posixpath.join(project, session_id, "plans"))


def plan_file(name: str, *, folder: str, cwd: str) -> str:
    """The file that `name` is taken for. Raises UnreadablePayload when it is not in `folder`."""
    name = name.strip()
    if not name or "\0" in name:
        raise UnreadablePayload("the plan file has no name")
    for base in (cwd, folder):
        path = posixpath.normpath(posixpath.join(base, name))
        if folder and path.startswith(f"{folder}/"):
            return path
    raise UnreadablePayload("the plan file is not in the folder of plans")
