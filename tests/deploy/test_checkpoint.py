"""A new directory is like the one that the tool has made, and of a cluster of its own."""

from pathlib import Path

import pytest

from deploy.local import checkpoint
from deploy.local.archive import archive_file
from deploy.local.jars import cache_directory, fetch_jars
from deploy.local.kafka import KafkaBroker


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A directory that the tool has formatted."""
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / checkpoint.CHECKPOINT).write_bytes(b"features")
    return logs


def begun(kept: Path, name: str) -> Path | None:
    """A new directory; None where it was not formatted, and then nothing lies in it."""
    logs = kept.parent / name
    logs.mkdir()
    if checkpoint.begin_with(kept, logs, node=1):
        return logs
    assert not list(logs.iterdir())
    return None


def test_what_was_made_once_begins_others_each_with_marks_of_its_own(logs: Path) -> None:
    kept = logs.parent / "kept"
    checkpoint.keep(logs, kept)
    assert {one.name for one in kept.parent.iterdir()} == {"logs", "kept"}
    first, second = begun(kept, "first"), begun(kept, "second")
    assert first
    assert second
    for one in (first, second):
        assert (one / checkpoint.CHECKPOINT).read_bytes() == b"features"
        assert len(list(one.iterdir())) == 2
    marks = [
        dict(line.split("=", 1) for line in (one / checkpoint.MARKS).read_text().splitlines())
        for one in (first, second)
    ]
    assert [(one["node.id"], one["version"]) for one in marks] == [("1", "1")] * 2
    identities = [one[name] for one in marks for name in ("cluster.id", "directory.id")]
    assert len(set(identities)) == 4
    assert {len(identity) for identity in identities} == {22}


def test_what_is_damaged_anywhere_or_cut_off_begins_nothing(logs: Path) -> None:
    kept = logs.parent / "kept"
    checkpoint.keep(logs, kept)
    whole = kept.read_bytes()
    assert begun(kept, "whole")
    for at in range(len(whole)):
        kept.write_bytes(whole[:at])
        assert begun(kept, f"cut-{at}") is None
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert begun(kept, f"damaged-{at}") is None


def test_where_nothing_can_be_kept_nobody_is_stopped(logs: Path) -> None:
    kept = logs.parent / "nowhere" / "kept"
    checkpoint.keep(logs, kept)
    assert begun(logs.parent / "absent", "absent-one") is None
    kept.mkdir(parents=True)
    checkpoint.keep(logs, kept)
    assert begun(kept, "blocked") is None


def test_what_holds_the_users_of_a_closed_broker_is_neither_kept_nor_begun_with(
    logs: Path, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    checkpoint.keep(logs, kept)
    before = kept.read_bytes()
    closed = KafkaBroker(
        tmp_path / "closed",
        tmp_path / "log",
        (tmp_path / "no.jar",),
        begins_with=kept,
        keys=tmp_path / "keys",
    )
    formatting = closed.begin_preparing()
    assert formatting is not None, "formatted by what another broker began with"
    formatting.wait()
    (tmp_path / "closed" / "logs" / checkpoint.CHECKPOINT).write_bytes(b"users and passwords")
    closed.keep_beginning()
    assert kept.read_bytes() == before


@pytest.mark.integration
def test_the_tool_is_asked_once_and_its_features_are_those_of_every_broker(tmp_path: Path) -> None:
    cache = cache_directory(tmp_path)
    jars, kept = fetch_jars(cache), tmp_path / "kept"
    brokers = [
        KafkaBroker(
            tmp_path / name,
            tmp_path / "log",
            jars,
            archive=archive_file(cache),
            begins_with=kept,
        )
        for name in ("first", "second")
    ]
    formatting = brokers[0].begin_preparing()
    assert formatting is not None
    assert formatting.wait() == 0
    brokers[0].keep_beginning()
    assert brokers[1].begin_preparing() is None
    first, second = ((tmp_path / name / "logs") for name in ("first", "second"))
    assert {one.name for one in first.iterdir()} == {one.name for one in second.iterdir()}
    made = [(one / checkpoint.CHECKPOINT).read_bytes() for one in (first, second)]
    assert made[0] == made[1]
    assert b"metadata.version" in made[0]
