"""Commands about messages that could not be taken."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="Messages that could not be taken, and why.")


@app.command("list")
def list_letters(
    *,
    topic: Annotated[str | None, typer.Option(help="Only of this one: vbp.orders.v1")] = None,
    last: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most")] = 50,
) -> None:
    """List the last ones, newest first."""
    from services.commands import dead_letters, settings
    from services.compliance.settings import Settings

    dead_letters.show_letters(settings.settings(Settings), topic, last)


@app.command()
def redrive(
    *,
    topic: Annotated[str | None, typer.Option(help="Only of this one: vbp.orders.v1")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be sent")] = False,
) -> None:
    """Send to their topics again what this version takes: after it was mended, or a policy came."""
    from services.commands import redriving, settings
    from services.compliance.settings import Settings

    redriving.redrive(settings.settings(Settings), topic, dry=dry_run)


@app.command()
def show(
    place: Annotated[str, typer.Argument(metavar="PLACE", help="As `vbp dead-letters list` shows")],
    *,
    raw: Annotated[bool, typer.Option("--raw", help="The bytes of the message alone")] = False,
) -> None:
    """Show one as it arrived, with the reason; --raw gives its bytes, to be mended and sent."""
    from services.commands import dead_letters, settings
    from services.compliance.settings import Settings

    dead_letters.show_letter(settings.settings(Settings), place, raw=raw)
