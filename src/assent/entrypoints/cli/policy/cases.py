"""`assent policy test`: cases beside the policy, and whether they come out as they should."""

import json
import tomllib
from pathlib import Path
from typing import Annotated

import click
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assent.app.try_policy import Case, Tried, tried_fields, try_policy
from assent.entrypoints.cli.policy.calls import AGENT, KINDS, proposed
from assent.entrypoints.cli.policy.sources import json_option, place, policy_option
from assent.entrypoints.cli.text import visible_line
from assent.errors import UsageError

CASES = Path(".assent") / "policy-tests.toml"
_KIND = "|".join(KINDS)


class CaseTable(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, Field(min_length=1, max_length=200)]
    kind: Annotated[str, Field(pattern=f"^({_KIND})$")] = "command"
    input: str
    content: str = ""
    cwd: str = ""
    agent: str = AGENT
    route: Annotated[str, Field(pattern="^(proceed|notify|gate|deny)?$")] = ""
    class_: Annotated[
        str, Field(alias="class", pattern="^(trivial|low|medium|high|irreversible)?$")
    ] = ""
    rule: str = ""


class CasesFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    case: list[CaseTable] = []


@click.command("test")
@click.argument(
    "cases_file",
    metavar="[FILE]",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@policy_option
@json_option
def test(cases_file: Path | None, file: Path | None, as_json: bool) -> None:
    """Try the cases of FILE (.assent/policy-tests.toml). Exit 1 when one comes out otherwise.

    They are tried on the repository's policy file, accepted or not. Nothing is run.
    """
    with place() as here:
        source = cases_file or here.project / CASES
        cases = read_cases(source, here.project)
        policy = here.policy(file or here.own_file())
        tried = list(try_policy(here.gate, policy, cases))
    failed = sum(bool(each.wrong) for each in tried)
    if as_json:
        rows = [tried_fields(each) for each in tried]
        click.echo(json.dumps({"failed": failed, "cases": rows}, indent=2))
    else:
        click.echo("\n".join((*map(_line, tried), f"{len(tried) - failed} of {len(tried)} hold.")))
    if failed:
        raise click.exceptions.Exit(1)


def read_cases(source: Path, project: Path) -> list[Case]:
    """Raises UsageError with the place and the reason when the file has no cases."""
    try:
        file = CasesFile.model_validate(tomllib.loads(source.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UsageError(f"There is no {source}.", hint="Write it: docs/how-to") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{source} is not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place_of = ".".join(str(part) for part in first["loc"])
        raise UsageError(f"{source}: {place_of}: {first['msg']}.") from error
    return [_case(table, project) for table in file.case]


def _case(table: CaseTable, project: Path) -> Case:
    call = proposed(
        table.kind,
        table.input,
        project=project,
        cwd=table.cwd,
        content=table.content,
        agent=table.agent,
    )
    return Case(table.name, call, route=table.route, risk=table.class_, rule=table.rule)


def _line(tried: Tried) -> str:
    found = f"{tried.route}, {tried.risk}, rule `{tried.rule}`"
    if not tried.wrong:
        return visible_line(f"ok    {tried.name}: {found}")
    return visible_line(f"WRONG {tried.name}: {'; '.join(tried.wrong)} ({found})")
