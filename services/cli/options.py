"""Options and arguments that several commands share."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, InvalidEventError

STRICT_REFUSED = 3


def instant(text: str) -> datetime:
    """Read an instant with offset, into UTC."""
    try:
        return calendar.parse_instant(text)
    except InvalidEventError as error:
        raise typer.BadParameter(f"{text!r} {error.problem}. {error.remedy}") from None


def values(given: Sequence[str] | None) -> dict[str, str]:
    """Read what --set gives: names and values; the last of one name counts."""
    pairs = [text.partition("=") for text in given or ()]
    for name, equals, _ in pairs:
        if not (name and equals):
            problem = f"--set {name}: is no NAME=VALUE; give one such as --set rate_min_orders=2"
            raise InvalidArgumentError(problem)
    return {name: value for name, _, value in pairs}


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
