"""Exports by the API and the page: docs/reference/api.md."""

import asyncio
import tempfile
from enum import StrEnum
from typing import Annotated, BinaryIO, cast

from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from assent.app.export.files import write_table
from assent.app.ports import View
from assent.entrypoints.exports import chunks, period_of, table_named, write_export
from assent.entrypoints.web.sessions import ApiCaller
from assent.entrypoints.web.site import OurSite
from assent.errors import UnavailableError

router = APIRouter(prefix="/api")

IN_MEMORY = 1024 * 1024
"""Bytes of an export above which it goes to a file until it is sent."""


class Format(StrEnum):
    JSON = "json"
    CSV = "csv"


@router.get("/export")
async def export(
    site: OurSite,
    _who: ApiCaller,
    *,
    since: Annotated[str, Query(alias="from", min_length=1, max_length=40)],
    until: Annotated[str, Query(alias="to", max_length=40)] = "",
    form: Annotated[Format, Query(alias="format")] = Format.JSON,
    table: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """What was decided in a period: signed JSON, an archive of tables, or one table."""
    gate, proof = site.gate, site.gate.proof
    now = gate.clock.now()
    period = period_of(since, until, now=now, zone=site.settings.zone)
    named = table_named(table) if table else None
    if proof is None:
        raise UnavailableError("Nothing can be signed here, so nothing is exported.")

    def made() -> BinaryIO:
        # Whoever sends it closes it.
        out = cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115

        def write(view: View) -> None:
            if named is not None:
                write_table(view, period, named, write=out.write)
            else:
                as_csv = form is Format.CSV
                write_export(view, period, out, as_csv=as_csv, proof=proof, now=now)

        gate.store.read(write)
        return out

    file = await asyncio.to_thread(made)
    name = f"{table}.csv" if table else "assent.json" if form is Format.JSON else "assent.zip"
    kind = "text/csv" if table else f"application/{'json' if form is Format.JSON else 'zip'}"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(chunks(file), media_type=kind, headers=headers)
