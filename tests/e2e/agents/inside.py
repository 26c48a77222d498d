"""The first process inside a run's namespaces: loopback up, the model server, then the agent.

`python inside.py RUN` with RUN a JSON file: `model` and `agent`, each with `argv`, `cwd`, `env`.
Ends with the agent's exit code. There is no way out of the network namespace, so an agent that
tries to reach anything but loopback fails at once.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1
_FLAGS = struct.Struct("16sh22x")


def raise_loopback() -> None:
    """What `ip link set lo up` does, without needing the program."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        reply = fcntl.ioctl(control, _SIOCGIFFLAGS, _FLAGS.pack(b"lo", 0))
        _, flags = _FLAGS.unpack(reply)
        fcntl.ioctl(control, _SIOCSIFFLAGS, _FLAGS.pack(b"lo", flags | _IFF_UP))


def start(process: dict[str, Any], stdout: int | None = None) -> "subprocess.Popen[bytes]":
    """Start one of the run's processes, with no stdin: an agent would take it for more prompt."""
    argv: list[str] = process["argv"]
    return subprocess.Popen(
        argv,
        cwd=process["cwd"],
        env=process["env"],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
    )


def main() -> int:
    run = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    raise_loopback()
    with start(run["model"], stdout=subprocess.PIPE) as model:
        try:
            if model.stdout is None or model.stdout.readline() != b"ready\n":
                sys.stderr.write("inside.py: the model server did not start\n")
                return 3
            with start(run["agent"]) as agent:
                return agent.wait()
        finally:
            model.kill()


if __name__ == "__main__":
    sys.exit(main())
