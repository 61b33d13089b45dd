"""Evidence packs from the API: what they hold, checked by the command."""

from base64 import b64encode
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
import pytest

from services.commands import pack as command
from services.compliance.answers import packs
from services.compliance.findings import container
from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from shared.domain.calendar import instant_text
from shared.domain.errors import InvalidArgumentError, SetupError
from tests.support.kept import (
    NOBODY,
    POLICIES,
    TOLD,
    a_connection,
    a_violation,
    an_api,
    an_evidence,
    keep_fact,
    problem,
    read,
    tell,
)

pytestmark = pytest.mark.integration

LATER = TOLD + timedelta(days=2)
SHOWN = a_violation(evidence=[an_evidence(1), an_evidence(2)])
ADDRESS = f"/v1/violations/{SHOWN.id}/pack"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """A key to sign with; its public part lies beside it."""
    path = tmp_path / "pack.pem"
    command.make_key(path)
    return path


def public(key: Path) -> Path:
    return key.with_name(f"{key.name}.pub")


async def kept(connection: Connection) -> None:
    await keep_fact(connection, 1)
    await tell(connection, "opened", [SHOWN])
    await tell(connection, "withdrawn", [SHOWN], at=LATER)


async def test_a_pack_is_checked_by_the_command_and_one_byte_of_it_is_named(
    database: str, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with an_api(database, pack_key=key) as api, a_connection(database) as connection:
        await kept(connection)
        answer = await api.get(ADDRESS)
        again = await api.get(ADDRESS)
    assert answer.headers["content-type"] == "application/zip"
    assert answer.content == again.content
    file = tmp_path / "pack.zip"
    file.write_bytes(answer.content)

    assert command.verify(file, [public(key)])
    assert "2 lines of history, 2 facts, of 1 the data were not kept" in capsys.readouterr().err

    members = container.opened(answer.content).members
    told = msgspec.json.decode(members["violation.json"])
    assert (told["status"], told["recorded_at"]) == ("withdrawn", instant_text(LATER))
    policy = msgspec.json.decode(members["policy.json"])["policy"]
    assert SHOWN.quote in policy["clauses"]["七"]["text"]
    assert policy["values"]["response_hours"]["basis"]

    raw = bytearray(answer.content)
    raw[raw.index(b'"quantity":1200') + 12] ^= 1
    file.write_bytes(raw)
    assert not command.verify(file, [public(key)])
    assert capsys.readouterr().out.startswith("facts/000001.json: ")


async def test_a_pack_as_of_an_instant_holds_what_was_known_then(database: str, key: Path) -> None:
    async with an_api(database, pack_key=key) as api, a_connection(database) as connection:
        await kept(connection)
        then = await api.get(ADDRESS, params={"as_of": instant_text(TOLD)})
        problem(await api.get(ADDRESS, params={"as_of": "2022-01-01T00:00:00Z"}), 404)
        problem(await api.get(f"/v1/violations/{UUID(int=9)}/pack"), 404)

    members = container.opened(then.content).members
    assert msgspec.json.decode(members["violation.json"])["status"] == "open"
    assert [name for name in members if name.startswith("history/")] == ["history/000001.json"]


async def test_what_was_tampered_with_is_not_signed_and_what_is_too_large_neither(
    database: str, key: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with an_api(database, pack_key=key) as api, a_connection(database) as connection:
        await kept(connection)
        monkeypatch.setattr(packs, "MOST_BYTES", 1 << 10)
        assert "page by page" in problem(await api.get(ADDRESS), 413)["detail"]
        monkeypatch.undo()
        await connection.execute("UPDATE compliance.fact SET data = '{\"quantity\":1}'")
        assert "facts/000001.json" in problem(await api.get(ADDRESS), 409)["detail"]


PDF = b"%PDF-1.7 signed for by the hospital"
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture" * 100


async def disputed(api: httpx.AsyncClient, seen: int, *files: tuple[str, bytes]) -> None:
    body = {
        "violations": [{"id": str(SHOWN.id), "seq": seen}],
        "ground": "data",
        "text": "已按时送达",
        "attachments": [{"name": n, "data": b64encode(data).decode()} for n, data in files],
    }
    read(await api.post("/v1/disputes", json=body))


async def test_what_was_put_beside_a_dispute_is_in_the_pack_and_a_changed_byte_of_it_is_named(
    database: str, key: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with (
        an_api(database, pack_key=key, identity="local") as api,
        a_connection(database) as connection,
    ):
        await keep_fact(connection, 1)
        await tell(connection, "opened", [SHOWN])
        await disputed(api, 1, ("签收单.pdf", PDF), ("again.pdf", PDF), ("seal.png", PNG))
        answer = await api.get(ADDRESS)
        then = await api.get(ADDRESS, params={"as_of": instant_text(TOLD)})
    file = tmp_path / "pack.zip"
    file.write_bytes(answer.content)
    assert command.verify(file, [public(key)])
    assert "2 facts, of 1 the data were not kept any more, 3 attachments:" in (
        capsys.readouterr().err
    )
    members = container.opened(answer.content).members
    place = f"attachments/{sha256(PDF).hexdigest()}.pdf"
    assert members[place] == PDF
    told = msgspec.json.decode(members["attachments.json"])
    assert [(one["seq"], one["name"], one["file"]) for one in told[:2]] == [
        (2, "签收单.pdf", place),
        (2, "again.pdf", place),
    ]
    assert place.encode() in members["manifest.json"]
    assert container.opened(then.content).members["attachments.json"] == b"[]"

    raw = bytearray(answer.content)
    raw[raw.index(b"signed for by") + 3] ^= 1
    file.write_bytes(raw)
    assert not command.verify(file, [public(key)])
    assert capsys.readouterr().out.startswith(f"{place}: ")


async def test_of_files_that_a_pack_has_no_room_for_or_that_were_erased_it_tells_the_hash(
    database: str,
    key: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    large = PDF + b"x" * 50_000
    async with (
        an_api(database, pack_key=key, identity="local") as api,
        a_connection(database) as connection,
    ):
        await tell(connection, "opened", [SHOWN])
        await disputed(api, 1, ("large.pdf", large), ("small.png", PNG), ("gone.pdf", PDF))
        await connection.execute(
            "UPDATE compliance.attachment SET bytes = '', erased_at = now() WHERE sha256 = $1",
            sha256(PDF).digest(),
        )
        monkeypatch.setattr(packs, "MOST_BYTES", 20_000)
        answer = await api.get(ADDRESS)
    told = msgspec.json.decode(container.opened(answer.content).members["attachments.json"])
    assert [one["file"] is None for one in told] == [True, False, True]
    assert told[0]["sha256"] == sha256(large).hexdigest()
    file = tmp_path / "pack.zip"
    file.write_bytes(answer.content)
    assert command.verify(file, [public(key)])
    assert "3 attachments, of 2 the hash alone" in capsys.readouterr().err


async def test_without_a_key_nothing_is_signed_and_the_remedy_is_said(database: str) -> None:
    async with an_api(database) as api:
        assert "vbp pack key" in problem(await api.get(ADDRESS), 501)["detail"]


@pytest.mark.parametrize("held", [None, "", "no key", "public"])
def test_a_key_that_is_none_ends_the_start_with_file_and_remedy(
    key: Path, held: str | None
) -> None:
    path = public(key) if held == "public" else key.with_name("other")
    if held is not None and held != "public":
        path.write_text(held)

    with pytest.raises(SetupError, match=f"VBP_PACK_KEY: .*{path.name}.*vbp pack key"):
        create_app(Settings(database=NOBODY, pack_key=path), POLICIES)


def test_a_key_is_for_its_owner_alone_and_never_written_over(key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    with pytest.raises(InvalidArgumentError, match="is there already"):
        command.make_key(key)
    assert key.read_bytes() == before
