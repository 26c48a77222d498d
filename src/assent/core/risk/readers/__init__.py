"""Readers: what a call of a program does that the catalog's data alone cannot say.

A reader adds findings to the look. It answers whether it said everything: then what the catalog
says of operands, values and meaning is not said again.
"""

from collections.abc import Callable, Mapping

from assent.core.risk.arguments import Arguments
from assent.core.risk.look import Look
from assent.core.risk.readers.builtins import (
    read_cd,
    read_date,
    read_env,
    read_hostname,
    read_printing,
    read_set,
    read_source,
    read_test,
    read_trap,
)
from assent.core.risk.readers.files import read_chmod, read_copy, read_grep
from assent.core.risk.readers.find import read_find
from assent.core.risk.readers.git import (
    read_checkout,
    read_config,
    read_git,
    read_names,
    read_push,
    read_restore,
)
from assent.core.risk.readers.text import read_awk, read_jq, read_sed

Reader = Callable[[Look, Arguments], bool]

READERS: Mapping[str, Reader] = {
    "awk": read_awk,
    "cd": read_cd,
    "chmod": read_chmod,
    "copy": read_copy,
    "date": read_date,
    "env": read_env,
    "find": read_find,
    "git": read_git,
    "git-checkout": read_checkout,
    "git-config": read_config,
    "git-names": read_names,
    "git-push": read_push,
    "git-restore": read_restore,
    "grep": read_grep,
    "hostname": read_hostname,
    "jq": read_jq,
    "printing": read_printing,
    "sed": read_sed,
    "set": read_set,
    "source": read_source,
    "test": read_test,
    "trap": read_trap,
}
"""By the names that catalog files use."""
