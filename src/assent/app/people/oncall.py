"""Who is on call, by the schedule that people keep in Assent's own folder."""

from dataclasses import dataclass

from assent.app.agents import UnreadableFile
from assent.app.gatehouse import Gatehouse
from assent.app.people.zones import zone_named
from assent.core.people.schedule import read_schedule


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call at a moment. With a fault it is nobody."""

    names: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    """What is wrong with the schedule, one sentence each."""


def on_call(gate: Gatehouse, at: int) -> OnCall:
    """Who is on call at `at`, in ms since the epoch. Never raises: a doubt names nobody.

    It reads a file, so that it belongs in no transaction.
    """
    path = gate.oncall_file
    if not path:
        return OnCall(faults=("there is no schedule of who is on call",))
    try:
        data = gate.files.read(path)
    except UnreadableFile as error:
        return OnCall(faults=(f"the schedule cannot be read: {error}",))
    if data is None:
        return OnCall(faults=(f"there is no schedule of who is on call: write {path}",))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return OnCall(faults=(f"{path} is no text in UTF-8",))
    schedule = read_schedule(text, zone_named)
    return OnCall(schedule.on_call(at), tuple(f"{path} {fault}" for fault in schedule.faults))
