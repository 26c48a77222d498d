"""Implements `Reviewer` by asking a language model."""

import asyncio
import os
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from assent import __version__
from assent.adapters.reviewers.llm.messages import Job
from assent.adapters.reviewers.llm.process import COMMAND, Asking, ask
from assent.app.changes.ports import Subject
from assent.app.ports import Clock
from assent.core.changes.model import TreePayload, ValuePayload, Verdict
from assent.core.changes.model_prompt import Material, Prompt, build_prompt, prompt_digest
from assent.core.changes.model_review import (
    Answered,
    Asked,
    Unusable,
    named_paths,
    read_answers,
    wants_second,
)
from assent.core.policy.changes import ModelRule
from assent.errors import AssentError

LOOK_MS = 600_000
"""Most time of one look, whatever the policy says."""


class Blobs(Protocol):
    """Where whole files are read; `Repositories` is one. Raises UnavailableError."""

    def blob(self, repository: str, commit: str, path: str) -> bytes | None: ...


def _marks() -> Iterable[str]:
    while True:
        yield secrets.token_hex(16)


@dataclass(frozen=True)
class ModelReviewer:
    """Asks the model of `rule`. Whatever goes wrong is an inconclusive verdict."""

    rule: ModelRule
    blobs: Blobs
    clock: Clock
    counts: Callable[[Subject], bool] = lambda _: False
    """Whether its approval counts, by its calibration; called in a thread."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    marks: Callable[[], Iterable[str]] = _marks
    command: Sequence[str] = COMMAND

    @property
    def name(self) -> str:
        """The model, as the policy names it."""
        return self.rule.model

    async def review(self, subject: Subject) -> Verdict:
        """A verdict by one look, or by two for an approval from the class medium on."""
        began = self.clock.now()
        material = Material(
            change=subject.change,
            revision=subject.revision,
            patches=subject.patches,
            team=subject.team or tuple(rule.message for rule in subject.team_rules),
            earlier=subject.earlier,
        )
        prompt = await asyncio.to_thread(build_prompt, material, self.marks())
        answers, worker = await self._looks(material, prompt)
        texts, answers = await asyncio.to_thread(self._texts, subject, answers, material)
        asked = Asked(
            reviewer=self.name,
            material=material,
            prompt=prompt,
            texts=texts,
            made_with=f"{self.rule.model}; prompt {prompt_digest()}; Assent {__version__}"
            + (f"; {worker}" if worker else ""),
            at=self.clock.now(),
            counts=await asyncio.to_thread(self._counts, subject),
        )
        timed = replace(asked, took_ms=max(0, asked.at - began))
        return await asyncio.to_thread(read_answers, answers, timed)

    async def _looks(self, material: Material, prompt: Prompt) -> tuple[list[Answered], str]:
        if ":" not in self.rule.model:
            why = f"the policy names the model `{self.rule.model}` without its provider"
            return [Unusable(why)], ""
        if prompt.hopeless:
            return [Unusable("more than half of what is risky does not fit into a question")], ""
        first, worker = await self._ask(prompt.instruction, prompt)
        if not wants_second(first, material):
            return [first], worker
        second, _ = await self._ask(prompt.second, prompt)
        return [first, second], worker

    async def _ask(self, instruction: str, prompt: Prompt) -> tuple[Answered, str]:
        job = Job(
            model=self.rule.model,
            base_url=self.rule.base_url,
            key_env=self.rule.key_env,
            instruction=instruction,
            prompt=prompt.text,
            limit_s=min(self.rule.limit_ms, LOOK_MS) / 1_000,
        )
        return await ask(Asking(job, self.command), self.environ)

    def _texts(
        self, subject: Subject, answers: list[Answered], material: Material
    ) -> tuple[Mapping[str, str], list[Answered]]:
        """The new files that are quoted; without them there is nothing to hold quotes against."""
        payload = subject.revision.payload
        if isinstance(payload, ValuePayload):
            return {payload.file: payload.after or ""}, answers
        try:
            texts = {
                path: text
                for path in named_paths(answers, material)
                if (text := self._text(subject.change.repository, payload, path)) is not None
            }
        except AssentError as error:
            return {}, [Unusable(f"the files that it quotes cannot be read: {error}")]
        return texts, answers

    def _text(self, repository: str, payload: TreePayload, path: str) -> str | None:
        data = self.blobs.blob(repository, payload.commit, path)
        return None if data is None else data.decode("utf-8", "replace")

    def _counts(self, subject: Subject) -> bool:
        try:
            return self.counts(subject)
        except AssentError:
            return False
