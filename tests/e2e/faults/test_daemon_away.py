"""The daemon is absent, hangs, or dies: the call does not run, and nothing that waits is lost."""

import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.faults.agents import AGENTS, CLAUDE, Agent, Said
from tests.e2e.faults.house import House, until

ABSENT = "Assent is not running, so this call was not let through. Start it: assent up"
UNANSWERED = (
    "Assent did not answer in time, so this call was not let through. Check it: assent status"
)
GATED = "make release"

each_relay = pytest.mark.parametrize("relay", ["compiled", "python"])


def assert_refused(said: Said, line: str) -> None:
    """Refused in the agent's own language, with exactly this line and nothing else."""
    assert not said.passed
    assert said.reason.strip() == line
    if said.agent.dialect == "json":
        assert (said.code, said.err) == (0, b"")
    else:
        assert (said.code, said.out) == (2, b"")


@pytest.mark.network
@each_relay
@pytest.mark.parametrize("agent", AGENTS, ids=lambda agent: agent.name)
def test_without_a_daemon_no_call_runs(empty_house: House, agent: Agent, relay: str) -> None:
    assert_refused(empty_house.shell(agent, "ls", relay=relay).said(), ABSENT)


@pytest.mark.network
def test_without_a_daemon_what_only_informs_is_no_fault(empty_house: House) -> None:
    said = empty_house.ask(CLAUDE, b"{}", event=CLAUDE.after).said()
    assert (said.code, said.out, said.err) == (0, b"", b"")


@pytest.mark.network
def test_a_daemon_that_hangs_before_the_call_lets_nothing_through(house: House) -> None:
    house.stop_still()
    hooks = [house.shell(agent, "ls", relay=r) for agent in AGENTS for r in house.relays]
    for hook in hooks:
        assert_refused(hook.said(), UNANSWERED)
    house.signal(signal.SIGCONT)
    assert house.shell(CLAUDE, "ls").said().passed


@pytest.mark.soak
def test_a_daemon_that_hangs_while_a_person_decides_lets_nothing_through(house: House) -> None:
    hooks = [house.shell(agent, GATED) for agent in AGENTS]
    house.waiting(len(AGENTS))
    house.stop_still()
    for hook in hooks:
        assert_refused(hook.said(), UNANSWERED)
    house.signal(signal.SIGCONT)
    for request in house.waiting(len(AGENTS)):
        house.decide(request["number"])
    for agent in AGENTS:
        assert house.shell(agent, GATED).said().passed


@pytest.mark.soak
def test_a_daemon_that_hangs_is_not_taken_for_one_that_is_down(house: House) -> None:
    house.stop_still()
    status = house.assent("status")
    assert status.returncode == 3
    assert f"(pid {house.pid}) runs, but does not answer" in status.stderr
    down = house.assent("down")
    assert down.returncode == 3
    assert f"kill -9 {house.pid}" in down.stderr
    house.kill()
    house.start()
    assert house.assent("status").returncode == 0


@pytest.mark.soak
@each_relay
def test_a_request_outlives_a_killed_daemon_and_passes_its_call_once(
    house: House, relay: str
) -> None:
    hooks = [house.shell(agent, GATED, relay=relay) for agent in AGENTS]
    asked = {request["number"]: request["agent"] for request in house.waiting(len(AGENTS))}
    house.kill()
    for hook in hooks:
        assert_refused(hook.said(), UNANSWERED)
    house.start()
    again = {request["number"]: request["agent"] for request in house.waiting(len(AGENTS))}
    assert again == asked
    for number in asked:
        house.decide(number)
    for agent in AGENTS:
        assert house.shell(agent, GATED, relay=relay).said().passed
        house.shell(agent, GATED, relay=relay)
    anew = {request["number"] for request in house.waiting(len(AGENTS))}
    assert anew.isdisjoint(asked)
    assert len(house.entries("let-through")) == len(AGENTS)
    assert house.verify().breaks == ()


@pytest.mark.soak
def test_a_request_that_waits_is_decided_once_across_a_kill(house: House) -> None:
    house.shell(CLAUDE, GATED)
    [request] = house.waiting()
    house.decide(request["number"])
    house.kill()
    house.start()
    said = house.assent("reject", str(request["number"]), "--reason", "too late")
    assert said.returncode == 1
    assert "already" in said.stderr
    assert len(house.entries("decided")) == 1


@pytest.mark.soak
def test_a_killed_daemon_leaves_nothing_that_confuses_the_commands(house: House) -> None:
    house.kill()
    assert house.home.socket.exists()
    assert house.home.daemon_file.exists()
    status = house.assent("status")
    assert status.returncode == 3
    assert status.stderr == "assent: Assent is not running. Start it: assent up\n"
    down = house.assent("down")
    assert (down.returncode, down.stdout) == (0, "Assent is not running.\n")
    assert house.assent("verify").returncode == 0
    up = house.assent("up")
    assert up.returncode == 0, up.stderr
    assert house.assent("status").returncode == 0
    assert house.assent("down").returncode == 0
    assert not house.home.socket.exists()
    assert not house.home.daemon_file.exists()


@pytest.mark.network
def test_a_stop_ends_streams_and_refuses_what_is_held(house: House) -> None:
    lines = house.client.stream("/api/events")
    assert next(lines)
    hooks = [house.shell(agent, GATED) for agent in AGENTS]
    asked = house.waiting(len(AGENTS))
    assert house.stop() == 0
    for hook in hooks:
        said = hook.said()
        assert not said.passed
        assert "being stopped" in said.reason
    assert list(lines)[-1:] in ([], [b"\n"])
    house.start()
    assert [r["number"] for r in house.waiting()] == [r["number"] for r in asked]


@pytest.mark.network
def test_a_stop_while_payloads_arrive_lets_nothing_through(house: House) -> None:
    half = house.relays["compiled"].argv(
        socket=house.home.socket, dialect="exit2", agent="claude-code", event="PreToolUse"
    )
    with subprocess.Popen(half, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(b'{"session_id"')
        process.stdin.flush()
        assert house.stop() == 0
        process.stdin.close()
        process.stdin = None
        assert process.wait() == 2


@pytest.mark.network
def test_a_second_up_finds_the_first(house: House) -> None:
    up = house.assent("up")
    assert up.returncode == 0
    assert f"pid {house.pid}" in up.stdout


@pytest.mark.soak
def test_of_two_ups_at_once_both_find_the_one_daemon(empty_house: House) -> None:
    with ThreadPoolExecutor(4) as threads:
        ups = list(threads.map(lambda _: empty_house.assent("up", "--no-link"), range(4)))
    assert [up.returncode for up in ups] == [0] * 4, [up.stderr for up in ups]
    assert len({up.stdout for up in ups}) == 1
    until(lambda: empty_house.assent("status").returncode == 0)
