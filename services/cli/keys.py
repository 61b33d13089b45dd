"""Commands about the API keys of machines."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from typing import Annotated

import typer

app = typer.Typer(no_args_is_help=True, help="API keys: by them machines show who they are.")


@app.command()
def create(  # noqa: PLR0913  # one an option
    holder: Annotated[str, typer.Argument(metavar="HOLDER", help="Whose: platform-sx, alertboard")],
    *,
    role: Annotated[list[str], typer.Option(metavar="ROLE", help="Repeatable; docs/roles.md")],
    party: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:CODE", help="Its own: hospital:H14010000123; repeatable"),
    ] = None,
    source: Annotated[
        list[str] | None,
        typer.Option(metavar="TEXT", help="`source` of its events, beside its parties' own"),
    ] = None,
    jurisdiction: Annotated[
        list[str] | None, typer.Option(metavar="CODE", help="Repeatable; none: all of them")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until it expires")] = 365,
) -> None:
    """Make a key and print it, for the only time; a holder has two at most."""
    from services.commands import keys, settings
    from services.compliance.settings import Settings

    keys.create(
        settings.settings(Settings),
        holder,
        role,
        jurisdiction or [],
        party or [],
        source or [],
        days,
    )


@app.command("list")
def list_keys() -> None:
    """List all keys: whose, for what, until when, last used on which day."""
    from services.commands import keys, settings
    from services.compliance.settings import Settings

    keys.show_keys(settings.settings(Settings))


@app.command()
def revoke(
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="As `vbp keys list` shows")],
) -> None:
    """Take keys no more; services that run know within 30 seconds."""
    from services.commands import keys, settings
    from services.compliance.settings import Settings

    keys.revoke(settings.settings(Settings), ids)
