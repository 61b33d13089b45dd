"""`vbp dead-letters redrive`: what this version takes of dead letters goes to its topic again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.commands.terminal import counted, say
from services.compliance.policies import policy as policies
from services.compliance.settings import Settings
from services.compliance.storage import letters
from services.compliance.storage.letters import KeptLetter
from services.compliance.worker.intake import Intake, Limit
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import EPOCH
from shared.domain.cloudevents import Event, Headers
from shared.domain.errors import TransientError
from shared.domain.permits import OPERATOR
from shared.domain.texts import plain

AT_ONCE = 500
_SHOWN = 50


@dataclass
class _Arrived:
    """A dead letter as the worker reads messages."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    checksum: str | None = None


class Redriven(NamedTuple):
    """How many are taken now, and how many are not."""

    taken: int
    refused: int


def redrive(settings: Settings, topic: str | None, *, dry: bool) -> Redriven:
    """Send what is taken now to its topic again, once; `dry` only says what would be.

    Raises TransientError where the broker does not take it; what it took before is noted.
    """
    done = asyncio.run(_redrive(settings, topic, dry=dry))
    would = "would be sent again" if dry else "sent again"
    say(f"{counted(done.taken, 'dead letter')} {would}, {done.refused} still refused")
    if done.refused:
        say("Mend those at their publisher, who sends them anew: vbp dead-letters show PLACE --raw")
    return done


async def _redrive(settings: Settings, topic: str | None, *, dry: bool) -> Redriven:
    known = policies.load(calendars=settings.calendars).jurisdictions
    connection = await postgres.connect(settings.database)
    sender = None if dry else await kafka.producer(settings.cluster(OPERATOR))
    taken = refused = 0
    try:
        async for some in _all_of(connection, topic):
            # Each may be refused again: that says nothing of this worker.
            read = Intake(known, Limit(len(some))).read([], map(_arrived, some), datetime.now(UTC))
            for letter in read.letters[: max(0, _SHOWN - refused)]:
                place = f"{letter.topic}/{letter.partition}/{letter.offset}"
                say(f"{place}: {plain(letter.reason)}")
            refused += len(read.letters)
            taken += len(read.events)
            if sender is not None and read.events:
                await _send(sender, read.events)
                places = [(one.topic, one.partition, one.offset) for one in read.events]
                await letters.note_redriven(connection, places, datetime.now(UTC))
    finally:
        await connection.close()
        if sender is not None:
            await sender.stop()
    return Redriven(taken, refused)


async def _all_of(connection: Connection, topic: str | None) -> AsyncIterator[list[KeptLetter]]:
    """Give the dead letters that were not sent again, the first ones first, some at a time."""
    last = (EPOCH, "", -1, -1)
    while some := await letters.to_redrive(connection, topic, last, AT_ONCE):
        yield some
        last = (some[-1].told, some[-1].topic, some[-1].partition, some[-1].offset)


def _arrived(letter: KeptLetter) -> _Arrived:
    milliseconds = int((letter.told - EPOCH).total_seconds() * 1_000)
    place = (letter.topic, letter.partition, letter.offset, milliseconds)
    headers = [(name, value) for name, value in letter.headers if value is not None]
    return _Arrived(*place, letter.key, letter.value, headers)


async def _send(sender: AIOKafkaProducer, events: list[Event]) -> None:
    try:
        await asyncio.gather(*(await kafka.publish(sender, events)))
    except KafkaError as error:
        raise TransientError(
            f"the broker refused what was sent again: {error!r}. Try again; what it took already "
            "does no harm"
        ) from error
