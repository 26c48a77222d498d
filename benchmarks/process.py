"""What the kernel says about another process."""

import os
import subprocess
import sys
from pathlib import Path


def rss_mb(pid: int) -> float:
    """Resident memory, in units of 10^6 bytes."""
    said = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(said.stdout) * 1024 / 1e6


def cpu_seconds(pid: int) -> float:
    """Processor time used so far, all threads."""
    if sys.platform == "darwin":
        raise RuntimeError("macOS does not tell processor time finely enough")
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    # utime and stime are the fields 14 and 15 of proc(5), the third of which follows the name.
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
