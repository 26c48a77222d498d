"""How often people are told, and an own app in Slack, as `config.toml` and the environment say."""

from pathlib import Path

import pytest

from assent.entrypoints.home import Home, SlackConfig, read_config
from assent.errors import UsageError

SLACK = '[slack]\nsigning_secret = "s1"\nbot_token = "xoxb-1"\n'


def home(folder: Path, text: str) -> Home:
    made = Home(folder)
    made.config_file.write_text(text)
    return made


def test_without_a_word_people_are_told_once_a_minute_and_slack_has_no_buttons(
    tmp_path: Path,
) -> None:
    config = read_config(Home(tmp_path), env={})
    assert (config.notify_every_s, config.slack.is_set) == (60, False)


def test_both_secrets_are_needed(tmp_path: Path) -> None:
    assert read_config(home(tmp_path, SLACK), env={}).slack.is_set
    half = home(tmp_path, '[slack]\nbot_token = "xoxb-1"\n')
    assert not read_config(half, env={}).slack.is_set


def test_the_environment_counts_for_more(tmp_path: Path) -> None:
    env = {"ASSENT_SLACK_SIGNING_SECRET": "s2", "ASSENT_SLACK_BOT_TOKEN": "xoxb-2"}
    assert read_config(Home(tmp_path), env=env).slack.bot_token == "xoxb-2"
    assert read_config(home(tmp_path, SLACK), env=env).slack.signing_secret == "s2"


def test_secrets_are_in_no_repr(tmp_path: Path) -> None:
    config = read_config(home(tmp_path, SLACK), env={})
    assert "s1" not in repr(config)
    assert "xoxb" not in repr(config)
    assert SlackConfig().api.startswith("https://")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("notify_every_s = -1", "0 or more", id="negative"),
        pytest.param('notify_every_s = "1m"', "should be of type int", id="no-number"),
        pytest.param("[slack]\ntoken = 'x'", "unknown key `slack.token`", id="unknown-key"),
        pytest.param("[slack]\nbot_token = 1", "`slack.bot_token` should be", id="no-text"),
        pytest.param("slack = 'x'", "`slack` should be of type dict", id="no-table"),
    ],
)
def test_what_it_should_not_be_is_told(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        read_config(home(tmp_path, text), env={})
