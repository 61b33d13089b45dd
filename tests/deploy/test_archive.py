"""The broker's archive is made once, and nothing that befalls it keeps a broker from starting."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.archive import archive_file, prepare_archive
from deploy.local.jars import cache_directory, fetch_jars, read_pins
from deploy.local.kafka import KafkaBroker

DAY_SECONDS = 24 * 3600


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """A cache whose jars are empty: no broker starts from them."""
    cache = tmp_path / "cache"
    (cache / "jars").mkdir(parents=True)
    for jar in read_pins():
        (cache / "jars" / jar.file_name).touch()
    return cache


def prepared(cache: Path, data: Path) -> list[str]:
    """Prepare the archive; what was said."""
    said: list[str] = []
    prepare_archive(cache, data, say=said.append)
    return said


def test_what_cannot_be_made_is_said_and_not_tried_again_for_a_day(
    broken: Path, tmp_path: Path
) -> None:
    once, why = prepared(broken, tmp_path)
    assert "once" in once
    assert "will start no faster" in why
    assert str(tmp_path / "logs" / "archive.log") in why
    assert "ClassNotFoundException" in why
    assert prepared(broken, tmp_path) == []
    (failure,) = broken.glob("*.failed")
    os.utime(failure, (failure.stat().st_mtime - DAY_SECONDS,) * 2)
    assert len(prepared(broken, tmp_path)) == 2
    assert not list(broken.glob("archiving-*"))


def test_two_that_want_it_at_once_make_it_once(broken: Path, tmp_path: Path) -> None:
    command = (
        "import sys, pathlib; from deploy.local.archive import prepare_archive\n"
        "cache, data = map(pathlib.Path, sys.argv[1:])\n"
        "prepare_archive(cache, data, say=print)"
    )
    both = [
        subprocess.Popen(  # noqa: S603 our own command.
            [sys.executable, "-c", command, str(broken), str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    said = "".join(one.communicate()[0] for one in both)
    assert said.count("Preparing Apache Kafka") == 1
    assert [one.returncode for one in both] == [0, 0]


def test_a_cache_that_cannot_be_written_stops_nobody(broken: Path, tmp_path: Path) -> None:
    (broken / "archive.lock").mkdir()
    (why,) = prepared(broken, tmp_path)
    assert "archive.lock" in why


def test_another_archive_belongs_to_jars_that_were_fetched_again(broken: Path) -> None:
    before = archive_file(broken)
    assert archive_file(broken) == before
    jar = next((broken / "jars").iterdir())
    os.utime(jar, (0, 0))
    assert archive_file(broken) != before


@pytest.mark.integration
def test_a_damaged_archive_is_left_aside(tmp_path: Path) -> None:
    cache = cache_directory(tmp_path)
    jars = fetch_jars(cache)
    prepare_archive(cache, tmp_path, say=print)
    damaged = bytearray(archive_file(cache).read_bytes())
    middle = len(damaged) // 3
    damaged[middle : middle + (1 << 20)] = bytes(1 << 20)
    archive = tmp_path / "damaged.aot"
    archive.write_bytes(damaged)
    log = tmp_path / "kafka.log"
    formatting = KafkaBroker(tmp_path / "kafka", log, jars, archive=archive).begin_preparing()
    assert formatting is not None
    assert formatting.wait() == 0
    assert "Checksum verification failed" in log.read_text(encoding="utf-8")
