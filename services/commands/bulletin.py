"""`vbp bulletin`: write the bulletin of a month, and issue it."""

import asyncio
import sys
from pathlib import Path

import msgspec

from services.commands.terminal import say
from services.compliance.answers import bulletin, bulletin_forms
from services.compliance.answers.bulletin import Issue, Shown, Wanted
from services.compliance.answers.bulletin_forms import Form
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.domain.errors import InvalidArgumentError


def run(settings: Settings, wanted: Wanted, form: Form, out: str, by: str | None) -> None:
    """Write a bulletin, after issuing it if somebody does."""
    shown = asyncio.run(_shown(settings, wanted, by))
    body = _written(shown, form)
    if out == "-":
        sys.stdout.buffer.write(body)
        sys.stdout.flush()
        return
    Path(out).write_bytes(body)
    say(f"The bulletin of {wanted.month} is in {out}")


async def _shown(settings: Settings, wanted: Wanted, by: str | None) -> Shown:
    # Where it is away, this says which variable names it; an answer over HTTP would not.
    await (await postgres.connect(settings.database)).close()
    figures = Figures(settings.orders_url, settings.delivery_url, settings.key_file)
    async with Database(settings.database) as database:
        if by is None:
            return await bulletin.show(database, figures, wanted)
        made = await bulletin.compose(database, figures, wanted)
        if not await bulletin.issue(settings.database, made, by):
            raise InvalidArgumentError(
                f"the bulletin of {wanted.month} was issued before, and stays as it was: "
                "leave out --issue to see it, and what has changed since"
            )
        return Shown(made, Issue(made.made_at, by))


def _written(shown: Shown, form: Form) -> bytes:
    if form == "xlsx":
        return bulletin_forms.xlsx(shown)
    if form == "csv":
        return ("\ufeff" + bulletin_forms.csv_text(shown)).encode()
    if form == "json":
        return msgspec.json.encode(shown) + b"\n"
    return bulletin_forms.html(shown).encode()
