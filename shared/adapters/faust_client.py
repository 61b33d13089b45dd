"""Faust as our workers are hosted by it: membership, whole batches, supervision, and no more.

It acknowledges messages that no agent has seen as soon as one raises, and goes on to do so behind
an agent that failed; so it acknowledges nothing, and its consumers are made as all of ours are.
"""

import asyncio
import logging
import tempfile
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver

from shared.adapters import kafka
from shared.adapters.cluster import Cluster

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 1.0
POLLED_WITHIN_SECONDS = 3_600.0
"""A batch that waits for the broker or for PostgreSQL is waited for: a thread sends heartbeats."""


class HostedApp(faust.App):
    """A Faust application that acknowledges nothing and keeps nothing of its own.

    A member that is silent for `session` seconds is out of the group; `buffered` messages are read
    ahead of its agents, and one fetch gives `fetched` at most.
    """

    def __init__(  # noqa: PLR0913  # what two kinds of hosts differ in
        self,
        group: str,
        cluster: Cluster,
        consumer: type[driver.Consumer],
        *,
        session: float,
        buffered: int,
        fetched: int,
    ) -> None:
        self.cluster = cluster
        super().__init__(
            group,
            broker=f"kafka://{cluster.servers}",
            broker_credentials=_credentials(cluster),
            datadir=str(Path(tempfile.gettempdir()) / "vbp-faust"),
            web_enabled=False,
            autodiscover=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            table_standby_replicas=0,
            stream_buffer_maxsize=buffered,
            stream_wait_empty=False,
            key_serializer="raw",
            value_serializer="raw",
            broker_session_timeout=session,
            broker_rebalance_timeout=session,
            broker_heartbeat_interval=HEARTBEAT_SECONDS,
            broker_max_poll_interval=POLLED_WITHIN_SECONDS,
            broker_max_poll_records=fetched,
        )
        transport: Any = self.transport
        transport.Consumer = consumer

    def as_bytes(self, names: Iterable[str]) -> Any:
        """Give topics whose messages are handed over as they are."""
        return self.topic(*names, key_serializer="raw", value_serializer="raw", acks=False)

    def have_taken(
        self,
        read: Any,
        name: str,
        take: Callable[[list[Any]], Awaitable[None]],
        *,
        at_once: int,
        within: float,
    ) -> None:
        """Have an agent hand over events of topics, some at once; what `take` raises ends all.

        An event waits for others for `within` seconds at most.
        """

        async def hand_over(stream: Any) -> None:
            # Only this pair acknowledges nothing whatever happens: `noack_take` alone goes on to
            # acknowledge once its loop has been left.
            async for events in stream.noack().noack_take(at_once, within=within):
                try:
                    await take(events)
                except asyncio.CancelledError:
                    raise
                except Exception as error:
                    log.critical("%s", error, exc_info=error)
                    await self.crash(error)
                    # What comes after is not handed over: the next process reads it again.
                    await asyncio.Event().wait()

        self.agent(read, name=name, concurrency=1)(hand_over)


def member(app: Any, assignor: type[Any], **more: Any) -> AIOKafkaConsumer:
    """Make the consumer of a hosted application, one of those among whom `assignor` deals."""
    conf = app.conf
    return kafka.consumer(
        app.cluster,
        group=conf.id,
        partition_assignment_strategy=[assignor],
        session_timeout_ms=int(conf.broker_session_timeout * 1_000),
        rebalance_timeout_ms=int(conf.broker_rebalance_timeout * 1_000),
        heartbeat_interval_ms=int(conf.broker_heartbeat_interval * 1_000),
        max_poll_interval_ms=int(conf.broker_max_poll_interval * 1_000),
        max_poll_records=conf.broker_max_poll_records,
        metadata_max_age_ms=10_000,
        **more,
    )


def _credentials(cluster: Cluster) -> faust.SASLCredentials | None:
    """Give by what Faust's producer, which it starts whether it is used or not, is let in."""
    told = cluster.security()
    if not told:
        return None
    return faust.SASLCredentials(
        username=told["sasl_plain_username"],
        password=told["sasl_plain_password"],
        ssl_context=told["ssl_context"],
        mechanism=told["sasl_mechanism"],
    )
