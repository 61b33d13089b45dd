"""The jars are the pinned ones, or they are not run."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typing_extensions import override

from deploy.local.errors import JarChecksumError, JarDownloadError
from deploy.local.jars import Jar, cache_directory, fetch_jars, read_pins
from deploy.local.processes import free_ports

CONTENT = b"the content of a jar"
JAR = Jar("org.example:tool:1.0", hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))
OTHER = Jar("org.example:other:2.0", JAR.sha256, JAR.size)


class _Quiet(http.server.SimpleHTTPRequestHandler):
    @override
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    served = tmp_path / "repository"
    served.mkdir()
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), partial(_Quiet, directory=served)
    ) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        monkeypatch.setenv("VBP_MAVEN_REPOSITORY", f"http://127.0.0.1:{server.server_port}")
        yield served
        server.shutdown()
        thread.join()


def publish(repository: Path, jar: Jar, content: bytes) -> None:
    group, artifact, version = jar.coordinates.split(":")
    folder = repository / group.replace(".", "/") / artifact / version
    folder.mkdir(parents=True, exist_ok=True)
    (folder / jar.file_name).write_bytes(content)


def test_a_missing_jar_is_fetched_once_and_said_so(repository: Path, tmp_path: Path) -> None:
    publish(repository, JAR, CONTENT)
    said: list[str] = []
    files = fetch_jars(tmp_path, jars=(JAR,), say=said.append)
    assert [file.read_bytes() for file in files] == [CONTENT]
    assert fetch_jars(tmp_path, jars=(JAR,), say=said.append) == files
    assert len(said) == 1
    assert "1 jars" in said[0]


def test_a_jar_in_the_cache_with_another_sum_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "jars" / JAR.file_name
    file.parent.mkdir()
    file.write_bytes(b"something else")
    got = hashlib.sha256(b"something else").hexdigest()
    with pytest.raises(JarChecksumError) as refused:
        fetch_jars(tmp_path, jars=(JAR,))
    assert all(part in str(refused.value) for part in (str(file), JAR.sha256, got, "Delete it"))


def test_a_jar_served_with_another_sum_never_gets_its_name(
    repository: Path,
    tmp_path: Path,
) -> None:
    publish(repository, JAR, CONTENT[::-1])
    with pytest.raises(JarChecksumError, match=r"tool-1\.0\.jar\.rejected is not the pinned jar"):
        fetch_jars(tmp_path, jars=(JAR,))
    publish(repository, JAR, CONTENT)
    assert fetch_jars(tmp_path, jars=(JAR,))[0].read_bytes() == CONTENT


def test_half_a_jar_counts_as_not_downloaded(repository: Path, tmp_path: Path) -> None:
    publish(repository, JAR, CONTENT[:5])
    with pytest.raises(JarDownloadError, match="it ended after 5 of 20 bytes"):
        fetch_jars(tmp_path, jars=(JAR,))
    assert not list((tmp_path / "jars").glob("*"))


def test_a_second_try_keeps_what_the_first_one_got(repository: Path, tmp_path: Path) -> None:
    publish(repository, JAR, CONTENT)
    publish(repository, OTHER, CONTENT[:5])
    with pytest.raises(JarDownloadError, match=r"org\.example:other:2\.0"):
        fetch_jars(tmp_path, jars=(JAR, OTHER))
    publish(repository, OTHER, CONTENT)
    said: list[str] = []
    fetch_jars(tmp_path, jars=(JAR, OTHER), say=said.append)
    assert "1 jars" in said[0]


def test_without_a_network_the_message_names_the_jar_and_the_remedy(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    closed = f"http://127.0.0.1:{free_ports(1)[0]}"
    monkeypatch.setenv("VBP_MAVEN_REPOSITORY", closed)
    with pytest.raises(JarDownloadError) as failed:
        fetch_jars(tmp_path, jars=(JAR,))
    remedies = ("org.example:tool:1.0", "HTTPS_PROXY", "VBP_MAVEN_REPOSITORY", "try again")
    assert all(part in str(failed.value) for part in remedies)


def test_the_cache_moves_into_the_data_where_the_chosen_place_cannot_be_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VBP_CACHE", str(tmp_path / "file" / "below"))
    assert cache_directory(tmp_path) == tmp_path / "cache"


def test_the_pins_are_of_one_kafka_that_can_log() -> None:
    versions = {
        jar.coordinates.rpartition(":")[0]: jar.coordinates.split(":")[2] for jar in read_pins()
    }
    kafka = {version for name, version in versions.items() if name.startswith("org.apache.kafka:")}
    assert len(kafka) == 1
    log4j = {version for name, version in versions.items() if ".log4j:" in name}
    assert len(log4j) == 1
    assert "org.apache.logging.log4j:log4j-slf4j-impl" in versions
