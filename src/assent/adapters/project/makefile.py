"""Makefiles and justfiles: recipes as shell text, as far as their variables are plain."""

import re
from collections.abc import Mapping

from assent.adapters.project.found import Found, script_text, with_needed
from assent.core.project import programs_in

_ASSIGNED = re.compile(r"^(?:export |override )*\s*([\w.-]+)\s*(:{0,3}=|\?=|\+=)\s*(.*)$")
_RULE = re.compile(r"^([^\t#:=\s][^#:=]*?)\s*::?(?!=)\s*([^=;#|]*)(?:\|[^;#]*)?(?:;(.*))?(?:#.*)?$")
_REFERENCE = re.compile(r"\$(?:\$|\(([^()\s]*)\)|\{([^{}\s]*)\}|\(shell ([^()]*)\)|([@<^*?+]))")
_BUILT_IN = {"MAKE": "make", "RM": "rm -f", "CC": "cc", "CXX": "c++", "AR": "ar", "CURDIR": "."}
MAX_ROUNDS = 6

_JUST_RULE = re.compile(r"^@?([A-Za-z_][\w-]*)((?:\s+[+*$]?[\w-]+(?:=\S+)?)*)\s*:(?!=)\s*(.*)$")
_JUST_ASSIGNED = re.compile(r"^(?:export\s+)?([A-Za-z_][\w-]*)\s*:=\s*(.*)$")
_JUST_REFERENCE = re.compile(r"\{\{\s*([^{}]*?)\s*\}\}")
_QUOTED = re.compile(r"(['\"])([^'\"\\]*)\1")


def makefile(text: str, path: str) -> Found:  # noqa: ARG001 - all readers are called alike
    """Targets with what they need first. What only make can tell stays an open variable."""
    variables, recipes, needs = dict(_BUILT_IN), dict[str, str](), dict[str, list[str]]()
    targets: list[str] = []
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        if line.startswith("\t"):
            for target in targets:
                recipes[target] += f"{_without_marks(line)}\n"
            continue
        assigned = _ASSIGNED.match(line)
        if assigned is not None:
            _assign(variables, *assigned.groups())
            targets = []
            continue
        rule = _RULE.match(line)
        if rule is None:
            continue
        targets = [name for name in rule[1].split() if not name.startswith(".") and "%" not in name]
        for target in targets:
            recipes.setdefault(target, "")
            needs.setdefault(target, []).extend(rule[2].split())
            if rule[3]:
                recipes[target] += f"{_without_marks(rule[3])}\n"
    found = Found()
    own = {name: _expand(recipe, variables, name).strip() for name, recipe in recipes.items()}
    for name in own:
        whole = with_needed(own, needs, name)
        found.task(("make", "gmake"), name, whole)
        found.programs |= programs_in(whole)
    return found


def _without_marks(line: str) -> str:
    return line.strip().lstrip("@-+").strip()


def _assign(variables: dict[str, str], name: str, how: str, value: str) -> None:
    plain = value.split(" #")[0].strip()
    if how == "+=":
        variables[name] = f"{variables.get(name, '')} {plain}".strip()
    elif how != "?=" or name not in variables:
        variables[name] = plain


def _expand(recipe: str, variables: Mapping[str, str], target: str) -> str:
    def replaced(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if match[0] == "$$":
            return "\0"
        if match[3] is not None:
            return f"\0({match[3]})"
        if match[4] is not None:
            return target if match[4] == "@" else '"\0make_input"'
        return variables.get(name, f'"\0{re.sub(r"[^A-Za-z0-9_]", "_", name) or "make_value"}"')

    for _ in range(MAX_ROUNDS):
        longer = _REFERENCE.sub(replaced, recipe)
        if longer == recipe or len(longer) > 64 * 1024:
            break
        recipe = longer
    # What is left, `$(patsubst ...)` and the like, only make can tell.
    return re.sub(r"\$[({][^\n)}]*[)}]?", '"\0make_value"', recipe).replace("\0", "$")


def justfile(text: str, path: str) -> Found:  # noqa: ARG001
    found = Found()
    variables: dict[str, str] = {}
    recipes, needs = dict[str, list[str]](), dict[str, list[str]]()
    current = ""
    for line in text.splitlines():
        if current and (line.startswith((" ", "\t")) or not line.strip()):
            recipes[current].append(line)
            continue
        current = ""
        assigned, rule = _JUST_ASSIGNED.match(line), _JUST_RULE.match(line)
        if assigned is not None:
            quoted = _QUOTED.fullmatch(assigned[2].strip())
            variables |= {assigned[1]: quoted[2]} if quoted else {}
        elif rule is not None:
            current = rule[1]
            recipes[current] = []
            needs[current] = re.findall(r"[A-Za-z_][\w-]*", re.sub(r"\([^)]*\)", _inner, rule[3]))
    own = {name: _just_text(lines, variables) for name, lines in recipes.items()}
    for name in own:
        whole = with_needed(own, needs, name)
        found.task(("just",), name, whole)
        found.programs |= programs_in(whole)
    return found


def _inner(match: re.Match[str]) -> str:
    """`(build "x")`: the recipe's name without its arguments."""
    words = match[0].strip("()").split()
    return words[0] if words else ""


def _just_text(lines: list[str], variables: Mapping[str, str]) -> str:
    def replaced(match: re.Match[str]) -> str:
        return variables.get(match[1], '"$just_value"')

    whole = [_JUST_REFERENCE.sub(replaced, line.strip()) for line in lines]
    body = "\n".join(whole).strip()
    if body.startswith("#!"):
        return script_text(body)
    return "\n".join(line.lstrip("@-") for line in body.splitlines())
