"""Adds the compiled relays to a release wheel: `ASSENT_WHEEL_RELAYS=1 python -m build --wheel`.

Without that variable a wheel has none, and its build needs no compiler: `install_relay` finds the
best relay on each machine. With it, the wheel holds the relays of all platforms or is not made.
"""

import os
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
PACKAGES = ROOT / "src"
# The package is not installed while it is built.
sys.path.insert(0, str(PACKAGES))

from assent.entrypoints.hook import relay_build  # noqa: E402

# Another compiler would make other bytes of the same source.
ZIG = "ziglang==0.17.0"


class RelayBuildHook(BuildHookInterface[BuilderConfig]):
    def dependencies(self) -> list[str]:
        return [ZIG] if self.makes_release() else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable" or not self.makes_release():
            return
        for target in relay_build.TARGETS:
            place = relay_build.release_relay(target).relative_to(PACKAGES)
            out = ROOT / "build" / place
            build = relay_build.build_with_zig(target, out)
            if isinstance(build, relay_build.NotBuilt):
                raise RuntimeError(f"no relay for {target}: {build.reason}")
            build_data["force_include"][str(out)] = str(place)

    def makes_release(self) -> bool:
        return self.target_name == "wheel" and bool(os.environ.get("ASSENT_WHEEL_RELAYS"))
