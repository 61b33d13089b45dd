"""What must hold after a run, each as a list of what does not; empty where all is well."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from aiokafka.structs import TopicPartition

from services.compliance.answers import audit
from services.compliance.judging.replay import Replay
from services.compliance.judging.upshot import UnjudgedKey
from services.compliance.judging.weighing import WeighedKey
from shared.adapters import kafka
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.cloudevents import Event, read_fact
from shared.domain.topics import Place
from tests.campaign import poison
from tests.support.workers.in_process import POLICIES, STANDING, compared, replayed

SHOWN = 5
SCANNED_WITHIN = 1_800.0
OPENED = """
SELECT opened.violation, opened.at, violation.rule, violation.body
FROM compliance.history opened JOIN compliance.violation ON violation.id = opened.violation
WHERE opened.change = 'opened' AND violation.rule = ANY($1)
  AND EXISTS (SELECT FROM compliance.history later
              WHERE later.violation = opened.violation AND later.change = 'withdrawn'
                AND later.seq > opened.seq)
"""
ON_SILENCE = ("late-response", "late-delivery", "coverage-gap", "unreported-shortage")
FACTS = """
SELECT topic, partition, "offset", told, type, source, id, "time", recorded, data
FROM compliance.fact
"""
POSITIONS = """
SELECT topic, partition, next_offset, base, end_offset, stable_offset, epoch, heard_until, asked_at
FROM compliance.position
WHERE (topic, partition) IN (SELECT topic, partition FROM compliance.position
                             ORDER BY next_offset < end_offset DESC, heard_until LIMIT 3)
   OR topic = 'vbp.register.v1'
"""
PASSED = "SELECT topic, partition, next_offset FROM compliance.position"
LOST = "SELECT coalesce(sum(next_offset - first_offset), 0) FROM compliance.loss"


async def same_as_replay(connection: Connection, events: Sequence[Event]) -> list[str]:
    """Hold the violations that stand against a replay of the archive."""
    rows = await connection.fetch(STANDING)
    found = compared(msgspec.json.decode(row["body"]) for row in rows)
    wanted = compared(replayed(events, datetime.now(UTC)))
    return _shown("is missing", wanted - found) + _shown("accuses falsely", found - wanted)


async def all_taken(
    connection: Connection, bootstrap: str, began: Mapping[Place, int], events: Sequence[Event]
) -> list[str]:
    """Hold what was taken against what stands on the topics, each place once."""
    facts = await places(connection, "fact")
    letters = await places(connection, "dead_letter")
    told = await scanned(bootstrap, began)
    problems = _shown("was not taken", told - facts - letters)
    problems += _shown("was taken from nowhere", (facts | letters) - told)
    problems += _shown("is both a fact and a dead letter", facts & letters)
    return problems + await right_ones_taken(connection, events)


async def all_counted(
    connection: Connection, began: Mapping[Place, int], events: Sequence[Event]
) -> list[str]:
    """Hold what was taken against how far was read, less what is noted as lost."""
    rows = await connection.fetch(PASSED)
    stands = {(row["topic"], row["partition"]): row["next_offset"] for row in rows}
    passed = sum(offset - began.get(place, 0) for place, offset in stands.items())
    taken = len(await places(connection, "fact")) + len(await places(connection, "dead_letter"))
    lost = int(await connection.fetchval(LOST))
    problems = []
    if passed != taken + lost:
        problems = [f"{passed} offsets passed, {taken} taken, {lost} noted as lost"]
    return problems + await right_ones_taken(connection, events)


async def right_ones_taken(connection: Connection, events: Sequence[Event]) -> list[str]:
    """See that every event is a fact, no other is, and none became a dead letter."""
    valid = {event.id for event in events}
    rows = await connection.fetch("SELECT DISTINCT id FROM compliance.fact")
    facts = {row["id"] for row in rows}
    letters = await connection.fetch("SELECT headers, reason FROM compliance.dead_letter")
    refused = {
        f"{row['reason']}: {headers}"
        for row in letters
        if not poison.is_poison(headers := _headers(row["headers"]))
    }
    return (
        _shown("was told and is no fact", valid - facts)
        + _shown("is a fact that nobody told", facts - valid)
        + _shown("was valid and is a dead letter", refused)
    )


async def accusations_explained(connection: Connection) -> tuple[int, list[str]]:
    """Count accusations from silence that were withdrawn, and name those no replay would make.

    One is explained if a replay of what was told by some moment before it comes to it as well.
    """
    opened = await connection.fetch(OPENED, list(ON_SILENCE))
    if not opened:
        return 0, []
    history = _History([_fact(row) for row in await connection.fetch(FACTS)])
    problems = []
    for row in opened:
        said = msgspec.json.decode(row["body"])
        if not history.ever_accused(said["id"], said["product"], row["at"]):
            problems.append(
                f"accused by silence at {row['at']} though told otherwise: "
                f"{row['rule']} {said['subject']} {said['anchor']}"
            )
    return len(opened), problems[:SHOWN]


async def nothing_tampered(dsn: str) -> list[str]:
    """Audit all that is kept: it is untouched, so every complaint is false."""
    problems: list[str] = []
    unjudged: Counter[UnjudgedKey] = Counter()
    weighed: Counter[WeighedKey] = Counter()
    async with audit.reading(dsn) as reader:
        _, sizes = await audit.export(reader)
        for share in range(audit.SHARES):
            problems += (await audit.check_violations(reader, share)).problems
        for block in range(0, sizes.blocks, audit.BLOCKS_AT_ONCE):
            part = await audit.check_records(reader, block)
            problems += part.problems
            unjudged.update(part.unjudged)
            weighed.update(part.weighed)
        problems += await audit.check_counts(reader, unjudged, weighed)
    return [f"false verdict: {problem}" for problem in problems[:SHOWN]]


async def none_set_aside(connection: Connection) -> list[str]:
    """See that no record was quarantined for a defect of the program."""
    rows = await connection.fetch("SELECT * FROM compliance.quarantine LIMIT 5")
    return [f"set aside: {dict(row)}" for row in rows]


async def where_it_stands(connection: Connection) -> list[str]:
    """Tell of the partitions that were not read to the end, or heard the longest ago."""
    rows = await connection.fetch(POSITIONS)
    return [
        f"stands: {', '.join(f'{name} {value}' for name, value in row.items())}" for row in rows
    ]


async def places(connection: Connection, table: str) -> set[tuple[str, int, int]]:
    """Give the topic, partition and offset of every row."""
    rows = await connection.fetch(f'SELECT topic, partition, "offset" FROM compliance.{table}')  # noqa: S608
    return {
        (
            row["topic"] if isinstance(row["topic"], str) else topics.INPUTS[row["topic"]].name,
            row["partition"],
            row["offset"],
        )
        for row in rows
    }


async def scanned(bootstrap: str, began: Mapping[Place, int]) -> set[tuple[str, int, int]]:
    """Read the topics from where a run began; gives the place of each message."""
    consumer = kafka.consumer(bootstrap)
    await consumer.start()
    found = set()
    try:
        there = {
            TopicPartition(topic.name, number)
            for topic in topics.INPUTS
            for number in (await _numbers(consumer, topic.name))
        }
        consumer.assign(there)
        for one in there:
            consumer.seek(one, began.get((one.topic, one.partition), 0))
        left = dict(await consumer.end_offsets(list(there)))
        began_at = time.monotonic()
        while left:
            if time.monotonic() - began_at > SCANNED_WITHIN:
                raise TimeoutError(f"not scanned to the end: {left}")
            for one, records in (await consumer.getmany(timeout_ms=200)).items():
                found |= {(one.topic, one.partition, record.offset) for record in records}
            for one in list(left):
                if await consumer.position(one) >= left[one]:
                    del left[one]
    finally:
        await consumer.stop()
    return found


async def _numbers(consumer: Any, topic: str) -> set[int]:
    await consumer._client.force_metadata_update()  # noqa: SLF001
    consumer._client.add_topic(topic)  # noqa: SLF001
    await consumer._client.force_metadata_update()  # noqa: SLF001
    numbers: set[int] = consumer.partitions_for_topic(topic)
    return numbers


class _History:
    """What was told of each product, and what a replay of it found at a moment.

    Workers accuse of many things at one moment, so each is replayed once.
    """

    def __init__(self, facts: Sequence[Event]) -> None:
        self._general: list[Event] = []
        self._of: defaultdict[str, list[Event]] = defaultdict(list)
        for fact in facts:
            product = getattr(fact.data, "product", None)
            if product is None or fact.topic == topics.REGISTER.name:
                self._general.append(fact)
            else:
                self._of[product].append(fact)
        self._found: dict[tuple[str, datetime], set[str]] = {}

    def ever_accused(self, violation: str, product: str, at: datetime) -> bool:
        """Whether a replay of what was told until some moment before `at` accuses as well."""
        about = [fact for fact in self._general + self._of[product] if fact.told <= at]
        moments = {at} | {fact.told for fact in about}
        for moment in sorted(moments, reverse=True)[:200]:
            if (product, moment) not in self._found:
                self._found[product, moment] = _accused(about, moment)
            if violation in self._found[product, moment]:
                return True
        return False


def _accused(facts: Sequence[Event], moment: datetime) -> set[str]:
    archive = Replay(POLICIES, moment)
    for fact in facts:
        archive.tell(fact)
    return {str(found.id) for found in archive.violations()}


def _fact(row: Mapping[str, Any]) -> Event:
    heard = {name: row[name] for name in ("told", "source", "id", "time", "recorded")}
    heard |= {"partition": row["partition"], "offset": row["offset"]}
    return read_fact(type=row["type"], data=row["data"], **heard)


def _headers(packed: bytes) -> list[tuple[str, bytes | None]]:
    return [
        (name if isinstance(name, str) else repr(name), value)
        for name, value in msgspec.msgpack.decode(packed)
    ]


def _shown(problem: str, found: Iterable[Any]) -> list[str]:
    """Tell how many there are, and some of them."""
    all_of_them = sorted(map(str, found))
    if not all_of_them:
        return []
    return [f"{len(all_of_them)} × {problem}: " + "; ".join(all_of_them[:SHOWN])]
