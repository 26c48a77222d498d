"""The readers of programs that reach beyond the project, by the names that catalog files use."""

from collections.abc import Callable, Mapping

from assent.core.risk.arguments import Arguments
from assent.core.risk.look import Look
from assent.core.risk.readers.archives import (
    read_compress,
    read_seven,
    read_tar,
    read_unzip,
)
from assent.core.risk.readers.clouds import read_bucket_copy, read_web_call
from assent.core.risk.readers.containers import (
    read_build,
    read_compose,
    read_container_copy,
    read_container_exec,
    read_container_run,
    read_engine,
    read_in_pod,
    read_outputs,
    read_resources,
    read_stop,
)
from assent.core.risk.readers.databases import (
    read_mongo,
    read_redis,
    read_sql_client,
    read_sqlite,
)
from assent.core.risk.readers.forge import read_forge, read_forge_api
from assent.core.risk.readers.network import (
    read_curl,
    read_httpie,
    read_lookup,
    read_nc,
    read_rsync,
    read_socat,
    read_ssh,
    read_transfer,
    read_wget,
)
from assent.core.risk.readers.processes import (
    read_dd,
    read_kill,
    read_open,
    read_settings,
)
from assent.core.risk.readers.services import read_alone, read_bare, read_stage, read_verbs

OUTWARD: Mapping[str, Callable[[Look, Arguments], bool]] = {
    "alone": read_alone,
    "bare": read_bare,
    "bucket-copy": read_bucket_copy,
    "compose": read_compose,
    "compress": read_compress,
    "container-build": read_build,
    "container-copy": read_container_copy,
    "container-exec": read_container_exec,
    "container-run": read_container_run,
    "container-stop": read_stop,
    "curl": read_curl,
    "dd": read_dd,
    "engine": read_engine,
    "forge": read_forge,
    "forge-api": read_forge_api,
    "httpie": read_httpie,
    "in-pod": read_in_pod,
    "kill": read_kill,
    "lookup": read_lookup,
    "mongo": read_mongo,
    "nc": read_nc,
    "open": read_open,
    "outputs": read_outputs,
    "redis": read_redis,
    "resources": read_resources,
    "rsync": read_rsync,
    "settings": read_settings,
    "seven": read_seven,
    "socat": read_socat,
    "sql-client": read_sql_client,
    "sqlite": read_sqlite,
    "ssh": read_ssh,
    "stage": read_stage,
    "tar": read_tar,
    "transfer": read_transfer,
    "unzip": read_unzip,
    "verbs": read_verbs,
    "web-call": read_web_call,
    "wget": read_wget,
}
