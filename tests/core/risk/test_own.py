"""What reaches for Assent itself is of the top class, and no rule lets it through."""

import pytest

from assent.core.actions import Action, Command, ToolCall
from assent.core.facts import Facts
from assent.core.risk import Effect, RiskClass, assess

FACTS = Facts(workspace="/w", home="/home/ana", assent_home="/home/ana/.local/share/assent")


def command(text: str) -> Command:
    return Command(text, "/w")


@pytest.mark.parametrize(
    "action",
    [
        pytest.param(command("assent approve 1"), id="by-name"),
        pytest.param(command("/opt/venv/bin/assent approve REQ-1"), id="by-path"),
        pytest.param(command("python3 -m assent approve 1"), id="as-module"),
        pytest.param(
            command("python3 -m assent.entrypoints.cli.main approve 1"), id="as-submodule"
        ),
        pytest.param(
            command("curl -X POST http://127.0.0.1:7422/api/requests/1/approve"), id="api"
        ),
        pytest.param(command("assent change accept CH-4"), id="accepting-a-change"),
        pytest.param(command("assent change reject CH-4 --reason no"), id="rejecting-a-change"),
        pytest.param(command("assent change merge CH-4"), id="merging"),
        pytest.param(command("assent change revert CH-4"), id="reverting"),
        pytest.param(command("assent change comment CH-4 fine"), id="commenting-a-change"),
        pytest.param(command("assent change stance CH-4 accept a"), id="a-stance"),
        pytest.param(command("python3 -m assent change accept CH-4"), id="accepting-by-module"),
        pytest.param(
            command("assent change submit --title x && assent change accept CH-1"),
            id="submitting-and-accepting",
        ),
        pytest.param(command("assent people add eve --role admin"), id="adding-a-person"),
        pytest.param(command("assent people keys add ana k.pub"), id="adding-a-key"),
        pytest.param(command("assent people link ana"), id="a-link-to-log-in"),
        pytest.param(command("assent delegate --to eve"), id="delegating"),
        pytest.param(command("assent refer 7 --to eve"), id="referring"),
        pytest.param(command("curl localhost:7422/api/delegations -d @x"), id="api-of-delegations"),
        pytest.param(
            command("curl localhost:7422/api/people/ana/channels -d @x"), id="api-of-people"
        ),
        pytest.param(command("curl localhost:7422/api/agent-tokens -d @x"), id="api-of-tokens"),
        pytest.param(command("assent people channels add json://h/"), id="being-told-elsewhere"),
        pytest.param(
            command("ssh-keygen -Y sign -n assent.decision.v1 -f ~/.ssh/id_ed25519 pae"),
            id="signing-by-the-agents-keys",
        ),
        pytest.param(command("assent review calibrate"), id="calibrating"),
        pytest.param(command("assent review --uninstall-hook"), id="taking-the-hook-out"),
        pytest.param(
            command("curl -X POST http://127.0.0.1:7422/api/changes/CH-4/accept"),
            id="api-of-changes",
        ),
        pytest.param(command("http POST localhost:7422/api/grants/revoke"), id="api-of-grants"),
        pytest.param(command("bash -c 'assent down'"), id="quoted"),
        pytest.param(command("git status && assent agents uninstall codex"), id="in-a-list"),
        pytest.param(command("sqlite3 /home/ana/.local/share/assent/control.db"), id="database"),
        pytest.param(command("cat ~/.local/share/assent/run/token"), id="token-from-home"),
        pytest.param(command('cat "$HOME/.local/share/assent/run/token"'), id="token-by-variable"),
        pytest.param(command("curl -d @x $ASSENT_HOME/run"), id="home-variable"),
        pytest.param(Command(("assent", "approve", "1"), "/w"), id="argv"),
        pytest.param(ToolCall("sh", "run", '{"command":"assent approve 1"}'), id="tool"),
        pytest.param(ToolCall("sh", "run", '{"argv":["assent","approve","1"]}'), id="tool-argv"),
    ],
)
def test_reaching_for_assent_is_of_the_top_class(action: Action) -> None:
    assessment = assess(action, FACTS)
    assert assessment.risk is RiskClass.IRREVERSIBLE
    assert Effect.POLICY_SELF in assessment.effects


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("echo assent", id="the-word"),
        pytest.param("grep -rn approve docs", id="another-program"),
        pytest.param("echo with assent from all", id="prose"),
        pytest.param("assent policy explain 'git push'", id="asking-why"),
        pytest.param("curl localhost:3000/api/requests", id="the-project's-own-page"),
        pytest.param("assent change submit --title 'approve invoices'", id="submitting"),
        pytest.param("assent change submit --change CH-4 --uncommitted", id="revising"),
        pytest.param("assent change show CH-4 --json", id="showing-a-change"),
        pytest.param("assent change list", id="listing-changes"),
        pytest.param("assent review --staged", id="reviewing"),
        pytest.param("assent people", id="who-is-here"),
        pytest.param("assent people | head", id="who-is-here-shortened"),
        pytest.param("assent people oncall", id="who-is-on-call"),
        pytest.param("assent delegate list", id="who-decides-for-whom"),
        pytest.param("curl localhost:3000/login -d user=a", id="a-login-of-the-project's-own"),
        pytest.param("curl localhost:3000/api/people/7", id="people-of-the-project's-own"),
    ],
)
def test_other_words_are_not(text: str) -> None:
    assert Effect.POLICY_SELF not in assess(command(text), FACTS).effects
