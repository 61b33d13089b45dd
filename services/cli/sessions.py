"""Commands about the sessions of people who signed in at the console."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Sessions of people who signed in at the console.")


@app.command()
def end(
    subject: Annotated[
        str, typer.Argument(metavar="SUBJECT", help="Whose, as /me and histories say: person:liwj")
    ],
) -> None:
    """End all sessions of somebody, at once: of who has left, or lost a computer."""
    from services.commands import sessions, settings
    from services.compliance.settings import Settings

    sessions.end(settings.settings(Settings), subject)
