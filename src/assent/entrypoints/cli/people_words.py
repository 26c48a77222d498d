"""How people, keys, sessions and tokens are shown in the terminal."""

import time
from collections.abc import Mapping
from typing import Any

from assent.entrypoints.cli.text import age, moment, visible_line

FACTORS = {"none": "no key", "key": "key", "passkey": "passkey"}
LOGINS = {
    "none": "by a link",
    "key": "by a key",
    "touch": "by a key that was touched",
    "passkey": "by a passkey",
}


def people_lines(people: list[dict[str, Any]]) -> str:
    """One line each: name, roles, what speaks for them, how they are known."""
    rows = [_row(person) for person in people]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: tuple[str, str, str, str], widths: list[int]) -> str:
    cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
    return "  ".join((*cells, row[3])).rstrip()


def _row(person: Mapping[str, Any]) -> tuple[str, str, str, str]:
    name = visible_line(person["name"])
    known = filter(None, (person["full_name"], person["email"], *person["aliases"]))
    factor = FACTORS[person["factor"]] if person["active"] else "disabled"
    return name, ", ".join(person["roles"]) or "-", factor, visible_line(", ".join(known))


def person_line(person: Mapping[str, Any]) -> str:
    """A person after a change."""
    return "  ".join(part for part in _row(person) if part)


def key_lines(person: Mapping[str, Any]) -> list[str]:
    lines = [
        f"{key['fingerprint']}  {key['kind']}  {visible_line(key['label'])}".rstrip()
        + f", since {moment(key['added_at'])}"
        for key in person["keys"]
    ]
    lines += [
        f"{visible_line(each['id'])}  passkey  {visible_line(each['label'])} "
        f"at {visible_line(each['rp_id'])}, since {moment(each['added_at'])}"
        for each in person["passkeys"]
    ]
    return lines


def session_line(session: Mapping[str, Any]) -> str:
    seen = int(session["seen_at"] or session["created_at"])
    return (
        f"{session['id']}  {visible_line(session['browser']) or 'a browser'}  "
        f"{LOGINS.get(session['factor'], session['factor'])}, "
        f"since {moment(session['created_at'])}, "
        f"last seen {age(int(time.time() * 1000) - seen)} ago"
    )


def token_line(token: Mapping[str, Any]) -> str:
    where = visible_line(token["workspace"]) or "everywhere"
    return (
        f"{token['id'][-8:]}  {visible_line(token['agent'])}  by {visible_line(token['made_by'])}, "
        f"{where}, until {moment(token['expires_at'])}"
    )
