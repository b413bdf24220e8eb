"""The command line. `digest --help` imports click and nothing else: every command lives in a file of its own."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import NoReturn

import click

#: Command -> its file in this folder, and the line that `digest --help` shows.
COMMANDS = {
    "init": ("init", "Set up a new installation: settings, database, list."),
    "run": ("run", "Gather, snapshot, prepare and send: the main job, once."),
    "gather": ("gather", "Read the sources into the pool of articles."),
    "snapshot": ("snapshot", "Take the prices of the coins."),
    "prepare": ("prepare", "Choose the day's articles and freeze the edition."),
    "send": ("send", "Send what is prepared and may be sent."),
    "status": ("status", "How sending stands: counts, rate, time left, what is waited for."),
    "editions": ("editions", "List, show, approve, hold, release, pause, skip and cancel editions."),
    "sources": ("sources", "List, try and add sources."),
    "articles": ("articles", "List the gathered articles."),
    "check": ("check", "Check templates and the edition; says what must be mended."),
    "preview": ("preview", "Show the very message that somebody would get."),
    "why": ("why", "What a person got and did not get, and the reason."),
    "serve": ("serve", "The newsroom and the public pages, with the scheduler in the same process."),
    "schedule": ("schedule", "Do it all at the newsletters' times, until stopped."),
    "worker": ("worker", "Only send what may be sent, until stopped."),
    "alerts": ("alerts", "Try who is told when an edition does not go out."),
    "lists": ("lists", "Create, list, show, rename, archive and delete mailing lists."),
    "subscribers": ("subscribers", "Add, import, find, change and unsubscribe people."),
    "suppressions": ("suppressions", "Add, list, import and remove addresses and domains that get no mail."),
    "segments": ("segments", "Conditions on people that a newsletter can be sent by."),
    "audit": ("audit", "Who changed what, and when."),
    "editors": ("editors", "Add, list and remove accounts of the newsroom."),
    "keys": ("keys", "Create, list and revoke keys for the API."),
    "webhooks": ("webhooks", "Tell other programs what happens to subscribers."),
    "dkim": ("dkim", "Make the key that signs messages, and show its DNS record."),
    "bounces": ("bounces", "Take in bounces, complaints, wishes to leave and replies."),
    "doctor": ("doctor", "Look at everything that an edition needs to arrive; says what to mend."),
    "backup": ("backup", "Put everything that cannot be made again into one file."),
    "restore": ("restore", "Put a backup in the place of what is there; nothing is sent twice."),
    "prune": ("prune", "Delete what is needed no more; the database gets smaller."),
    "migrate": ("migrate", "Bring the database to this program's version."),
    "completion": ("completion", "Print the script by which a shell completes commands."),
}


class LazyGroup(click.Group):
    """Knows its commands by name, and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002, click's shape
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002, click's shape
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"digest.cli.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002, click's shape
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="newsroom-digest")
def cli() -> None:
    """A personal daily digest for the readers of a German newsroom."""


def main() -> NoReturn:
    """The `digest` command. Exit codes: 0 done, 1 failed or paused, 2 wrong usage, 3 held back, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without "€" is no reason to break off
    try:
        result = cli.main(standalone_mode=False)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except click.ClickException as problem:
        problem.show()
        sys.exit(problem.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        sys.exit(130)
    except Exception as problem:
        exit_code = getattr(problem, "exit_code", None)  # both packages' error trees carry one
        if exit_code is None:
            raise
        click.echo(f"Error: {problem}", err=True)
        sys.exit(exit_code)
    sys.exit(result if isinstance(result, int) else 0)
