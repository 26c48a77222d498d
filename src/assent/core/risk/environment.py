"""Variables that a command sets: which of them change what programs do."""

import re
from collections.abc import Iterable, Iterator, Mapping

from assent.core.risk.findings import Span
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.names import names
from assent.core.risk.shell import Word

_LOADS = names(
    "PATH LD_PRELOAD LD_LIBRARY_PATH LD_AUDIT DYLD_INSERT_LIBRARIES DYLD_LIBRARY_PATH"
    " DYLD_FRAMEWORK_PATH BASH_ENV ENV ZDOTDIR PROMPT_COMMAND PS0 PS1 PS2 PS4 IFS SHELLOPTS"
    " BASHOPTS CDPATH FPATH SHELL EDITOR VISUAL PAGER MANPAGER BROWSER LESSOPEN LESSCLOSE"
    " GIT_PAGER GIT_EDITOR GIT_SEQUENCE_EDITOR GIT_SSH GIT_SSH_COMMAND GIT_ASKPASS SSH_ASKPASS"
    " GIT_EXTERNAL_DIFF GIT_PROXY_COMMAND GIT_CONFIG GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM"
    " GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS GIT_EXEC_PATH GIT_TEMPLATE_DIR GIT_DIR"
    " GIT_WORK_TREE GIT_INDEX_FILE GIT_OBJECT_DIRECTORY GIT_ALTERNATE_OBJECT_DIRECTORIES"
    " NODE_OPTIONS NODE_PATH PYTHONPATH PYTHONSTARTUP PYTHONHOME PYTHONINSPECT PYTHONWARNINGS"
    " PERL5LIB PERL5OPT PERL5DB RUBYLIB RUBYOPT GEM_HOME GEM_PATH BUNDLE_GEMFILE JAVA_TOOL_OPTIONS"
    " _JAVA_OPTIONS JDK_JAVA_OPTIONS CLASSPATH LUA_PATH LUA_CPATH PHPRC GOFLAGS GOPROXY GONOSUMDB"
    " GOINSECURE GOSUMDB RUSTC RUSTC_WRAPPER RUSTFLAGS CARGO_HOME CARGO_TARGET_DIR_RUNNER"
    " CC CXX LD AR MAKEFLAGS MAKEFILES TAR_OPTIONS GZIP GREP_OPTIONS RSYNC_RSH RSYNC_CONNECT_PROG"
    " CVS_RSH SVN_SSH HOME XDG_CONFIG_HOME HISTFILE DOCKER_HOST DOCKER_CONFIG"
    " AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ENDPOINT_URL PIP_INDEX_URL"
    " PIP_EXTRA_INDEX_URL UV_INDEX_URL NPM_CONFIG_REGISTRY npm_config_registry"
    " NODE_TLS_REJECT_UNAUTHORIZED SSL_CERT_FILE SSL_CERT_DIR CURL_HOME WGETRC NETRC"
    " HUMAN_IN_LOOP LESS LESSKEY LESSKEYIN LESSKEY_CONTENT LESSKEY_SYSTEM MORE MANOPT MANPATH"
    " GIT_EXTERNAL_DIFF GIT_COMMON_DIR GIT_NAMESPACE PARALLEL"
)
_LOADS_STARTS = ("LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG_", "ASSENT_")
_PROXY = re.compile(r"(?:https?|all|ftp|no)_proxy", re.IGNORECASE)
_FOLDER = r"(?:\./)?[A-Za-z0-9_@.-][A-Za-z0-9_@./-]*|\."
_NODE = (
    r"max[-_]old[-_]space[-_]size=\d+|no-warnings|trace-[\w-]+|enable-source-maps"
    r"|experimental-vm-modules|unhandled-rejections=\w+"
)
_HARMLESS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(pattern)
    for several, pattern in (
        ("GIT_PAGER PAGER MANPAGER", r"|cat|less|more"),
        ("GIT_EDITOR EDITOR VISUAL GIT_SEQUENCE_EDITOR", r"true|:|cat"),
        ("GIT_CONFIG_NOSYSTEM", r"[01]"),
        ("GIT_CONFIG_GLOBAL GIT_CONFIG_SYSTEM", r"/dev/null"),
        ("GOFLAGS", r"(?:-(?:mod=(?:mod|vendor|readonly)|count=\d+|v|race|short|tags=[\w,]+)\s*)*"),
        ("GOPROXY", r"off|direct|https://proxy\.golang\.org(?:,direct)?"),
        ("GOSUMDB", r"sum\.golang\.org"),
        ("MAKEFLAGS", r"-?-?j?\s*\d*"),
        ("RUSTFLAGS", r"-[DWA]\s?[\w:-]+|-C\s?(?:debuginfo|opt-level|target-cpu)=[\w-]+"),
        ("CC CXX LD AR", r"(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+|ld|ar)(?:-\d+)?"),
        ("NODE_OPTIONS", rf"(?:--(?:{_NODE})\s*)*"),
        ("PYTHONPATH NODE_PATH PERL5LIB RUBYLIB CLASSPATH", rf"(?:{_FOLDER})(?::(?:{_FOLDER}))*"),
        ("PYTHONWARNINGS", r"[a-z]+(?:::[\w.]*)*"),
        ("LESS MORE", r"-?[A-Za-z]*"),
        ("IFS", r"[\s,:;|=/-]*"),
        ("LESSOPEN LESSCLOSE BROWSER NO_PROXY no_proxy", r"|none|true"),
        ("HOME XDG_CONFIG_HOME CARGO_HOME GEM_HOME", r"(?:/private)?/(?:var/)?tmp/[\w./-]+"),
    )
    for name in several.split()
}
"""Values that change nothing for the worse: relative folders are the project's."""
_ADDED = re.compile(
    r"(?:~|/usr|/opt|/home|/Users|/root|(?:\./)?node_modules|\.?/?\.?venv)(?:/[^:]*)?"
)
"""Folders that may be put on the path: not those where anybody may put a program."""
_OF_SYSTEM = names(
    "/bin /usr/bin /usr/local/bin /sbin /usr/sbin /usr/local/sbin /opt/homebrew/bin"
    " /opt/homebrew/sbin"
)
_SKIPS_HOOKS: Mapping[str, re.Pattern[str]] = {
    "HUSKY": re.compile(r"0"),
    "HUSKY_SKIP_HOOKS": re.compile(r"(?!0$).+"),
    "SKIP": re.compile(r".+"),
    "PRE_COMMIT_ALLOW_NO_CONFIG": re.compile(r".+"),
    "LEFTHOOK": re.compile(r"0|false"),
    "LEFTHOOK_EXCLUDE": re.compile(r".+"),
    "OVERCOMMIT_DISABLE": re.compile(r"(?!0$).+"),
    "NO_VERIFY": re.compile(r"(?!0$).+"),
}
"""Variables by which commits go in without what checks them."""
_COMMITS = names("git gt jj pre-commit lefthook export declare typeset")
_FACTORS = MEANINGS["unknown"].factors


def check_variables(
    variables: Iterable[tuple[str, Word]], span: Span, words: Iterable[Word] = ()
) -> Iterator[Evidence]:
    """Evidence for each variable that makes programs load, run or reach something else, or that
    keeps hooks from checking; `words` are the command for which they are set."""
    commits = not _COMMITS.isdisjoint(word.text for word in words if word.text)
    for name, value in variables:
        hooks = _SKIPS_HOOKS.get(name)
        if hooks is not None and commits and (value.text is None or hooks.fullmatch(value.text)):
            what = f"sets {name}, which leaves out hooks that check commits"
            yield Evidence("skips-hooks", Effect.UNKNOWN, _FACTORS, what, span)
        if changes_programs(name) and not _is_harmless(name, value):
            what = f"sets {name}, which changes what programs do"
            yield Evidence("environment", Effect.CODE_EXEC, _FACTORS, what, span)


def _is_harmless(name: str, value: Word) -> bool:
    if name == "PATH":
        return _adds_to_path(value)
    pattern = _HARMLESS.get(name)
    return pattern is not None and value.text is not None and bool(pattern.fullmatch(value.text))


def _adds_to_path(value: Word) -> bool:
    """`~/bin:$PATH`: the folders that were there stay, and trusted ones come before or after; or
    those of the system alone."""
    if value.text is not None:
        return _OF_SYSTEM.issuperset(value.text.split(":"))
    if value.holds != {"PATH"} or value.outputs:
        return False
    added = [folder for part in (value.prefix, value.suffix) for folder in part.split(":")]
    return all(not folder or _ADDED.fullmatch(folder) for folder in added)


def changes_programs(name: str) -> bool:
    """Whether a variable of this name means something to the shell or to what it loads."""
    return name in _LOADS or name.startswith(_LOADS_STARTS) or bool(_PROXY.fullmatch(name))
