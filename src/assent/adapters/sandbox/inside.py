"""The last program before a command that is not trusted. Run by its path, standard library only.

    inside.py SPEC COMMAND…

SPEC is JSON; see `Spec`. Limits are set; then, where the specification says so,
namespaces of its own are entered: no network but a loopback, no other processes, a file system
that is read-only but for the folders that are named, and without what is hidden. Nothing of that
can be undone by the command: no privilege is left to it. Ends with 125 when that cannot be had.
"""

import ctypes
import fcntl
import json
import os
import resource
import signal
import socket
import struct
import sys
from collections.abc import Callable
from typing import TypedDict

CANNOT = 125
Mount = Callable[[str, str, "str | None", int], int]
NEWNS, NEWIPC, NEWUSER, NEWPID, NEWNET = 0x20000, 0x8000000, 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MS_RELATIME, ST_RELATIME = 1 << 21, 4096
MS_KEPT = 2 | 4 | 8 | 1024 | 2048
"""Flags of a mount that must stay when it is made read-only: the same bits as `statvfs` gives."""
PR_SET_PDEATHSIG, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 24, 38
SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1
SYSTEM = ("/proc", "/sys", "/dev")
LAST_CAPABILITY = 63


class Spec(TypedDict):
    """What is wanted. Paths are absolute and real."""

    namespaces: bool
    folder: str
    writable: list[str]
    readable: list[str]
    hidden: list[str]
    memory: int
    file_size: int


def main() -> int:
    spec: Spec = json.loads(sys.argv[1])
    command = sys.argv[2:]
    try:
        set_limits(spec)
        if sys.platform == "linux":
            libc = ctypes.CDLL(None, use_errno=True)
            check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "death signal")
            if spec["namespaces"]:
                return enclosed(libc, spec, command)
        os.chdir(spec["folder"])
        os.execvp(command[0], command)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The sandbox cannot be had: {error}\n")
        return CANNOT


def check(result: int, what: str) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def set_limits(spec: Spec) -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, most in (("RLIMIT_DATA", spec["memory"]), ("RLIMIT_FSIZE", spec["file_size"])):
        limit = getattr(resource, name)
        _, hard = resource.getrlimit(limit)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (allowed, allowed))


def enclosed(libc: ctypes.CDLL, spec: Spec, command: list[str]) -> int:
    """Enter the namespaces; the first process in them reaps and is not the command."""
    user, group = os.getuid(), os.getgid()
    check(libc.unshare(NEWUSER | NEWNS | NEWIPC | NEWPID | NEWNET), "namespaces")
    write("/proc/self/setgroups", "deny")
    write("/proc/self/uid_map", f"{user} {user} 1")
    write("/proc/self/gid_map", f"{group} {group} 1")
    loopback_up()
    first = os.fork()
    if first:
        return status_of(os.waitpid(first, 0)[1])
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "death signal")
    arrange_files(libc, spec)
    os.chdir(spec["folder"])
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "privileges")
    for capability in range(LAST_CAPABILITY + 1):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    running = os.fork()
    if not running:
        os.execvp(command[0], command)
    while True:
        ended, status = os.wait()
        if ended == running:
            os._exit(status_of(status))


def status_of(status: int) -> int:
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as opened:
        opened.write(text)


def loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        name = b"lo".ljust(16, b"\0")
        asked = fcntl.ioctl(asker, SIOCGIFFLAGS, name + bytes(24))
        flags = struct.unpack_from("h", asked, 16)[0] | IFF_UP
        fcntl.ioctl(asker, SIOCSIFFLAGS, name + struct.pack("h", flags) + bytes(22))


def arrange_files(libc: ctypes.CDLL, spec: Spec) -> None:
    def mount(source: str, target: str, form: "str | None", flags: int) -> int:
        words = [None if each is None else os.fsencode(each) for each in (source, target, form)]
        return int(libc.mount(*words, flags, None))

    check(mount("none", "/", None, MS_REC | MS_PRIVATE), "mounts of its own")
    # A fresh /proc is refused where the machine hides parts of it; the old one tells no secrets
    # of processes outside, whose memory and environment need a privilege that is not there.
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    held = {path: os.open(path, os.O_PATH) for path in (*spec["writable"], *spec["readable"])}
    for path in mount_points():
        read_only(mount, path)
    for path in spec["hidden"]:
        hide(mount, path)
    for path, opened in held.items():
        os.makedirs(path, exist_ok=True)
        check(mount(f"/proc/self/fd/{opened}", path, None, MS_BIND | MS_REC), path)
        if path in spec["writable"]:
            check(mount("none", path, None, flags_of(path) | MS_REMOUNT | MS_BIND), path)
        else:
            read_only(mount, path)
        os.close(opened)


def mount_points() -> list[str]:
    with open("/proc/self/mountinfo", "rb") as opened:
        found = [os.fsdecode(line.split(b" ")[4]) for line in opened]
    return [path for path in found if not path.startswith(SYSTEM)]


def flags_of(path: str) -> int:
    known = os.statvfs(path).f_flag
    return known & MS_KEPT | (MS_RELATIME if known & ST_RELATIME else 0)


def read_only(mount: Mount, path: str) -> None:
    try:
        flags = flags_of(path)
    except OSError:
        return
    mount("none", path, None, flags | MS_REMOUNT | MS_BIND | MS_RDONLY)


def hide(mount: Mount, path: str) -> None:
    if os.path.isdir(path):
        check(mount("none", path, "tmpfs", MS_NOSUID | MS_NODEV), path)
    elif os.path.exists(path):
        check(mount("/dev/null", path, None, MS_BIND), path)


if __name__ == "__main__":
    sys.exit(main())
