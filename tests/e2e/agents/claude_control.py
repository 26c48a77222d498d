"""Runs Claude Code over its control protocol and allows everything that it asks about.

`python claude_control.py PROMPT CLAUDE ARGS...`: what an editor does whose user clicks "yes" to
every question, plans too. Whatever is refused in such a run, the hooks refused. Claude's own lines
go to stdout as they come.
"""

import json
import subprocess
import sys
from typing import IO, Any


def allow(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a permission question: yes, as it stands."""
    return {"behavior": "allow", "updatedInput": request["input"]}


def converse(prompt: str, lines: IO[str], answers: IO[str]) -> None:
    """Send the prompt, then answer questions until the run's result."""

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    initialize = {"subtype": "initialize", "hooks": {}}
    send({"type": "control_request", "request_id": "start", "request": initialize})
    message = {"role": "user", "content": prompt}
    send({"type": "user", "message": message, "parent_tool_use_id": None, "session_id": ""})
    for line in lines:
        sys.stdout.write(line)
        sys.stdout.flush()
        event = json.loads(line)
        if event["type"] == "result":
            return
        if event["type"] == "control_request" and event["request"]["subtype"] == "can_use_tool":
            response = {
                "subtype": "success",
                "request_id": event["request_id"],
                "response": allow(event["request"]),
            }
            send({"type": "control_response", "response": response})


def main() -> int:
    prompt, program, *arguments = sys.argv[1:]
    stdio = ("-p", "--input-format", "stream-json", "--permission-prompt-tool", "stdio")
    with subprocess.Popen(
        [program, *stdio, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as claude:
        if claude.stdin is None or claude.stdout is None:
            raise AssertionError("both ends are pipes")
        converse(prompt, claude.stdout, claude.stdin)
        claude.stdin.close()
        return claude.wait()


if __name__ == "__main__":
    sys.exit(main())
