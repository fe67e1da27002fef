"""xent completion."""

from typing import Annotated, Literal

import typer

from xentcli.cli.command import Command


def completion(
    shell: Annotated[
        Literal["bash", "zsh", "fish"],
        typer.Argument(metavar="bash|zsh|fish", help="The shell that is to complete."),
    ],
) -> None:
    """Print the script with which a shell completes commands, options, values and files.

    For bash, add the first example to ~/.bashrc. For zsh, add the second to ~/.zshrc, behind
    compinit. For fish, run the third.
    """
    from xentcli.cli.completion import script

    typer.echo(script(shell))


COMMAND = Command(
    completion,
    examples=(
        'eval "$(xent completion bash)"',
        'eval "$(xent completion zsh)"',
        "xent completion fish > ~/.config/fish/completions/xent.fish",
    ),
)
