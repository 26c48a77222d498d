"""How far a reviewer's approval can be relied on: what it caught of planted faults.

Intervals are exact (Clopper and Pearson, Biometrika 26, 1934), two-sided, at 90 %: in at most one
of twenty calibrations the true share lies below the lower end.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import comb

from assent.core.canonical import Digest, Json
from assent.core.policy.changes import ModelRule

KIND = "calibrated"
"""Kind of the ledger entry."""
TAIL = 0.05
"""Chance that is left out at either end."""
_STEPS = 50


def stream_of(workspace: str) -> str:
    """The ledger stream of a workspace's calibrations."""
    return f"calibration/{workspace}"


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a share lies."""

    low: float
    high: float


def interval(hits: int, of: int) -> Interval:
    """The 90 % interval of the share `hits / of`; nothing is known of none."""
    if of <= 0:
        return Interval(0.0, 1.0)
    low = 0.0 if hits <= 0 else _share(hits, of, 1 - TAIL)
    high = 1.0 if hits >= of else _share(hits + 1, of, TAIL)
    return Interval(low, high)


def _share(hits: int, of: int, chance: float) -> float:
    """The share at which fewer than `hits` are seen with `chance`."""
    low, high = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _fewer(hits, of, middle) > chance:
            low = middle
        else:
            high = middle
    return low


def _fewer(hits: int, of: int, share: float) -> float:
    """The chance of fewer than `hits` successes in `of` trials."""
    return sum(comb(of, n) * share**n * (1 - share) ** (of - n) for n in range(hits))


@dataclass(frozen=True, slots=True)
class Calibration:
    """What one reviewer made of planted faults and of clean changes."""

    reviewer: str
    model: str
    """The model and where it is reached; see `model_of`. Empty for a reviewer that is none."""
    prompt: str
    """Digest of how it is asked."""
    planted: int
    caught: int
    clean: int
    alarms: int
    """Clean changes that it found fault with."""
    undecided: int = 0
    """Of both kinds, those it came to no conclusion about: neither caught nor an alarm."""
    commit: str = ""
    """The commit that the cases were made from."""
    seed: str = ""
    at: int = 0

    @property
    def catches(self) -> Interval:
        return interval(self.caught, self.planted)

    @property
    def false_alarms(self) -> Interval:
        return interval(self.alarms, self.clean)


def model_of(rule: ModelRule) -> str:
    """What has to be equal for a calibration to hold: the model, and who serves it."""
    return f"{rule.model} at {rule.base_url}" if rule.base_url else rule.model


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a language model's approval counts, and why."""

    counts: bool
    why: str
    calibration: Calibration | None = None


def standing_by(calibrations: Iterable[Calibration], rule: ModelRule, prompt: Digest) -> Standing:
    """By the newest calibration of this model with this prompt: `calibrations` in order of time.

    The newest one alone: who repeats it until it turns out well gets no better answer from the
    older ones, and one that turned out badly cannot be averaged away.
    """
    model = model_of(rule)
    fitting = [each for each in calibrations if (each.model, each.prompt) == (model, prompt)]
    if not fitting:
        return Standing(
            counts=False,
            why=f"{model} was not calibrated with the present prompt: run "
            "`assent review calibrate`",
        )
    newest = fitting[-1]
    low = newest.catches.low
    said = (
        f"{model} caught {newest.caught} of {newest.planted} planted faults: at least "
        f"{low:.0%} with 95 % certainty"
    )
    if low >= rule.floor:
        return Standing(counts=True, why=f"{said}; {rule.floor:.0%} are asked", calibration=newest)
    return Standing(counts=False, why=f"{said}, and {rule.floor:.0%} are asked", calibration=newest)


def counts(calibrations: Iterable[Calibration], *, rule: ModelRule, prompt: Digest) -> bool:
    """Whether its approval counts; without a calibration nothing is known, and it does not."""
    return standing_by(calibrations, rule, prompt).counts


# In the ledger


def fields_of(made: Calibration) -> dict[str, Json]:
    """A calibration as it is recorded; its time is the entry's own."""
    return {
        "title": f"{made.reviewer}: found {made.caught} of {made.planted} planted faults, "
        f"{made.alarms} false alarms in {made.clean}",
        "reviewer": made.reviewer,
        "model": made.model,
        "prompt": made.prompt,
        "planted": made.planted,
        "caught": made.caught,
        "clean": made.clean,
        "alarms": made.alarms,
        "undecided": made.undecided,
        "commit": made.commit,
        "seed": made.seed,
        "catches": [round(made.catches.low, 4), round(made.catches.high, 4)],
        "false_alarms": [round(made.false_alarms.low, 4), round(made.false_alarms.high, 4)],
    }


def calibration_from(body: Mapping[str, Json]) -> Calibration | None:
    """A calibration from the body of an entry; None when it is of another kind or form."""
    numbers = {name: body.get(name) for name in _NUMBERS}
    texts = {name: body.get(name, "") for name in _TEXTS}
    whole = {
        name: value
        for name, value in numbers.items()
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0
    }
    words = {name: value for name, value in texts.items() if isinstance(value, str)}
    if body.get("kind") != KIND or len(whole) < len(_NUMBERS) or len(words) < len(_TEXTS):
        return None
    if whole["caught"] > whole["planted"] or whole["alarms"] > whole["clean"]:
        return None
    return Calibration(
        reviewer=words["reviewer"],
        model=words["model"],
        prompt=words["prompt"],
        planted=whole["planted"],
        caught=whole["caught"],
        clean=whole["clean"],
        alarms=whole["alarms"],
        undecided=whole["undecided"],
        commit=words["commit"],
        seed=words["seed"],
        at=whole["at"],
    )


_NUMBERS = ("planted", "caught", "clean", "alarms", "undecided", "at")
_TEXTS = ("reviewer", "model", "prompt", "commit", "seed")
