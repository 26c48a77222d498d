"""What a project itself uses: the programs and tasks that its own manifests name."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from assent.core.canonical import Digest, Json, canonical, digest_of, digest_text
from assent.core.risk.names import names
from assent.core.risk.shell import read_script

FILE = "file"
"""The runner of a task that is an executable file of the project, run by its path."""
NAME_LENGTH = 200
_SHELLS = names(
    "sh bash zsh dash ksh fish csh tcsh ash busybox pwsh powershell cmd eval exec source . command"
    " builtin env nohup setsid xargs parallel watch time timeout nice stdbuf script expect"
)
_INTERPRETERS = names(
    "python python2 python3 pypy pypy3 ipython node nodejs deno bun tsx ts-node ruby irb perl php"
    " lua luajit Rscript R julia java jshell groovy scala kotlin osascript awk gawk mawk sed ed ex"
    " vi vim nvim emacs nano tclsh wish gdb lldb sqlite3 psql mysql mongosh redis-cli"
)
_PRIVILEGE = names(
    "sudo su doas pkexec runuser chroot unshare nsenter setpriv capsh systemctl launchctl service"
    " crontab at mount umount useradd usermod passwd visudo dd mkfs fdisk parted shred wipefs"
    " iptables nft ufw sysctl insmod modprobe reboot shutdown kill pkill killall"
)
_NETWORK = names(
    "curl wget http https httpie xh aria2c ssh scp sftp rsync nc ncat netcat socat telnet ftp"
    " rclone s3cmd mail sendmail gh glab hub git svn hg gpg openssl vault op pass ngrok cloudflared"
)
_DEPLOYERS = names(
    "aws gcloud gsutil az doctl kubectl helm k9s oc terraform tofu pulumi ansible ansible-playbook"
    " cdk sam serverless sls fly flyctl heroku vercel netlify wrangler firebase eas amplify render"
    " railway docker podman nerdctl buildah skopeo twine goreleaser semantic-release release-it"
    " lerna changeset np cosign npm-publish rm rmdir truncate unlink"
)
_DENIED = _SHELLS | _INTERPRETERS | _PRIVILEGE | _NETWORK | _DEPLOYERS | names("assent")
_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@/:")
"""Characters in names of programs; a name with others is not taken over."""


@dataclass(frozen=True, slots=True)
class ProjectTask:
    """A task that a manifest names, or an executable file of the project."""

    runner: str
    name: str
    folder: str
    """From the workspace, `/` between parts; empty for the workspace itself."""
    text: str
    """What it runs, as shell text; for `FILE` the digest of the file."""

    @property
    def digest(self) -> Digest:
        return digest_text(self.text)


@dataclass(frozen=True, slots=True)
class ProjectPrograms:
    """Everything that the manifests of one workspace name."""

    programs: frozenset[str] = frozenset()
    """Names, or paths from the workspace (they hold a `/`)."""
    tasks: tuple[ProjectTask, ...] = ()

    @property
    def digest(self) -> Digest:
        """Of everything that is accepted with it."""
        return digest_of(accepted_bytes(accept(self)))


@dataclass(frozen=True, slots=True)
class Accepted:
    """What a person accepted: programs, and tasks with the digests of their texts."""

    programs: frozenset[str] = frozenset()
    tasks: frozenset[tuple[str, str, str, Digest]] = frozenset()
    """Runner, name, folder, digest of the text."""

    def has(self, task: ProjectTask) -> bool:
        """Whether this task was accepted with the text that it has now."""
        return (task.runner, task.name, task.folder, task.digest) in self.tasks


def accept(found: ProjectPrograms) -> Accepted:
    """`found` as a person accepts it."""
    return Accepted(
        programs=found.programs,
        tasks=frozenset((t.runner, t.name, t.folder, t.digest) for t in found.tasks),
    )


def may_be_project_program(name: str) -> bool:
    """Whether a manifest may make this name known: no shell, interpreter, or program that takes
    rights, sends things elsewhere or deploys, whatever the project says."""
    last = name.rsplit("/", 1)[-1]
    return (
        0 < len(name) <= NAME_LENGTH
        and _PLAIN.issuperset(name)
        and name[0] not in "-@/:"
        and ".." not in name.split("/")
        and last.lower() not in _DENIED
        and last.rstrip("0123456789.") not in _INTERPRETERS
        and bool(last)
    )


def programs_in(text: str) -> frozenset[str]:
    """The programs that a shell text starts by name, those that may be a project's own."""
    script = read_script(text, "/")
    first = (command.words[0] for command in script.commands if command.words)
    plain = (word.text for word in first if word.text and word.bare and not word.glob)
    return frozenset(name for name in plain if "/" not in name and may_be_project_program(name))


def put_together(parts: Iterable[ProjectPrograms]) -> ProjectPrograms:
    """All of several manifests as one, without names that no manifest may make known."""
    programs: set[str] = set()
    tasks: dict[tuple[str, str, str], ProjectTask] = {}
    for part in parts:
        programs |= {name for name in part.programs if may_be_project_program(name)}
        for task in part.tasks:
            tasks.setdefault((task.runner, task.name, task.folder), task)
    ordered = tuple(task for _, task in sorted(tasks.items()))
    return ProjectPrograms(frozenset(programs), ordered)


# --- as bytes


def accepted_bytes(accepted: Accepted) -> bytes:
    """The stored form; `read_accepted` is its inverse."""
    tasks: list[Json] = [list(task) for task in sorted(accepted.tasks)]
    return canonical({"programs": sorted(accepted.programs), "tasks": tasks})


def read_accepted(data: bytes) -> Accepted:
    """Raises ValueError, TypeError or KeyError for what `accepted_bytes` does not write."""
    fields = json.loads(data)
    tasks = set()
    for item in fields["tasks"]:
        runner, name, folder, digest = (_text(part) for part in item)
        tasks.add((runner, name, folder, Digest(digest)))
    return Accepted(frozenset(_text(name) for name in fields["programs"]), frozenset(tasks))


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise TypeError("expected text")
    return value
