"""Commands about what the broker lost before it was read."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="What the broker lost before it was read.")


@app.command("list")
def list_losses(
    *,
    all_of_them: Annotated[
        bool, typer.Option("--all", help="Those that were acknowledged too")
    ] = False,
) -> None:
    """List what was lost and waits to be acknowledged."""
    from services.commands import losses as command
    from services.commands import settings
    from services.compliance.settings import Settings

    command.show_losses(settings.settings(Settings), all_of_them=all_of_them)


@app.command()
def acknowledge(
    ids: Annotated[list[int], typer.Argument(metavar="ID…", help="As `vbp losses list` shows")],
    *,
    by: Annotated[str, typer.Option(metavar="NAME", help="Who takes it for final")],
    reason: Annotated[str, typer.Option(metavar="TEXT", help="Why, for whoever asks later")],
) -> None:
    """Take losses for final, after what could be published again was; silence is judged again."""
    from services.commands import losses as command
    from services.commands import settings
    from services.compliance.settings import Settings

    command.acknowledge(settings.settings(Settings), ids, by, reason)
