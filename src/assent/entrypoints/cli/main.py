"""The `assent` command. Names and exit codes are fixed: scripts rely on them."""

import importlib
import sys
from io import TextIOWrapper

import click

from assent import __version__
from assent.errors import AssentError, UnavailableError

COMMANDS = {
    "init": "Set up Assent in this repository: policy, hooks of the agents found, daemon.",
    "up": "Start Assent and print the link to the inbox.",
    "down": "Stop Assent. What waits for a person is kept.",
    "status": "Say whether Assent runs, at which level, and how much waits.",
    "agents": "List the coding agents here; install or uninstall their hooks.",
    "inbox": "List what waits for you.",
    "show": "Show one request in full.",
    "approve": "Let the call of a request run.",
    "reject": "Refuse a request, with a reason that the agent reads.",
    "modify": "Change the call of a request and let the changed one run.",
    "delay": "Put a request off until later.",
    "refer": "Have somebody else decide a request, too.",
    "withdraw": "Take a request back.",
    "policy": "Check a policy, ask it why, try it, replay a draft.",
    "review": "Review what is not committed yet, before anybody else sees it.",
    "change": "Submit changes, look at them, accept, reject, merge or take them back.",
    "checkpoints": "List what can be gone back to in this project.",
    "undo": "Bring the project's files back to a checkpoint.",
    "delegate": "Let somebody decide in your name for a while.",
    "people": "List and change people, their keys and sessions, and agents' tokens.",
    "log": "Show what was recorded, newest first.",
    "classify": "Grade cases from a file, without running anything.",
    "verify": "Say of commits whether they were approved; check the record.",
    "export": "Export what was decided in a period, signed, for whoever has to check it.",
    "demo": "Try Assent: a sample repository and a scripted agent through the real hooks.",
}


class LazyGroup(click.Group):
    """Imports a command's module when the command is used, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"assent.entrypoints.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="assent")
def cli() -> None:
    """Agents propose; people assent.

    Exit codes: 0 done, 1 refused, 2 usage, 3 unavailable, 4 integrity.
    """


def main() -> None:
    """Run the command; faults end it with one line and their exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            # A terminal of another encoding shows what it cannot write by its number.
            stream.reconfigure(errors="backslashreplace")
    try:
        # A command that ends by `Exit` has its code returned here, and not raised.
        code = cli.main(prog_name="assent", standalone_mode=False)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.Abort:
        sys.exit(1)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except AssentError as error:
        click.echo(f"assent: {error}", err=True)
        sys.exit(error.exit_code)
    except OSError as error:
        click.echo(f"assent: {error}", err=True)
        sys.exit(UnavailableError.exit_code)
    if isinstance(code, int):
        sys.exit(code)
