"""digest completion."""

from __future__ import annotations

from pathlib import Path

import click
from click.shell_completion import ShellComplete, get_completion_class

from digest.cli.options import config_option, json_option
from digest.cli.output import print_json

_PROGRAM, _VARIABLE = "digest", "_DIGEST_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@config_option
@click.pass_context
def command(context: click.Context, shell: str, as_json: bool, config_path: Path) -> None:  # noqa: ARG001, a contract
    """Print the script by which a shell completes commands and options: eval "$(digest completion bash)"."""
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    completing = kind(context.find_root().command, {}, _PROGRAM, _VARIABLE)
    script = ShellComplete.source(completing)  # bash's own would start a shell to ask for its version
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
