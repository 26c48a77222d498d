"""The API of what stands in a workspace: its first policy, its programs, and grants."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from assent.app.grants import grants_of, revoke_grant
from assent.app.policy_in_force import begin_policy
from assent.app.project_programs import Programs, accept_programs, forget_program, programs_of
from assent.core.canonical import Digest, Json
from assent.core.grants import Grant
from assent.core.project import ProjectPrograms
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.sessions import ApiCaller
from assent.entrypoints.web.site import OurSite
from assent.errors import NotFoundError

router = APIRouter(prefix="/api")

Workspace = Annotated[str, Query(min_length=1, max_length=4096)]


class AcceptBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    workspace: str = Field(min_length=1, max_length=4096)
    digest: str = Field(max_length=100)
    """Of what the person was shown: nothing else is accepted."""


class BeginBody(AcceptBody):
    """The digest is that of the policy file."""


class ForgetBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    workspace: str = Field(min_length=1, max_length=4096)
    name: str = Field(min_length=1, max_length=400)


class RevokeBody(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    workspace: str = Field(min_length=1, max_length=4096)
    id: str = Field(min_length=1, max_length=100)


@router.get("/programs")
def programs(site: OurSite, _who: ApiCaller, workspace: Workspace) -> Response:
    return Ascii(_programs(programs_of(site.gate, workspace)))


@router.post("/programs/accept")
async def accept(site: OurSite, who: ApiCaller, body: AcceptBody) -> Response:
    count = await accept_programs(
        site.gate, body.workspace, by=who.person, seen=Digest(body.digest)
    )
    return Ascii({"accepted": count})


@router.post("/programs/forget")
async def forget(site: OurSite, who: ApiCaller, body: ForgetBody) -> Response:
    if not await forget_program(site.gate, body.workspace, name=body.name, by=who.person):
        raise NotFoundError(f"{body.name} is not known here.", hint="See: assent policy programs")
    return Ascii({"forgotten": body.name})


@router.post("/policy/begin")
async def begin(site: OurSite, who: ApiCaller, body: BeginBody) -> Response:
    """The first policy of a workspace, for the person who has just set it up."""
    seen = Digest(body.digest)
    await begin_policy(site.gate, body.workspace, by=who.person, seen=seen)
    return Ascii({"policy": seen})


@router.get("/grants")
def grants(site: OurSite, _who: ApiCaller, workspace: Workspace) -> Response:
    return Ascii({"grants": _grants(grants_of(site.gate, workspace))})


@router.post("/grants/revoke")
async def revoke(site: OurSite, who: ApiCaller, body: RevokeBody) -> Response:
    revoked = await revoke_grant(site.gate, body.workspace, id_=body.id, by=who.person)
    return Ascii({"revoked": _grant(revoked)})


def _programs(found: Programs) -> dict[str, Json]:
    accepted = found.accepted
    standing: dict[str, Json] | None = None
    if accepted is not None:
        tasks: list[Json] = [
            {"runner": runner, "name": name, "folder": folder, "digest": digest}
            for runner, name, folder, digest in sorted(accepted.accepted.tasks)
        ]
        standing = {
            "by": accepted.by,
            "at": accepted.at,
            "programs": sorted(accepted.accepted.programs),
            "tasks": tasks,
        }
    return {
        "accepted": standing,
        "new": _found(found.new),
        "vouched": sorted(found.vouched),
        "digest": found.found.digest,
    }


def _found(found: ProjectPrograms) -> dict[str, Json]:
    tasks: list[Json] = [
        {"runner": task.runner, "name": task.name, "folder": task.folder, "text": task.text}
        for task in found.tasks
    ]
    return {"programs": sorted(found.programs), "tasks": tasks}


def _grants(grants: Sequence[Grant]) -> list[Json]:
    return [_grant(grant) for grant in grants]


def _grant(grant: Grant) -> dict[str, Json]:
    return {
        "id": grant.id,
        "kind": grant.kind.value,
        "what": list(grant.what),
        "by": grant.by,
        "request": grant.request,
        "created_at": grant.created_at,
        "until": grant.until,
        "agent": grant.agent,
        "session": grant.session,
    }
