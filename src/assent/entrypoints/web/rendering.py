"""Templates. What they print is escaped, and what hides in it is shown, unless marked safe."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from assent.entrypoints.web.views.visible import plain, visible, visible_line
from assent.entrypoints.web.views.words import plural

HERE = Path(__file__).parent
STATIC = HERE / "static"


def static_version(folder: Path = STATIC) -> str:
    """Changes with any static file, so that browsers may keep them for good."""
    hasher = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            hasher.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return hasher.hexdigest()[:12]


class Pages:
    """Renders the templates of this package."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            finalize=_shown,
        )
        self._environment.filters |= {
            "visible": visible,
            "line": visible_line,
            "raw_text": escape,
            "with_code": _with_code,
            "address": _address,
            "more": _more,
        }
        self._environment.globals |= {
            "plural": plural,
            "static_version": static_version(),
            # HTML drops a line end right after <pre> and <textarea>, so each begins with one.
            "newline": Markup("\n"),
        }

    def render(self, template: str, values: Mapping[str, object]) -> str:
        return self._environment.get_template(template).render(values)


def _with_code(text: str) -> Markup:
    """What stands between backticks is shown as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(visible_line(part)) if index % 2 else visible_line(part)
        for index, part in enumerate(parts)
    )


def _address(query: Mapping[str, str]) -> str:
    """A query string of what is not empty."""
    return urlencode({name: value for name, value in query.items() if value}, errors="replace")


def _more(query: Mapping[str, str]) -> str:
    """What goes on after the first part of a query string."""
    found = _address(query)
    return f"&{found}" if found else ""


def _shown(value: object) -> object:
    """Text that no filter took care of: hidden characters become names, then it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return plain(value)
    return value
