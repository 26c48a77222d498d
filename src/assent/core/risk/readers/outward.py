"""The readers of programs that reach beyond the project, by the names that catalog files use."""

from collections.abc import Callable, Mapping

from assent.core.risk.arguments import Arguments
from assent.core.risk.look import Look
from assent.core.risk.readers.clouds import read_bucket_copy, read_web_call
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
from assent.core.risk.readers.processes import read_dd, read_kill
from assent.core.risk.readers.services import read_verbs

OUTWARD: Mapping[str, Callable[[Look, Arguments], bool]] = {
    "bucket-copy": read_bucket_copy,
    "curl": read_curl,
    "dd": read_dd,
    "forge": read_forge,
    "forge-api": read_forge_api,
    "httpie": read_httpie,
    "kill": read_kill,
    "lookup": read_lookup,
    "mongo": read_mongo,
    "nc": read_nc,
    "redis": read_redis,
    "rsync": read_rsync,
    "socat": read_socat,
    "sql-client": read_sql_client,
    "sqlite": read_sqlite,
    "ssh": read_ssh,
    "transfer": read_transfer,
    "verbs": read_verbs,
    "web-call": read_web_call,
    "wget": read_wget,
}
