"""What a person's decision about a change is bound to: these very bytes, and no others."""

from collections.abc import Iterable

from assent.core.canonical import Digest, Json, canonical, digest_of, digest_text
from assent.core.changes.model import HunkId, Payload, TreePayload


def binding(payload: Payload, hunks: Iterable[HunkId]) -> Digest:
    """Equal only for the same proposal and the same set of accepted hunks."""
    accepted: list[Json] = [*sorted(set(hunks))]
    return digest_of(canonical({**_proposal(payload), "hunks": accepted}))


def _proposal(payload: Payload) -> dict[str, Json]:
    if isinstance(payload, TreePayload):
        return {"base": payload.base, "tree": payload.tree}
    return {
        "file": payload.file,
        "pointer": payload.pointer,
        "before": _text(payload.before),
        "after": _text(payload.after),
    }


def _text(text: str | None) -> Json:
    return None if text is None else digest_text(text)
