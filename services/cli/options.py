"""Options and arguments that several commands share."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from shared.domain import calendar
from shared.domain.errors import InvalidEventError

STRICT_REFUSED = 3


def instant(text: str) -> datetime:
    """Read an instant with offset, into UTC."""
    try:
        return calendar.parse_instant(text)
    except InvalidEventError as error:
        raise typer.BadParameter(f"{text!r} {error.problem}. {error.remedy}") from None


Files = Annotated[
    list[str], typer.Argument(metavar="FILE…", help="NDJSON or NDJSON.gz; - is stdin")
]
Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write; .gz packs, - is stdout")]
Strict = Annotated[bool, typer.Option("--strict", help="Exit with 3 if lines were refused")]
Data = Annotated[Path, typer.Option(metavar="DIR", help="Where the data and the logs are kept")]
Seed = Annotated[int, typer.Option(help="Another seed, another province")]
Time = typer.Option(parser=instant, metavar="TIME", help="An instant: 2026-03-01T09:00:00Z")


def leave(*, strict: bool, refused: int) -> None:
    """End with the exit code of --strict where lines were refused."""
    if strict and refused:
        raise typer.Exit(STRICT_REFUSED)
