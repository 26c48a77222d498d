"""Runs the worker: with a small environment, for a limited time, and with a bounded answer."""

import asyncio
import contextlib
import os
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assent.adapters.reviewers.llm.messages import ANSWER_BYTES, Job, read_printed
from assent.core.changes.model_review import Answered, Unusable

COMMAND = (sys.executable, "-I", "-m", "assent.adapters.reviewers.llm.worker")

_NETWORK = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"),
)
_PREFIXES: Mapping[str, tuple[str, ...]] = {
    "azure": ("AZURE_", "OPENAI_API_VERSION"),
    "bedrock": ("AWS_",),
    "google": ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    "google-cloud": ("GOOGLE_",),
    "grok": ("GROK_", "XAI_"),
    "huggingface": ("HF_TOKEN",),
    "moonshotai": ("MOONSHOTAI_", "MOONSHOT_"),
    "together": ("TOGETHER_",),
    "vercel": ("VERCEL_",),
}
"""Beginnings of the variables that a provider reads, where its name does not give them."""


@dataclass(frozen=True, slots=True)
class Asking:
    """One question, and the time for it."""

    job: Job
    command: Sequence[str] = COMMAND


async def ask(asking: Asking, environ: Mapping[str, str]) -> tuple[Answered, str]:
    """The answer, and what it was made with. Never raises but when it is cancelled."""
    job = asking.job
    try:
        process = await asyncio.create_subprocess_exec(
            *asking.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment(job, environ),
            cwd=tempfile.gettempdir(),
            start_new_session=True,
        )
    except OSError as error:
        return Unusable(f"it cannot be started: {error}"), ""
    try:
        printed = await asyncio.wait_for(
            _talk(process, job.model_dump_json().encode("utf-8", "replace")), job.limit_s
        )
    except TimeoutError:
        return Unusable(f"no answer within {job.limit_s:g} s"), ""
    finally:
        await _end(process)
    return (Unusable("it ended without an answer"), "") if not printed else read_printed(printed)


async def _talk(process: asyncio.subprocess.Process, job: bytes) -> bytes:
    """What it prints, at most one byte more than is allowed."""
    assert process.stdin is not None
    assert process.stdout is not None
    # One that has ended already does not read; what it printed says why.
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):
        process.stdin.write(job)
        await process.stdin.drain()
        process.stdin.close()
    printed = bytearray()
    while len(printed) <= ANSWER_BYTES:
        part = await process.stdout.read(ANSWER_BYTES + 1 - len(printed))
        if not part:
            break
        printed += part
    return bytes(printed)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


def environment(job: Job, environ: Mapping[str, str]) -> dict[str, str]:
    """The key, the proxies and the certificates; where the model is, only the policy says."""
    provider = job.model.partition(":")[0]
    kept = {name: environ[name] for name in _NETWORK if name in environ}
    keys = {
        name: value
        for name, value in environ.items()
        if name == job.key_env or (not job.key_env and _is_of(provider, name))
    }
    return {**kept, **keys, "PATH": os.defpath, "HOME": "/nonexistent", "PYTHONUTF8": "1"}


def _is_of(provider: str, name: str) -> bool:
    default = (provider.partition("-")[0].upper() + "_",)
    return name.startswith(_PREFIXES.get(provider, default)) and not name.endswith(
        ("_BASE_URL", "_API_BASE", "_BASE")
    )
