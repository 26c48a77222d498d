"""`python -m scripted_model`: serves one run, prints "ready" when it listens, until killed."""

import argparse
import sys
from pathlib import Path

from .server import ModelServer, Play
from .steps import load_scripts
from .vocabulary import AGENTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="scripted_model")
    parser.add_argument("--agent", choices=AGENTS, required=True)
    parser.add_argument("--workdir", required=True, help="the agent's working directory")
    parser.add_argument("--script", type=Path, required=True, help="JSON: script name -> steps")
    parser.add_argument("--log", type=Path, required=True, help="JSON lines, one a request")
    parser.add_argument("--port", type=int, required=True)
    given = parser.parse_args()
    scripts = load_scripts(given.script.read_text(encoding="utf-8"))
    play = Play(agent=given.agent, workdir=given.workdir, scripts=scripts)
    with ModelServer(given.port, play, given.log) as server:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        server.serve_forever()


main()
