"""Time zones by name, from the data that comes with the system or with Python."""

import re
from datetime import tzinfo
from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z0-9_+/-]{1,60}")


def zone_named(name: str) -> tzinfo | None:
    """The zone `name`, such as `Europe/Berlin`; None when there is no such one."""
    if not _NAME.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        return None
