"""Which paths are more than ordinary files, and what using a path amounts to."""

import re
import unicodedata
from fnmatch import fnmatchcase
from functools import lru_cache

from assent.core.facts import Facts, Kept, PathFact
from assent.core.risk.factors import Factors, RiskClass, Sensitivity, typical
from assent.core.risk.findings import Touch, Use
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.names import names
from assent.core.risk.shell import hides

_AGENT_SETTINGS = names(
    ".assent .claude .codex .gemini .copilot .opencode .cursor .clinerules .windsurf"
    " opencode.json opencode.jsonc .claude.json"
)
_AGENT_SETTINGS_BELOW = (
    "/.config/opencode/",
    "/.config/github-copilot/",
    "/.github/hooks/",
    "/.github/copilot/",
)
_RUN_LATER = names(
    ".git .gitattributes .gitmodules .gitconfig .husky .githooks .pre-commit-config.yaml"
    " .pre-commit-config.yml lefthook.yml lefthook.yaml .lefthook.yml .lefthook.yaml"
    " .gitlab-ci.yml .gitlab-ci.yaml .circleci .buildkite .travis.yml .drone.yml .woodpecker"
    " .woodpecker.yml appveyor.yml .appveyor.yml bitbucket-pipelines.yml .vscode .devcontainer"
    " .mcp.json jenkinsfile"
)
_RUN_LATER_BELOW = tuple(
    f"/.{forge}/{folder}/"
    for forge in ("github", "gitea", "forgejo")
    for folder in ("workflows", "actions")
)
_SECRET_FOLDERS = names(".ssh .aws .gnupg .kube .azure .password-store")
_SECRET_NAMES = names(
    ".netrc _netrc .npmrc .pypirc .pgpass .my.cnf .git-credentials .htpasswd .env"
)
_SECRET_ENDS = (".pem", ".key", ".p12", ".pfx", ".jks", ".keystore", ".kdbx", ".env", ".tfvars")
_SECRET_STARTS = (".env", "id_rsa", "id_dsa", "id_ecdsa", "id_ed25519")
_SECRET_BELOW = (
    "/.docker/config.json",
    "/.config/gcloud/",
    "/.config/gh/",
    "/.config/github-copilot/",
    "/.codex/auth.json",
    "/.gemini/oauth_creds.json",
    "/opencode/auth.json",
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/sudoers",
    "/etc/ssl/private/",
    "/run/secrets/",
)
_ENV_SAMPLES = names(".env.example .env.sample .env.template .env.dist .env.defaults")
_SECRET_WORD = re.compile(r"secret|credential|password|private[-_]?key")
_DATA_ENDS = names("json yaml yml toml ini txt cfg conf properties enc gpg xml csv db sqlite") | {
    ""
}
_PROCESS = re.compile(r"/proc/[^/]+/.")
_DEVICES = re.compile(r"/dev/(?:null|zero|stdin|stdout|stderr|tty|u?random|fd/\d+)")
_NETWORK_DEVICE = re.compile(r"/dev/(?:tcp|udp)/")
_DEPENDENCY_CACHES = (
    ".cargo/registry",
    ".rustup/toolchains",
    ".m2/repository",
    ".gradle/caches",
    ".nvm/versions",
    ".pyenv/versions",
    ".local/lib",
)
_SYSTEM_PRIVATE = (
    "/etc/passwd",
    "/etc/group",
    "/etc/security",
    "/etc/pam.d",
    "/etc/pam.conf",
    "/etc/ssh",
    "/etc/ssl",
    "/etc/apt",
    "/etc/crontab",
    "/etc/cron.d",
    "/etc/fstab",
    "/var/lib",
    "/var/log",
    "/var/mail",
    "/var/spool",
    "/var/backups",
    "/sys/kernel",
    "/proc/cmdline",
    "/proc/devices",
    "/proc/key-users",
    "/proc/keys",
    "/proc/kcore",
    "/proc/kallsyms",
    "/usr/share/base-passwd",
)
"""What a project has no business with: accounts, who may log in, what the machine logged."""
_SCRATCH = re.compile(r"(?:/private)?/tmp/claude-\d+/")
"""Folders in which an agent keeps its own temporary files."""
_OWN_NAME = 5
_INSTRUCTIONS = names("skills commands agents plans prompts plugins")
_PERSONAL = ("Documents", "Desktop", "Downloads", "Pictures", "Movies", "Music", "Videos", "Mail")
_ANY_HOME = re.compile(r"/(?:home|Users)/(?!Shared(?:/|$))[^/]+|/root")
_SECRET_SAMPLES = names(
    ".env .env.local .netrc .npmrc id_rsa id_ed25519 server.pem server.key credentials"
    " credentials.json secrets.json secrets.yaml secrets.yml secrets.toml secret.txt"
    " prod.tfvars .ssh .aws auth.json app.env config.p12"
)
_OUTSIDE = ", outside the workspace"
_KEPT = {
    Kept.NOWHERE: "",
    Kept.GIT: ", which git keeps",
    Kept.CHECKPOINT: ", which a checkpoint keeps",
    Kept.REMADE: ", which building makes again",
}
READ_LANGUAGES = frozenset({"shell", "python"})
"""Languages of scripts whose text is judged, so that a script need not be a file of the project."""
_WRITES = (Use.WRITE, Use.DELETE, Use.DISCARD)
_VERBS = {
    Use.LIST: "lists",
    Use.READ: "reads",
    Use.SEARCH: "searches",
    Use.WRITE: "writes",
    Use.DELETE: "deletes",
    Use.DISCARD: "discards changes in",
    Use.RUN: "runs",
}


def shown(text: str) -> str:
    """`text` for a sentence: short, and with nothing in it that hides."""
    short = text if len(text) <= 80 else f"{text[:60]}…{text[-19:]}"
    return short if not hides(short) and "\n" not in short else ascii(short)[1:-1]


def judge(touch: Touch, facts: Facts) -> Evidence:
    """What using this path amounts to."""
    fact = facts.paths.get(touch.path)
    if _NETWORK_DEVICE.match(touch.path):
        return _evidence(
            touch, "network", Effect.EXTERNAL, RiskClass.HIGH, what="opens a network connection"
        )
    if touch.use is not Use.RUN and _DEVICES.fullmatch(touch.path):
        return _evidence(
            touch, "device", Effect.NONE, RiskClass.TRIVIAL, what="uses a harmless device"
        )
    if fact is None or hides(touch.path) or hides(fact.real):
        what = f"{_VERBS[touch.use]} {shown(touch.path)}, and where that leads is not known"
        return _evidence(touch, "unknown-path", Effect.UNKNOWN, RiskClass.HIGH, what=what)
    if touch.use in _WRITES:
        return _write(touch, fact, facts)
    if touch.use is Use.RUN:
        return _run(touch, fact, facts)
    return _read(touch, fact, facts)


def _evidence(
    touch: Touch, rule: str, effect: Effect, risk: RiskClass, *, what: str, real: str = ""
) -> Evidence:
    return Evidence(
        rule=rule, effect=effect, factors=typical(risk), what=what, span=touch.span, path=real
    )


# --- reading


def _read(touch: Touch, fact: PathFact, facts: Facts) -> Evidence:
    name = name_in(fact.real, facts)
    verb = _VERBS[touch.use]
    if touch.use is Use.LIST:
        return _evidence(touch, "list", Effect.READ, RiskClass.TRIVIAL, what=f"lists {name}")
    secret = _secret_read(touch, fact, facts)
    if secret:
        what = f"{verb} {name}{secret}"
        return _evidence(
            touch, "secret", Effect.CREDENTIAL, RiskClass.HIGH, what=what, real=fact.real
        )
    if not fact.inside and _in_hidden_home(fact.real, facts) and not _is_own(fact.real, facts):
        what = f"{verb} {name}, in a hidden folder of your home"
        return _evidence(
            touch, "hidden-home", Effect.CREDENTIAL, RiskClass.MEDIUM, what=what, real=fact.real
        )
    private = "" if fact.inside or fact.temporary else _private(fact.real, facts)
    if private:
        what = f"{verb} {name}{private}"
        factors = Factors(sensitivity=Sensitivity.SENSITIVE)
        return Evidence("private", Effect.READ, factors, what, touch.span, path=fact.real)
    return _evidence(touch, "read", Effect.READ, RiskClass.TRIVIAL, what=f"{verb} {name}")


def _is_own(real: str, facts: Facts) -> bool:
    """A hidden folder of the home that belongs to this project or to the agents' instructions.

    A program that is being built keeps its state under its own name; agents keep what they said
    about a project under its path.
    """
    parts = real[len(facts.home.rstrip("/")) + 1 :].split("/")
    name = parts[0].lstrip(".").casefold()
    if len(name) >= _OWN_NAME and name in facts.workspace[len(facts.home) :].casefold():
        return True
    if f".{name}" not in _AGENT_SETTINGS or len(parts) < 3:
        return False
    told = facts.workspace.replace("/", "-")
    return parts[1] in _INSTRUCTIONS or (parts[1] == "projects" and parts[2].startswith(told))


def _private(real: str, facts: Facts) -> str:
    """Why a file outside the workspace is nobody's business here; empty when it is harmless."""
    if any(lies_in(real, folder) for folder in _SYSTEM_PRIVATE):
        return ", which tells about accounts and the state of this machine"
    home = facts.home.rstrip("/")
    if any(lies_in(real, f"{home}/{folder}") for folder in _PERSONAL):
        return ", in a personal folder of yours"
    other = _ANY_HOME.match(real)
    own = other is None or any(lies_in(own, other[0]) for own in (facts.home, facts.workspace))
    return "" if own else ", in the home of somebody else"


def _secret_read(touch: Touch, fact: PathFact, facts: Facts) -> str:
    """Why reading this would show a secret; empty when it would not."""
    called = _names(touch, fact, facts)
    if lies_in(fact.real, facts.assent_home):
        return ", which belongs to Assent"
    if any(is_secret(name) or _PROCESS.match(name) for name in (*called, touch.path, fact.real)):
        return ", which may hold secrets"
    if fact.real.startswith("/dev/"):
        return ", a device"
    if touch.use is Use.READ and touch.pattern and _may_match_secret(touch.pattern):
        return f"/{shown(touch.pattern)}, which may match files with secrets"
    wide = touch.use is Use.SEARCH or touch.pattern != ""
    if wide and any(
        lies_in(p, fact.real) for p in (facts.home, facts.assent_home, "/etc", "/proc")
    ):
        return ", with everything below it"
    return ""


def _may_match_secret(pattern: str) -> bool:
    *folders, last = pattern.split("/")
    if any(is_secret(f"/{name}") for name in (*folders, last)):
        return True
    return any(
        fnmatchcase(sample, part) and (part.startswith((".", "[")) or not sample.startswith("."))
        for sample in _SECRET_SAMPLES
        for part in (last.lower(), *(f.lower() for f in folders if f.startswith(".")))
    )


# --- running


def _run(touch: Touch, fact: PathFact, facts: Facts) -> Evidence:
    """A file of the project is its own code; one elsewhere is judged by its text, if that is known.

    What its text does is told by evidence of its own.
    """
    said = f"runs {name_in(fact.real, facts)}"
    script = facts.scripts.get(touch.path)
    read = script is not None and script.text is not None and script.language in READ_LANGUAGES
    if lies_in(fact.real, facts.assent_home):
        return _reason(touch, "policy-self", "guard", f"{said}, which belongs to Assent", fact.real)
    own = fact.made or bool(_SCRATCH.match(fact.real)) or (script is not None and script.written)
    if fact.inside or touch.built or (fact.temporary and (read or own)):
        return _reason(touch, "project-run", "project-run", said, fact.real)
    where = ", a temporary file that is not read here" if fact.temporary else _OUTSIDE
    return _reason(touch, "runs-file", "unknown" if fact.temporary else "code", said + where)


def _reason(touch: Touch, rule: str, word: str, what: str, real: str = "") -> Evidence:
    """Evidence with the effect and the factors of a meaning."""
    meaning = MEANINGS[word]
    return Evidence(rule, meaning.effect, meaning.factors, what, touch.span, path=real)


# --- writing


def _write(touch: Touch, fact: PathFact, facts: Facts) -> Evidence:
    below = f"/{shown(touch.pattern)}" if touch.pattern else ""
    said = f"{_VERBS[touch.use]} {name_in(fact.real, facts)}{below}"
    called = _names(touch, fact, facts)

    def found(rule: str, effect: Effect, risk: RiskClass, why: str = "") -> Evidence:
        return _evidence(touch, rule, effect, risk, what=said + why, real=fact.real)

    if touch.use is Use.WRITE and any(lies_in(fact.real, plan) for plan in facts.plan_paths):
        return found("plan-file", Effect.WORKSPACE_WRITE, RiskClass.LOW, ", the agent's own plan")
    if lies_in(fact.real, facts.assent_home) or any(_is_settings(n) for n in called):
        why = ", which decides what agents may do"
        return found("policy-self", Effect.POLICY_SELF, RiskClass.IRREVERSIBLE, why)
    if touch.use in (Use.DELETE, Use.DISCARD):
        kept = _kept(touch, fact, facts)
        if kept:
            return found("delete-kept", Effect.DELETE, RiskClass.LOW, kept)
        whole = any(lies_in(p, fact.real) for p in (facts.workspace, facts.home))
        final = whole or fact.real.endswith(("/", "/.git"))
        risk = RiskClass.IRREVERSIBLE if final else RiskClass.HIGH
        rule = "discard" if touch.use is Use.DISCARD else "delete"
        return found(rule, Effect.DELETE, risk, "" if fact.inside else _OUTSIDE)
    if any(_runs_later(n) for n in called):
        return found("runs-later", Effect.CODE_EXEC, RiskClass.HIGH, ", which other programs run")
    if any(is_secret(n) for n in called):
        return found("secret", Effect.CREDENTIAL, RiskClass.HIGH, ", which may hold secrets")
    if fact.temporary:
        return found("temporary", Effect.WORKSPACE_WRITE, RiskClass.LOW, ", a temporary file")
    if not fact.inside or _in_hidden_home(fact.real, facts):
        return found("outside-write", Effect.OUTSIDE_WRITE, RiskClass.HIGH, _OUTSIDE)
    return found("workspace-write", Effect.WORKSPACE_WRITE, RiskClass.LOW)


def _kept(touch: Touch, fact: PathFact, facts: Facts) -> str:
    """Why deleting this loses nothing; empty when it may."""
    if any(lies_in(p, fact.real) for p in (facts.workspace, facts.home)):
        return ""
    if fact.temporary and not _is_folder_of_all(fact.real):
        return ", a temporary file"
    if not fact.inside or fact.real.endswith(("/", "/.git")) or "/.git/" in fact.real:
        return ""
    if fact.made:
        return ", which this agent made in this run"
    if not fact.exists and not touch.pattern:
        return ", which is not there"
    return _KEPT[fact.kept]


def _is_folder_of_all(real: str) -> bool:
    return real in ("/tmp", "/var/tmp", "/private/tmp", "/private/var/tmp")


# --- names


def name_in(real: str, facts: Facts) -> str:
    """A path as a person would say it: from the workspace, or from the home."""
    if real == facts.workspace:
        return "the workspace"
    if lies_in(real, facts.workspace):
        return shown(real[len(facts.workspace.rstrip("/")) + 1 :])
    if lies_in(real, facts.home):
        return shown("~" + real[len(facts.home.rstrip("/")) :])
    return shown(real)


def _names(touch: Touch, fact: PathFact, facts: Facts) -> tuple[str, ...]:
    """The path as written and as it really is, each from the workspace when it lies in there.

    A workspace may itself lie below a folder such as `.claude`; that says nothing about its files.
    """
    real, written = fact.real, touch.path
    if touch.pattern:
        written = f"{written}/{touch.pattern}"
    return (_from_workspace(real, facts), _from_workspace(written, facts))


def _from_workspace(path: str, facts: Facts) -> str:
    inside = lies_in(path, facts.workspace) and not lies_in(facts.home, facts.workspace)
    return _folded(path[len(facts.workspace) :] or "/" if inside else path)


@lru_cache(maxsize=4096)
def _folded(path: str) -> str:
    """How a file system that ignores case, trailing dots and compatibility forms reads a path."""
    parts = unicodedata.normalize("NFKC", path).casefold().split("/")
    return "/".join(
        part if part in (".", "..") else part.rstrip(" .") for part in parts if part != "."
    )


def lies_in(path: str, folder: str) -> bool:
    """Whether `path` is `folder` or below it; nothing lies in an empty one."""
    return folder != "" and (path == folder or path.startswith(folder.rstrip("/") + "/"))


def _is_settings(name: str) -> bool:
    return _matches(name, _AGENT_SETTINGS, _AGENT_SETTINGS_BELOW)


def _runs_later(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return (
        _matches(name, _RUN_LATER, _RUN_LATER_BELOW)
        or last.startswith(("azure-pipelines", "jenkinsfile."))
        or (last in ("head", "config") and _looks_bare(name))
    )


def _looks_bare(name: str) -> bool:
    """A file that git takes for a part of a repository, when its folder is named like one."""
    return any(part.endswith(".git") for part in name.split("/")[:-1])


def _matches(name: str, parts: frozenset[str], below: tuple[str, ...]) -> bool:
    whole = f"/{name.strip('/')}/"
    return not parts.isdisjoint(name.split("/")) or any(folder in whole for folder in below)


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a path, or the end of one, is named like what holds secrets."""
    parts = [part for part in _folded(name).split("/") if part]
    return (
        any(part in _SECRET_FOLDERS for part in parts)
        or any(below in f"/{'/'.join(parts)}/" for below in _SECRET_BELOW)
        or _is_secret_name(parts)
    )


def _is_secret_name(parts: list[str]) -> bool:
    """Whether the last of `parts` is named like a secret, or is data in a folder that is."""
    last = parts[-1] if parts else ""
    if last in _ENV_SAMPLES or last.endswith(".pub"):
        return False
    if last in _SECRET_NAMES or last.endswith(_SECRET_ENDS) or last.startswith(_SECRET_STARTS):
        return True
    ending = last.rsplit(".", 1)[-1] if "." in last[1:] else ""
    return ending in _DATA_ENDS and any(_SECRET_WORD.search(part) for part in parts[-2:])


def _in_hidden_home(real: str, facts: Facts) -> bool:
    """Below a hidden folder of the home in which the workspace does not lie itself."""
    if not lies_in(real, facts.home) or real == facts.home:
        return False
    relative = real[len(facts.home.rstrip("/")) + 1 :]
    first = relative.split("/", 1)[0]
    if not first.startswith(".") and first != "Library":
        return False
    if lies_in(facts.workspace, f"{facts.home.rstrip('/')}/{first}"):
        return not lies_in(real, facts.workspace)
    return not relative.startswith(_DEPENDENCY_CACHES)
