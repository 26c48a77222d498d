"""What a page reports of reading is summed up, and never believed beyond the clock."""

import pytest

from assent.app.ports import Opened
from assent.app.reading import LONGEST_REPORT_MS, note_reading
from tests.app.conftest import Scene

SECOND = 1_000


async def told(scene: Scene, shown_ms: int, *, read: bool = False, version: int = 1) -> Opened:
    return await note_reading(scene.gate, "r", version, person="ana", shown_ms=shown_ms, read=read)


async def test_time_on_show_is_summed(scene: Scene) -> None:
    assert (await told(scene, 0)).shown_ms == 0
    sums = []
    for _ in range(3):
        scene.clock.advance(10 * SECOND)
        sums.append((await told(scene, 8 * SECOND)).shown_ms)
    assert sums == [8 * SECOND, 16 * SECOND, 24 * SECOND]


@pytest.mark.parametrize(
    ("passed", "claimed", "believed"),
    [
        pytest.param(5 * SECOND, 3_600 * SECOND, 5 * SECOND, id="not-above-the-clock"),
        pytest.param(600 * SECOND, 600 * SECOND, LONGEST_REPORT_MS, id="not-of-one-report"),
        pytest.param(0, 9 * SECOND, 0, id="nothing-at-once"),
        pytest.param(-5 * SECOND, 9 * SECOND, 0, id="nothing-when-the-clock-goes-back"),
    ],
)
async def test_a_page_that_claims_more_is_not_believed(
    scene: Scene, passed: int, claimed: int, believed: int
) -> None:
    await told(scene, 0)
    scene.clock.advance(passed)
    assert (await told(scene, claimed)).shown_ms == believed


async def test_the_first_report_only_opens_it(scene: Scene) -> None:
    assert (await told(scene, 3_600 * SECOND)).shown_ms == 0


async def test_two_tabs_count_no_time_twice(scene: Scene) -> None:
    await told(scene, 0)
    scene.clock.advance(10 * SECOND)
    await told(scene, 10 * SECOND)
    assert (await told(scene, 10 * SECOND)).shown_ms == 10 * SECOND


async def test_what_was_reached_stays_so_and_of_each_version_by_itself(scene: Scene) -> None:
    await told(scene, 0, read=True)
    scene.clock.advance(SECOND)
    assert (await told(scene, SECOND)).read
    assert not (await told(scene, 0, version=2)).read
