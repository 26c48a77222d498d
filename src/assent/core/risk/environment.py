"""Variables that a command sets: which of them change what programs do."""

import re
from collections.abc import Iterable, Iterator

from assent.core.risk.findings import Span
from assent.core.risk.meanings import MEANINGS
from assent.core.risk.model import Effect, Evidence
from assent.core.risk.names import names

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
    " CVS_RSH SVN_SSH HOME XDG_CONFIG_HOME TMPDIR HISTFILE KUBECONFIG DOCKER_HOST DOCKER_CONFIG"
    " AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE AWS_ENDPOINT_URL PIP_INDEX_URL"
    " PIP_EXTRA_INDEX_URL UV_INDEX_URL NPM_CONFIG_REGISTRY npm_config_registry"
    " NODE_TLS_REJECT_UNAUTHORIZED SSL_CERT_FILE SSL_CERT_DIR CURL_HOME WGETRC NETRC"
    " HUMAN_IN_LOOP"
)
_LOADS_STARTS = ("LD_", "DYLD_", "BASH_FUNC_", "GIT_CONFIG_", "ASSENT_")
_PROXY = re.compile(r"(?:https?|all|ftp|no)_proxy", re.IGNORECASE)
_SAFE_VALUES = names("GIT_PAGER=cat PAGER=cat GIT_EDITOR=true EDITOR=true GIT_SEQUENCE_EDITOR=true")
_FACTORS = MEANINGS["unknown"].factors


def check_variables(
    variables: Iterable[str], span: Span, values: Iterable[str | None] = ()
) -> Iterator[Evidence]:
    """Evidence for each variable that makes programs load, run or reach something else."""
    known = list(values)
    for place, name in enumerate(variables):
        value = known[place] if place < len(known) else None
        if changes_programs(name) and f"{name}={value}" not in _SAFE_VALUES:
            what = f"sets {name}, which changes what programs do"
            yield Evidence("environment", Effect.CODE_EXEC, _FACTORS, what, span)


def changes_programs(name: str) -> bool:
    """Whether a variable of this name means something to the shell or to what it loads."""
    return name in _LOADS or name.startswith(_LOADS_STARTS) or bool(_PROXY.fullmatch(name))
