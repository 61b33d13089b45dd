"""Commands of evidence packs: checking one, and making the key that signs them."""

# ruff: noqa: PLC0415  # a command loads what it needs when it is called, so that help is instant

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()
pack_app = typer.Typer(no_args_is_help=True, help="Evidence packs that can be checked anywhere.")
app.add_typer(pack_app, name="pack", rich_help_panel="Set up")

_KEYS = typer.Option(
    "--key",
    metavar="FILE",
    envvar="VBP_PACK_TRUSTED",
    help="Public keys that are trusted, PEM; repeatable. Else VBP_PACK_TRUSTED",
)


@app.command(rich_help_panel="Set up")
def verify(
    pack: Annotated[Path, typer.Argument(metavar="PACK", exists=True, dir_okay=False)],
    *,
    key: Annotated[list[Path], _KEYS],
) -> None:
    """Check an evidence pack, without server and database; 1 if anything in it was changed.

    A line for each problem goes to stdout: the file in the pack, and what does not hold.
    """
    from services.commands import pack as command

    raise typer.Exit(0 if command.verify(pack, key) else 1)


@pack_app.command("key")
def pack_key(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where the private key goes")],
) -> None:
    """Make a key to sign packs with: FILE, and FILE.pub for whoever checks them."""
    from services.commands import pack as command

    command.make_key(file)
