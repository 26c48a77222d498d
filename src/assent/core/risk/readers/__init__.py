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
    read_printenv,
    read_printing,
    read_script,
    read_set,
    read_source,
    read_test,
    read_trap,
    read_xargs,
)
from assent.core.risk.readers.files import (
    read_chmod,
    read_copy,
    read_grep,
    read_make,
    read_pager,
    read_rename,
)
from assent.core.risk.readers.find import read_fd, read_find
from assent.core.risk.readers.git import (
    read_checkout,
    read_config,
    read_git,
    read_names,
    read_push,
    read_restore,
)
from assent.core.risk.readers.interpreters import (
    read_interpreter,
    read_java,
    read_prompt,
    read_runner,
    read_typeset,
)
from assent.core.risk.readers.outward import OUTWARD
from assent.core.risk.readers.packages import (
    read_fetched,
    read_formatter,
    read_go_run,
    read_install,
    read_remove,
    read_uv_run,
)
from assent.core.risk.readers.tasks import (
    read_after_dashes,
    read_again,
    read_bun,
    read_deno,
    read_each,
    read_just,
    read_named_command,
    read_named_task,
    read_nx,
    read_parallel,
    read_plain,
    read_targets,
    read_task,
    read_task_or_tool,
    read_tasks,
    read_texts,
    read_tool_or_task,
)
from assent.core.risk.readers.text import read_awk, read_jq, read_sed, read_yq

Reader = Callable[[Look, Arguments], bool]

READERS: Mapping[str, Reader] = {
    "after-dashes": read_after_dashes,
    "again": read_again,
    "awk": read_awk,
    "bun": read_bun,
    "cd": read_cd,
    "chmod": read_chmod,
    "copy": read_copy,
    "date": read_date,
    "deno": read_deno,
    "each": read_each,
    "env": read_env,
    "fd": read_fd,
    "fetched": read_fetched,
    "find": read_find,
    "formatter": read_formatter,
    "git": read_git,
    "git-checkout": read_checkout,
    "git-config": read_config,
    "git-names": read_names,
    "git-push": read_push,
    "git-restore": read_restore,
    "go-run": read_go_run,
    "grep": read_grep,
    "hostname": read_hostname,
    "install": read_install,
    "interpreter": read_interpreter,
    "java": read_java,
    "jq": read_jq,
    "just": read_just,
    "make": read_make,
    "named-command": read_named_command,
    "named-task": read_named_task,
    "nx": read_nx,
    "parallel": read_parallel,
    "pager": read_pager,
    "plain": read_plain,
    "printenv": read_printenv,
    "printing": read_printing,
    "prompt": read_prompt,
    "remove": read_remove,
    "runner": read_runner,
    "rename": read_rename,
    "script": read_script,
    "sed": read_sed,
    "set": read_set,
    "source": read_source,
    "targets": read_targets,
    "task": read_task,
    "task-or-tool": read_task_or_tool,
    "tasks": read_tasks,
    "test": read_test,
    "texts": read_texts,
    "tool-or-task": read_tool_or_task,
    "trap": read_trap,
    "typeset": read_typeset,
    "uv-run": read_uv_run,
    "xargs": read_xargs,
    "yq": read_yq,
    **OUTWARD,
}
"""By the names that catalog files use."""
