"""Asks a language model one question: `python -m assent.adapters.reviewers.llm.worker`.

Reads a `Job` on its standard input and prints a `Printed` on its standard output. Started for each
question, with the key of one provider in its environment and nothing else of worth; it has no
tools, writes no file, and ends itself a little after the time limit if nobody ends it before.
"""

import contextlib
import inspect
import os
import resource
import signal
import sys
from typing import Any

from pydantic import ValidationError

from assent.adapters.reviewers.llm.messages import JOB_BYTES, AnswerMessage, Job, Printed

MEMORY = 4 * 1024**3
"""Bytes of address space, so that an endless answer of a server ends this process alone."""
TOKENS = 16_384
"""Most that the model may write, its thoughts included."""
_WHY = 500


def main() -> None:
    """Answer the one question; whatever goes wrong is printed as the reason."""
    # macOS has no such limit.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    printed = _printed(sys.stdin.buffer.read(JOB_BYTES + 1))
    sys.stdout.buffer.write(printed.model_dump_json().encode("utf-8", "replace"))


def _printed(given: bytes) -> Printed:
    if len(given) > JOB_BYTES:
        return Printed(why="the question is too long")
    try:
        job = Job.model_validate_json(given)
    except ValidationError:
        return Printed(why="the question cannot be read")
    signal.alarm(int(job.limit_s) + 5)
    try:
        return _ask(job)
    except ImportError as error:
        return Printed(
            why=f"pydantic-ai cannot be loaded ({error}): install assent with the extra `llm`"[
                :_WHY
            ]
        )
    except Exception as error:  # noqa: BLE001 - any library of any provider may raise anything
        return Printed(why=_said(error))


def _ask(job: Job) -> Printed:
    # What takes a second to load is not needed to say that the question cannot be read.
    from pydantic_ai import Agent, __version__  # noqa: PLC0415
    from pydantic_ai.models import infer_model  # noqa: PLC0415
    from pydantic_ai.settings import ModelSettings  # noqa: PLC0415
    from pydantic_ai.usage import UsageLimits  # noqa: PLC0415

    agent = Agent(
        infer_model(job.model, lambda name: _provider(name, job)),
        output_type=AnswerMessage,
        instructions=job.instruction,
        retries=1,
        model_settings=ModelSettings(max_tokens=TOKENS, timeout=job.limit_s),
    )
    run = agent.run_sync(job.prompt, usage_limits=UsageLimits(request_limit=2))
    return Printed(made_with=f"pydantic-ai {__version__}", answer=run.output)


def _provider(name: str, job: Job) -> Any:
    """The provider with the key and the address that the policy names; its own without."""
    from pydantic_ai.providers import infer_provider, infer_provider_class  # noqa: PLC0415

    given: dict[str, str] = {}
    if job.base_url:
        given["base_url"] = job.base_url
    if job.key_env:
        given["api_key"] = os.environ.get(job.key_env, "")
    if not given:
        return infer_provider(name)
    provider: Any = infer_provider_class(name)
    accepted = inspect.signature(provider).parameters
    refused = [key for key in given if key not in accepted]
    if refused:
        raise ValueError(f"the provider {name} takes no {refused[0]}")
    return provider(**given)


def _said(error: Exception) -> str:
    """What happened, in one line, without what the server sent."""
    status = getattr(error, "status_code", None)
    kind = type(error).__name__
    if isinstance(status, int):
        return f"the provider answers with status {status} ({kind})"
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{kind}: {first}"[:_WHY]


if __name__ == "__main__":
    main()
