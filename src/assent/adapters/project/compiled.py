"""Cargo.toml, .cargo/config.toml, go.mod and Gemfile."""

import os
import re

from assent.adapters.project.found import Found, table, texts
from assent.adapters.project.python import read_toml
from assent.adapters.project.small_files import names_in

_PROFILES = ("debug", "release")
_MODULE = re.compile(r"^module[ \t]+(\S+)", re.MULTILINE)
_TOOL = re.compile(r"^tool[ \t]*\(([^)]*)\)|^tool[ \t]+(\S+)", re.MULTILINE)
_MAJOR = re.compile(r"v\d+")
_GEM = re.compile(r"^\s*gem\s+['\"]([\w.-]+)['\"]", re.MULTILINE)


def cargo_toml(text: str, path: str) -> Found:
    """Binaries by name, and where cargo puts them."""
    manifest, folder = read_toml(text), os.path.dirname(path)
    names = {str(table(manifest, "package").get("name", ""))}
    bins = manifest.get("bin")
    for each in bins if isinstance(bins, list) else []:
        names |= set(texts(table(each).get("name")))
    for entry in names_in(os.path.join(folder, "src", "bin")):
        names.add(entry.name.removesuffix(".rs"))
    names.discard("")
    outputs = {f"target/{profile}/{name}" for profile in _PROFILES for name in names}
    return Found(programs=names, outputs=outputs)


def cargo_config(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    found = Found()
    for name, alias in table(read_toml(text), "alias").items():
        words = texts(alias)
        if words:
            found.task(("cargo",), name, " ".join(["cargo", *words]))
    return found


def go_mod(text: str, path: str) -> Found:
    """What `go build` makes here: named after the module and after the folders below `cmd`."""
    module, names = _MODULE.search(text), set[str]()
    if module is not None:
        names.add(_last_part(module[1]))
    for entry in names_in(os.path.join(os.path.dirname(path), "cmd")):
        if _is_folder(entry):
            names.add(entry.name)
    tools = set()
    for match in _TOOL.finditer(text):
        lines = (line.split("//")[0].split() for line in (match[1] or match[2]).splitlines())
        tools |= {_last_part(words[0]) for words in lines if words}
    outputs = {f"./{name}" for name in names} | {f"bin/{name}" for name in names}
    return Found(programs=names | tools, outputs=outputs)


def _last_part(module: str) -> str:
    parts = module.rstrip("/").split("/")
    return parts[-2] if len(parts) > 1 and _MAJOR.fullmatch(parts[-1]) else parts[-1]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def gemfile(text: str, path: str) -> Found:  # noqa: ARG001
    return Found(programs=set(_GEM.findall(text)))
