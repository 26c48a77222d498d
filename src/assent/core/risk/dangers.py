"""Programs that are known to be dangerous, so that a person is told how.

Nothing here is needed for safety: what is not known to be safe waits for a person anyway.
"""

from collections.abc import Sequence

from assent.core.risk.factors import RiskClass
from assent.core.risk.findings import Use
from assent.core.risk.look import Look
from assent.core.risk.model import Effect
from assent.core.risk.names import names
from assent.core.risk.shell import Word

_M, _H, _X = RiskClass.MEDIUM, RiskClass.HIGH, RiskClass.IRREVERSIBLE
_Row = tuple[Effect, RiskClass, str, str]

_SHELLS = names("sh bash zsh dash ksh fish csh tcsh ash pwsh")
_INTERPRETERS = names(
    "python python2 python3 node deno bun ruby irb perl php lua julia R Rscript ghci sqlite3"
    " psql mysql redis-cli mongo mongosh bc gdb pry ipython osascript"
)
_INLINE = names(
    "-c -e -E -r --eval -ec -lc -ic -cl -xc -exc -ce -p -pe -ne -i -s - eval --command"
    " --execute --exec --print"
)
_STATE = names(
    "eval source . exec alias unalias export unset declare typeset local readonly let read"
    " mapfile readarray trap shopt setopt enable hash builtin pushd popd getopts emulate"
    " autoload zmodload bind complete coproc noglob nocorrect"
)
_CHANGES_FILES = names("cp mv ln install chmod chown chgrp truncate rsync tar unzip")

_ROWS: tuple[_Row, ...] = (
    (Effect.PRIVILEGE, _H, "takes other rights", "sudo su doas pkexec runuser chroot setcap"),
    (
        Effect.EXTERNAL,
        _X,
        "changes what others use",
        (
            "npm publish|npm unpublish|npm deprecate|yarn publish|pnpm publish|cargo publish"
            "|cargo yank|twine upload|uv publish|poetry publish|gem push|docker push"
            "|podman push|terraform|tofu|pulumi|kubectl|helm|ansible-playbook|gh release"
            "|gh repo|fly|vercel|netlify|heroku|serverless|cdk|sam|firebase|wrangler|dropdb"
            "|dropuser|flyctl"
        ),
    ),
    (
        Effect.NETWORK,
        _M,
        "reads from the network",
        (
            "gh pr view|gh pr list|gh pr diff|gh pr checks|gh pr status|gh issue view"
            "|gh issue list|gh run view|gh run list|gh search|gh auth status|ping|dig|nslookup"
            "|host|whois|traceroute"
        ),
    ),
    (
        Effect.EXTERNAL,
        _H,
        "reaches other machines",
        (
            "curl|wget|ssh|scp|sftp|rsync|nc|ncat|netcat|socat|telnet|ftp|gh|glab|hub|aws"
            "|gcloud|az|gsutil|doctl|mail|sendmail|http|https|aria2c|rclone|s3cmd|mosh|ngrok"
            "|cloudflared|psql|mysql|mongo|mongosh|redis-cli|mysqldump|pg_dump|claude|codex"
            "|gemini|copilot|opencode"
        ),
    ),
    (
        Effect.INSTALL,
        _H,
        "installs",
        (
            "npm install|npm i|npm ci|npm add|npm update|pnpm install|pnpm i|pnpm add"
            "|yarn install|yarn add|bun install|bun add|pip install|pip3 install|pipx|uv add"
            "|uv pip|uv sync|uv tool|poetry install|poetry add|apt|apt-get|dpkg|brew|dnf|yum"
            "|pacman|apk|snap|port|zypper|cargo install|cargo add|gem install|bundle install"
            "|go install|go get|conda|mamba|nix-env|npx|bunx|pnpm dlx|yarn dlx|uvx|easy_install"
            "|composer|luarocks|rustup|nvm"
        ),
    ),
    (
        Effect.SERVICE,
        _H,
        "controls processes or services",
        (
            "kill|pkill|killall|systemctl|service|docker|docker-compose|podman|launchctl"
            "|crontab|at|batch|reboot|shutdown|halt|poweroff|init|nohup|setsid|disown|screen"
            "|tmux|pm2|supervisorctl|sysctl|iptables|nft|ufw|modprobe|insmod|ip|ifconfig"
            "|useradd|usermod|userdel|groupadd|visudo|passwd|hostnamectl|timedatectl|swapoff"
        ),
    ),
    (
        Effect.DELETE,
        _X,
        "overwrites disks",
        (
            "dd|mkfs|fdisk|parted|wipefs|mount|umount|diskutil|hdparm|lvremove|vgremove|zpool"
            "|zfs|cryptsetup|mkswap|blkdiscard|sgdisk"
        ),
    ),
    (
        Effect.CREDENTIAL,
        _H,
        "shows or uses secrets",
        (
            "env|printenv|gpg|pass|security|op|vault|keyctl|ssh-keygen|ssh-add|secret-tool"
            "|openssl|history|gh auth"
        ),
    ),
    (
        Effect.CODE_EXEC,
        _M,
        "runs",
        (
            "npm|pnpm|yarn|bun|deno|node|python|python3|pytest|tox|nox|uv|poetry|pipenv|hatch"
            "|pdm|make|cmake|ninja|go|cargo|rustc|mvn|gradle|rake|bundle|ruby|perl|php|lua|just"
            "|task|mise|dotnet|swift|java|javac|gcc|g++|clang|tsc|eslint|prettier|jest|vitest"
            "|ruff|mypy|black|pre-commit|golangci-lint|bazel|turbo|nx|vite|webpack|rspec"
            "|phpunit|composer|flutter|dart|mix|elixir|sbt|scala|ghc|cabal|stack|zig|nim"
            "|xcodebuild|playwright|cypress|alembic|django-admin"
        ),
    ),
)
_DANGERS: dict[tuple[str, ...], tuple[Effect, RiskClass, str]] = {
    tuple(name.split()): (effect, risk, what)
    for effect, risk, what, names in reversed(_ROWS)
    for name in (names.split("|") if "|" in names else names.split())
}


def check_other(look: Look) -> None:
    """Say what is known about a program that is not known to be safe."""
    name = look.name
    if name in ("rm", "rmdir", "unlink", "shred"):
        _delete(look)
    elif name in _STATE:
        what = f"runs {name}, which changes what later commands mean"
        look.effect("shell-state", Effect.CODE_EXEC, RiskClass.HIGH, what=what)
        look.never_safe(look.words[0], what)
    elif name in _SHELLS or name in _INTERPRETERS:
        _interpreter(look)
    elif name in _CHANGES_FILES:
        _change_files(look)
    else:
        _by_table(look)


def _flags(words: Sequence[Word]) -> tuple[list[Word], list[Word]]:
    """Flags and operands, roughly."""
    flags = [word for word in words if (word.text or "").startswith("-")]
    return flags, [word for word in words if word not in flags]


def _delete(look: Look) -> None:
    _, operands = _flags(look.words[1:])
    for word in operands or look.words[:1]:
        if operands:
            look.touch(word, Use.DELETE)
        else:
            what = "deletes what it is told"
            look.effect("delete", Effect.DELETE, RiskClass.HIGH, what=what, words=[word])


def _change_files(look: Look) -> None:
    """Nobody vouches for where it writes by vouching for the program."""
    look.not_known_safe()
    _, operands = _flags(look.words[1:])
    if look.name in ("cp", "mv", "ln", "install"):
        look.touch_all(operands[:-1], Use.READ)
        look.touch_all(operands[-1:], Use.WRITE)
    elif look.name in ("chmod", "chown", "chgrp", "truncate"):
        look.touch_all(operands[1:], Use.WRITE)


def _interpreter(look: Look) -> None:
    flags, operands = _flags(look.words[1:])
    texts = {word.text for word in flags} | {word.text for word in operands[:1]}
    if look.name in _DATABASES and operands:
        _by_table(look)
    elif texts & _INLINE or look.piped or any(_holds_code(word) for word in flags):
        what = f"runs code that is given to {look.name}"
        look.effect("inline-code", Effect.CODE_EXEC, RiskClass.HIGH, what=what)
    elif not operands and not texts & {"--version", "-V", "-v", "--help", "-h", "-m"}:
        what = f"opens {look.name}, into which more can be typed without asking again"
        look.effect("interactive", Effect.INTERACTIVE, RiskClass.HIGH, what=what)
    else:
        what = f"runs {look.said}"
        look.effect("runs-code", Effect.CODE_EXEC, RiskClass.MEDIUM, what=what)


_DATABASES = names("psql mysql redis-cli mongo mongosh sqlite3")


def _holds_code(flag: Word) -> bool:
    """Flags such as `-cprint()` and `--eval=…`, with the code in the same word."""
    text = flag.text or "-c"
    return text.startswith(("-c", "-e", "--eval", "--command", "--exec", "--print"))


def _by_table(look: Look) -> None:
    _, operands = _flags(look.words[1:])
    name = look.name if (look.name,) in _DANGERS else look.name.partition(".")[0]
    key = (name, *(word.text or "" for word in operands[:2]))
    found = next((_DANGERS[key[:n]] for n in (3, 2, 1) if key[:n] in _DANGERS), None)
    if found is None:
        look.not_known_safe()
        return
    effect, risk, what = found
    runs = effect is Effect.CODE_EXEC
    said = f"runs {look.said}" if runs else f"{what} ({look.said})"
    if effect is Effect.INSTALL:
        said = f"installs software ({look.said})"
    rule = "runs-code" if runs else effect.value
    look.effect(rule, effect, risk, what=said)
