import json
from base64 import b64decode
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.stored import AFTER, BEFORE, EARLY, FOLDER, LATE, REGISTER, rows_of, told

RELEASES = sorted(FOLDER.glob("*.json"))


@pytest.fixture(params=RELEASES, ids=lambda path: path.stem)
def stored(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    read: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return read


def test_this_release_has_frozen_what_it_stores() -> None:
    assert version("vbp-compliance") in {path.stem for path in RELEASES}


def test_what_a_release_stored_is_judged_on_as_if_it_had_been_told_to_this_one(
    stored: dict[str, Any],
) -> None:
    fresh, carried_on = told(EARLY, BEFORE), told(EARLY, BEFORE)
    carried_on.rows = rows_of(stored)
    for worker in (fresh, carried_on):
        worker.hear(LATE, AFTER)
        worker.look_again(AFTER)
    assert len(fresh.told) > len(fresh.violations()) > 3
    assert carried_on.violations() == fresh.violations()
    assert carried_on.told.keys() == fresh.told.keys()


def test_the_register_that_a_release_stored_is_read_as_it_was_told(stored: dict[str, Any]) -> None:
    register = told(EARLY, BEFORE).law.register
    for kind, cls in REGISTER.items():
        read: dict[Any, Any] = {
            (where, code): msgspec.msgpack.decode(b64decode(body), type=cls)
            for where, code, body in stored["register"][kind]
        }
        assert read
        assert is_kept(read, getattr(register, kind))


def is_kept(read: Any, today: Any) -> bool:
    """Whether what was read is what is told today, but for fields that were not kept then."""
    if isinstance(read, msgspec.Struct):
        return type(read) is type(today) and all(
            is_kept(getattr(read, field.name), getattr(today, field.name))
            or getattr(read, field.name) == field.default is not msgspec.NODEFAULT
            for field in msgspec.structs.fields(read)
        )
    if isinstance(read, dict):
        return read.keys() == today.keys() and all(is_kept(read[key], today[key]) for key in read)
    if isinstance(read, list):
        return len(read) == len(today) and all(map(is_kept, read, today))
    return bool(read == today)
