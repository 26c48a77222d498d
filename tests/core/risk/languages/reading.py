"""What tests ask of a reading."""

from assent.core.risk.factors import RiskClass, class_of
from assent.core.risk.findings import Use
from assent.core.risk.languages import Reading
from assent.core.risk.meanings import MEANINGS


def words(reading: Reading) -> set[str]:
    return {act.word for act in reading.means}


def is_harmless(reading: Reading) -> bool:
    """Whether nobody need be asked, as long as it only reads and writes in the workspace."""
    gentle = all(class_of(MEANINGS[act.word].factors) <= RiskClass.LOW for act in reading.means)
    kept = all(use is not Use.DELETE for _, use in reading.files)
    inside = all(
        not path.startswith(("/", "~")) or use is not Use.WRITE for path, use in reading.files
    )
    return gentle and kept and inside and not reading.shells and not reading.commands
