"""A stdio MCP server with one tool, `poke`: `python mcp_server.py LOG` appends each call to LOG."""

import json
import sys
from pathlib import Path
from typing import Any

_TOOL = {
    "name": "poke",
    "description": "pokes a target",
    "inputSchema": {
        "type": "object",
        "properties": {"target": {"type": "string"}},
        "required": ["target"],
    },
    "annotations": {"destructiveHint": True},
}


def result(method: str, params: dict[str, Any], log: Path) -> dict[str, Any]:
    """The result of one request; a tool call is logged before it is answered."""
    match method:
        case "initialize":
            return {
                "protocolVersion": params["protocolVersion"],
                "capabilities": {"tools": {}},
                "serverInfo": {"name": "lab", "version": "1"},
            }
        case "tools/list":
            return {"tools": [_TOOL]}
        case "tools/call":
            with log.open("a", encoding="utf-8") as calls:
                calls.write(json.dumps(params) + "\n")
            return {"content": [{"type": "text", "text": f"poked {params.get('arguments')}"}]}
        case _:
            return {}


def main() -> None:
    log = Path(sys.argv[1])
    for line in sys.stdin:
        message = json.loads(line)
        if "id" not in message:
            continue
        params = message.get("params") or {}
        answer = {"jsonrpc": "2.0", "id": message["id"]}
        answer["result"] = result(message["method"], params, log)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
