"""The demo's coding agent: it acts as Claude Code does, and knows nothing of Assent but its hooks.

    python -m assent.entrypoints.demo.agent ROOT REPO     steps on stdin, what happened on stdout

For each step (one JSON object a line) it starts the hooks that its settings name, as Claude Code
does, obeys their answer, does the step inside the sample, and reports. It takes no plan for
approved and no call for allowed that a hook did not let through.
"""

import fnmatch
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SESSION = "5f0c6f0e-demo"
PROGRAMS = frozenset({"git", "ls", "python3", "rm"})
"""What the agent can run. It has no shell, so a changed command cannot become two."""
OUTPUT_LIMIT = 4000
GATED, REPORTED = "PreToolUse", "PostToolUse"
ASK_AGAIN = "waiting for a person as"
"""What Assent says when holding the call any longer is no use: the same call may be made again."""


@dataclass(frozen=True, slots=True)
class Allowed:
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Denied:
    reason: str


@dataclass(frozen=True, slots=True)
class Agent:
    """One run of the agent. `root` holds its home and everything it may touch."""

    root: Path
    repo: Path
    hooks: Mapping[str, Any]

    def take(self, step: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Do one step, unless the hooks say otherwise; what to report."""
        yield {"what": "proposes"}
        answer = self._ask(step)
        while isinstance(answer, Denied) and ASK_AGAIN in answer.reason:
            yield {"what": "asks-again"}
            answer = self._ask(step)
        if isinstance(answer, Denied):
            yield {"what": "refused", "reason": answer.reason}
            return
        is_changed = answer.arguments != step["arguments"]
        try:
            output, is_ok = self._do(step["tool"], answer.arguments)
        except (OSError, ValueError) as error:
            output, is_ok = str(error), False
        self._run_hooks(REPORTED, step, {"tool_response": {"stdout": output}})
        yield {
            "what": "ran",
            "changed": is_changed,
            "arguments": dict(answer.arguments),
            "ok": is_ok,
            "output": output,
        }

    # Hooks

    def _ask(self, step: Mapping[str, Any]) -> Allowed | Denied:
        arguments = dict(step["arguments"])
        for done, must_answer in self._run_hooks(GATED, step, {}):
            denied = _denied(done, must_answer=must_answer)
            if denied is not None:
                return denied
            said = _said(done)
            if "updatedInput" in said:
                arguments = said["updatedInput"]
        return Allowed(arguments)

    def _run_hooks(
        self, event: str, step: Mapping[str, Any], more: Mapping[str, Any]
    ) -> list[tuple["subprocess.CompletedProcess[str]", bool]]:
        payload = {
            "session_id": SESSION,
            "transcript_path": str(self.root / "transcript.jsonl"),
            "cwd": str(self.repo),
            "permission_mode": "plan" if step["planning"] else "default",
            "hook_event_name": event,
            "tool_name": step["tool"],
            "tool_input": step["arguments"],
            "tool_use_id": step["id"],
            **more,
        }
        return [
            (self._run_hook(hook["command"], payload), hook.get("onFailure") == "block")
            for group in self.hooks.get(event, ())
            if fnmatch.fnmatch(step["tool"], group.get("matcher") or "*")
            for hook in group["hooks"]
        ]

    def _run_hook(
        self, command: str, payload: Mapping[str, Any]
    ) -> "subprocess.CompletedProcess[str]":
        # Claude Code hands the command of a hook to a shell; Assent's installer wrote it.
        return subprocess.run(
            ["/bin/sh", "-c", command],
            input=json.dumps(payload),
            cwd=self.repo,
            capture_output=True,
            text=True,
            check=False,
        )

    # Tools

    def _do(self, tool: str, arguments: Mapping[str, Any]) -> tuple[str, bool]:
        match tool:
            case "Bash":
                return self._command(str(arguments["command"]))
            case "Edit":
                return self._edit(arguments), True
            case "Read":
                return self._inside(arguments["file_path"]).read_text(encoding="utf-8"), True
            case "ExitPlanMode":
                return "The plan is approved.", True
            case "mcp__deploy__release":
                return self._release(arguments), True
            case _:
                raise ValueError(f"the demo's agent has no tool {tool}")

    def _command(self, script: str) -> tuple[str, bool]:
        program, *rest = shlex.split(script)
        if program not in PROGRAMS:
            raise ValueError(f"the demo's agent runs only {', '.join(sorted(PROGRAMS))}")
        if program == "rm":
            for path in rest:
                self._inside(path)
        done = subprocess.run(
            [program, *rest],
            cwd=self.repo,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout[:OUTPUT_LIMIT], done.returncode == 0

    def _edit(self, arguments: Mapping[str, Any]) -> str:
        path = self._inside(arguments["file_path"])
        text = path.read_text(encoding="utf-8")
        if text.count(arguments["old_string"]) != 1:
            raise ValueError("the text to replace is not there once")
        changed = text.replace(arguments["old_string"], arguments["new_string"])
        path.write_text(changed, encoding="utf-8")
        return "The file was changed."

    def _release(self, arguments: Mapping[str, Any]) -> str:
        """The pretended deploy server."""
        with (self.root / "deploys.log").open("a", encoding="utf-8") as log:
            log.write(json.dumps(dict(arguments)) + "\n")
        return "Released."

    def _inside(self, path: str) -> Path:
        """`path` in the sample repository. Raises ValueError for any other: this is a demo."""
        found = Path(os.path.realpath(self.repo / path))
        if found == self.repo or not found.is_relative_to(self.repo):
            raise ValueError(f"the demo's agent stays in {self.repo}")
        return found


def _denied(done: "subprocess.CompletedProcess[str]", *, must_answer: bool) -> Denied | None:
    """Why the hook stops the call, by Claude Code's own rules; None when it does not."""
    if done.returncode == 2 or (done.returncode != 0 and must_answer):
        return Denied(done.stderr.strip())
    said = _said(done)
    if said.get("permissionDecision") in ("deny", "ask", "defer"):
        return Denied(str(said.get("permissionDecisionReason", "")))
    return None


def _said(done: "subprocess.CompletedProcess[str]") -> Mapping[str, Any]:
    try:
        answer = json.loads(done.stdout or "{}")
    except ValueError:
        return {}
    found: Mapping[str, Any] = answer.get("hookSpecificOutput", {})
    return found


def read_hooks(user_home: Path) -> Mapping[str, Any]:
    """The hooks in the user's Claude Code settings."""
    settings = json.loads((user_home / ".claude" / "settings.json").read_text(encoding="utf-8"))
    found: Mapping[str, Any] = settings.get("hooks", {})
    return found


def main(root: str, repo: str) -> int:
    agent = Agent(Path(root), Path(repo), read_hooks(Path.home()))
    for line in sys.stdin:
        step = json.loads(line)
        for report in agent.take(step):
            sys.stdout.write(json.dumps({"step": step["id"], **report}) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
