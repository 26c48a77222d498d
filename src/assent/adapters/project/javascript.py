"""package.json, deno.json and composer.json."""

import json
import os
from collections.abc import Mapping

from assent.adapters.project.found import Found, table, texts
from assent.adapters.project.small_files import read_text
from assent.core.project import programs_in

RUNNERS = ("npm", "pnpm", "yarn", "bun")
MAX_DEPENDENCIES = 400
_DEPENDENCIES = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
_WITHOUT_RUN = ("@putenv", "@php", "@composer")


def read_json(text: str) -> object:
    """The value; None for what is not JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def package_json(text: str, path: str) -> Found:
    """Scripts with what npm runs before and after them, own programs, programs of dependencies."""
    found, manifest = Found(), read_json(text)
    scripts = {
        name: line for name, line in table(manifest, "scripts").items() if isinstance(line, str)
    }
    for name in scripts:
        steps = (scripts.get(each) for each in (f"pre{name}", name, f"post{name}"))
        whole = "\n".join(step for step in steps if step)
        found.task(RUNNERS, name, whole)
        found.programs |= programs_in(whole)
    found.programs |= _own_programs(manifest)
    installed = os.path.join(os.path.dirname(path), "node_modules")
    names = [name for kind in _DEPENDENCIES for name in table(manifest, kind)]
    for name in names[:MAX_DEPENDENCIES]:
        found.programs |= _programs_of(installed, name)
    return found


def _own_programs(manifest: object) -> set[str]:
    own = manifest.get("bin") if isinstance(manifest, Mapping) else None
    name = manifest.get("name") if isinstance(manifest, Mapping) else None
    if isinstance(own, Mapping):
        return {each for each in own if isinstance(each, str)}
    return {_last(name)} if isinstance(own, str) and isinstance(name, str) else set()


def _programs_of(installed: str, name: str) -> set[str]:
    """What an installed dependency brings; its own name where it is not installed."""
    if ".." in name.split("/") or name.startswith("/"):
        return set()
    text = read_text(os.path.join(installed, name, "package.json"))
    return _own_programs(read_json(text)) if text else {_last(name)}


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]


def deno_json(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    found = Found()
    for name, task in table(read_json(text), "tasks").items():
        line = task if isinstance(task, str) else table(task).get("command")
        if isinstance(line, str):
            found.task(("deno",), name, line)
            found.programs |= programs_in(line)
    return found


def composer_json(text: str, path: str) -> Found:  # noqa: ARG001
    found, manifest = Found(), read_json(text)
    for name, steps in table(manifest, "scripts").items():
        lines = [line for line in texts(steps) if not line.startswith(_WITHOUT_RUN)]
        shell = [line for line in lines if "::" not in line and not line.startswith("@")]
        found.task(("composer",), name, "\n".join(shell))
        found.programs |= programs_in("\n".join(shell))
    for kind in ("require", "require-dev"):
        found.programs |= {_last(name) for name in table(manifest, kind) if "/" in name}
    return found
