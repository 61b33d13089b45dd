"""A door on the bus: what publishers tell on topics of their own is checked and sent on.

At least once: where a message stands is noted only after the broker has taken what came of it, and
an event that is sent on twice is still one, by its source and id.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from shared.adapters.identity.publishers import Publishers
from shared.adapters.kafka import Message, message_of
from shared.domain import cloudevents, topics
from shared.domain.cloudevents import MAX_BYTES
from shared.domain.errors import InvalidEventError, SetupError, TransientError
from shared.domain.principal import Principal
from shared.door.admission import check
from shared.door.metrics import DoorMetrics, reason_of
from shared.door.publisher import Publisher

AGAIN_AFTER: Final = 1.0
"""Seconds until what failed outside is tried again."""

SHORTENED: Final = 64 << 10
"""Bytes that are sent back of a message that is larger than any event may be."""

LONGEST_REASON: Final = 8_000

_log = logging.getLogger(__name__)


class Arrived(Protocol):
    """A message as a consumer gives it; `timestamp` is in milliseconds since 1970."""

    @property
    def topic(self) -> str:
        """Its topic."""

    @property
    def partition(self) -> int:
        """Its partition."""

    @property
    def offset(self) -> int:
        """Where it stands there."""

    @property
    def timestamp(self) -> int:
        """When the broker took it."""

    @property
    def key(self) -> bytes | None:
        """Its key."""

    @property
    def value(self) -> bytes | None:
        """Its value."""

    @property
    def headers(self) -> Sequence[tuple[str, bytes]]:
        """Its headers."""


class Wanted(NamedTuple):
    """What a door takes: events of `types`, of `jurisdictions`.

    Of all doors that read a topic one is the `first`: it sends back what no door can read.
    """

    types: frozenset[str]
    jurisdictions: Collection[str]
    first: bool


class BusDoor:
    """Takes messages of ingress topics: each is sent on, sent back, or another door's."""

    def __init__(
        self, wanted: Wanted, publishers: Publishers, publisher: Publisher, metrics: DoorMetrics
    ) -> None:
        self._wanted = wanted
        self._publishers = publishers
        self._publisher = publisher
        self._metrics = metrics

    async def take(self, messages: Sequence[Arrived]) -> None:
        """Return once the broker has taken what came of all messages; waits for what is away."""
        tellers = await self._tellers()
        made = [one for message in messages if (one := self._made(message, tellers)) is not None]
        with self._metrics.publishing.time():
            await self._put(made)

    async def _tellers(self) -> Mapping[str, Principal]:
        while True:
            try:
                return await self._publishers.known()
            except (TransientError, SetupError) as error:
                _log.warning("waiting to learn who publishes", extra={"problem": str(error)})
            await asyncio.sleep(AGAIN_AFTER)

    def _made(self, message: Arrived, tellers: Mapping[str, Principal]) -> Message | None:
        """Make what is to be put on a topic; None for what is another door's."""
        found = topics.INGRESS.fullmatch(message.topic)
        publisher = "" if found is None else found["publisher"]
        told = datetime.fromtimestamp(message.timestamp / 1_000, UTC)
        place = message.partition, message.offset
        try:
            event = cloudevents.read_message(message.value, message.headers, told, *place)
        except InvalidEventError as error:
            return self._sent_back(message, publisher, error) if self._wanted.first else None
        if event.type not in self._wanted.types:
            return None
        try:
            check(event, _teller(tellers, publisher), self._wanted.jurisdictions)
        except InvalidEventError as error:
            return self._sent_back(message, publisher, error)
        self._metrics.accepted(event.type)
        return message_of(event)

    def _sent_back(self, message: Arrived, publisher: str, error: InvalidEventError) -> Message:
        self._metrics.refused(reason_of(error))
        value, key, headers = message.value or b"", message.key, list(message.headers)
        said = {
            "dlq.field": error.field,
            "dlq.reason": str(error),
            "dlq.topic": message.topic,
            "dlq.partition": str(message.partition),
            "dlq.offset": str(message.offset),
        }
        size = len(value) + len(key or b"") + sum(len(n) + len(v or b"") for n, v in headers)
        if size > MAX_BYTES:
            said |= {"dlq.sha256": sha256(value).hexdigest(), "dlq.bytes": str(len(value))}
            value, key, headers = value[:SHORTENED], key and key[:SHORTENED], []
        reasons = [(name, _header(text)) for name, text in said.items()]
        return Message(topics.refused(publisher), value, key, [*headers, *reasons])

    async def _put(self, messages: Sequence[Message]) -> None:
        """Put messages on their topics, in their order."""
        while messages:
            reasons = await self._publisher.put(messages, len(messages))
            failed = next((n for n, reason in enumerate(reasons) if reason is not None), None)
            if failed is None:
                return
            _log.warning("the broker %s; sending again", reasons[failed])
            # What came after it was taken perhaps: it is sent again, so that the order is kept.
            messages = messages[failed:]
            await asyncio.sleep(AGAIN_AFTER)


def _teller(tellers: Mapping[str, Principal], publisher: str) -> Principal:
    """Give whom a topic is of; raises InvalidEventError for one of nobody."""
    if publisher not in tellers:
        remedy = f"Ask for a key of {publisher} that is taken: vbp keys create"
        raise InvalidEventError("source", "is told on a topic of nobody's", remedy, publisher)
    return tellers[publisher]


def _header(text: str) -> bytes:
    return text.encode()[:LONGEST_REASON].decode(errors="ignore").encode()
