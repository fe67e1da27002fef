"""xent help."""

import sys
from typing import Annotated

import typer

from xentcli.cli import topics
from xentcli.cli.command import Command, load_command
from xentcli.cli.names import command_names


def show_help(
    topic: Annotated[
        str | None,
        typer.Argument(
            metavar="[TOPIC]",
            help="A page of the documentation, or a command. Without it, the pages are listed.",
            autocompletion=topics.complete_topic,
        ),
    ] = None,
) -> None:
    """Show a page of the documentation, or the help of a command."""
    if topic in command_names():
        load_command(topic).main(
            ["--help"], prog_name=f"xent {topic}", complete_var="", standalone_mode=False
        )
        return
    text = topics.list_of_topics() if topic is None else topics.page(topic)
    if sys.stdout is None or not sys.stdout.isatty():
        typer.echo(text.rstrip("\n"))
        return
    from xentcli.render.markdown import show_markdown

    show_markdown(text)


COMMAND = Command(show_help, examples=("xent help", "xent help numbers"))
