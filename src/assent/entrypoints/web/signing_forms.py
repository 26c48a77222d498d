"""What a form would say, as a statement for the passkey to sign. Nothing is decided by it."""

from typing import Annotated

from fastapi import APIRouter, Form
from starlette.responses import Response

from assent.app.proof.statements import statement_of_request
from assent.core.approvals import Refusal
from assent.entrypoints.web.api import Ascii
from assent.entrypoints.web.decisions import FORM_LIMIT, DecisionForm, refusal_line, word_of
from assent.entrypoints.web.faults import problem, refused
from assent.entrypoints.web.pages import find, number_of
from assent.entrypoints.web.sessions import BrowserSession
from assent.entrypoints.web.site import OurSite
from assent.entrypoints.web.statement_api import statement_record
from assent.errors import AssentError

router = APIRouter()


@router.post("/requests/{name}/statement", max_body_size=FORM_LIMIT)
async def of_request(
    name: str, form: Annotated[DecisionForm, Form()], site: OurSite, session: BrowserSession
) -> Response:
    """The statement that the form's decision is, with the passkeys that count."""
    number = number_of(name)
    try:
        asked = site.gate.store.read(lambda view: find(view, number))
        word = word_of(site, asked, form, session)
        outcome = await statement_of_request(site.gate, number, word)
    except AssentError as error:
        return problem(error.http_status, code=error.code, message=str(error))
    if isinstance(outcome, Refusal):
        now = site.gate.store.read(lambda view: find(view, number))
        return refused(outcome, refusal_line(outcome, now, site))
    return Ascii(statement_record(outcome))
