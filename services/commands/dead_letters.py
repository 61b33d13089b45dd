"""`vbp dead-letters`: what could not be taken, and why."""

import re
import sys

from rich.table import Table

from services.commands.on_database import on_database
from services.commands.terminal import say, show
from services.compliance.findings.words import shanghai
from services.compliance.settings import Settings
from services.compliance.storage import letters
from services.compliance.storage.letters import KeptLetter
from shared.domain.errors import InvalidArgumentError
from shared.domain.texts import plain

_PLACE = re.compile(
    r"(?P<topic>[A-Za-z0-9._-]{1,249})/(?P<partition>[0-9]{1,9})/(?P<offset>[0-9]{1,18})"
)


def show_letters(settings: Settings, topic: str | None, at_most: int) -> None:
    """Print the last dead letters, each with the place by which it is shown whole."""
    found = on_database(settings, lambda connection: letters.listed(connection, topic, at_most))
    if not found:
        say("No dead letters" + ("" if topic is None else f" of {topic}"))
        return
    table = Table("place", "told", "field", "reason", "bytes")
    for one in found:
        place = f"{one.topic}/{one.partition}/{one.offset}"
        table.add_row(
            place, shanghai(one.told), plain(one.field), plain(one.reason), f"{one.bytes:,}"
        )
    show(table)
    say("vbp dead-letters show PLACE gives one as it arrived")


def show_letter(settings: Settings, place: str, *, raw: bool) -> None:
    """Print a dead letter: why, and what arrived; `raw` is its bytes alone, to be mended."""
    wanted = _PLACE.fullmatch(place)
    if wanted is None:
        problem = f"PLACE: {place!r} is none. Write it as `vbp dead-letters list` does"
        raise InvalidArgumentError(f"{problem}: vbp.orders.v1/3/1207")
    at = (wanted["topic"], int(wanted["partition"]), int(wanted["offset"]))
    found = on_database(settings, lambda connection: letters.one(connection, *at))
    if found is None:
        raise InvalidArgumentError(f"PLACE: no dead letter is of {place}")
    if raw:
        sys.stdout.buffer.write(found.value or b"")
        sys.stdout.flush()
        return
    sys.stdout.writelines(f"{plain(line)}\n" for line in _lines(found))
    sys.stdout.flush()


def _lines(letter: KeptLetter) -> list[str]:
    sent = "not yet" if letter.sent_at is None else shanghai(letter.sent_at)
    told = [
        f"place   {letter.topic}/{letter.partition}/{letter.offset}",
        f"told    {shanghai(letter.told)}",
        f"field   {letter.field}",
        f"reason  {letter.reason}",
        f"sent    {sent}",
        f"key     {_shown(letter.key)}",
        *(f"header  {name}: {_shown(value)}" for name, value in letter.headers),
    ]
    return [*told, f"value   {_shown(letter.value)}"]


def _shown(told: bytes | None) -> str:
    return "none" if told is None else told.decode("utf-8", "backslashreplace")
