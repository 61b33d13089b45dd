"""Evidence packs: what was signed holds, and no byte of one can be changed unnoticed."""

import io
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from uuid import UUID

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as some

from services.compliance.findings import container, pack
from services.compliance.findings.anchor import fingerprint
from services.compliance.findings.history import HistoryRow, lines_of
from services.compliance.findings.pack import Content
from services.compliance.findings.past import HeldUntil
from services.compliance.findings.violation import Change, ChangeKind, served
from tests.support.kept import ORDER_PLACED, TOLD, a_violation, an_evidence

KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
TRUSTED = {fingerprint(KEY.public_key()): KEY.public_key()}
OTHER = Ed25519PrivateKey.from_private_bytes(b"o" * 32)
POLICY = '{"policy":{"clauses":{"七":"按合同约定及时响应"}}}'.encode()


def a_history(*kinds: ChangeKind) -> list[HistoryRow]:
    """The lines of a violation to which these things happened, hashed."""
    told = a_violation(evidence=[an_evidence(1), an_evidence(2)])
    lines, head = list[HistoryRow](), b""
    for seq, kind in enumerate(kinds, 1):
        change = Change(kind, told.id, TOLD, None if kind == "withdrawn" else told, ())
        columns = lines_of([change])
        line = (columns.lines or columns.withdrawn_lines)[0]
        head = sha256(head + line).digest()
        lines.append(HistoryRow(seq, "2022-05-01T00:00:00.000000Z", "machine", kind, line, head))
    return lines


def content(lines: list[HistoryRow]) -> Content:
    held = HeldUntil(a_violation().id)
    for line in lines:
        held.take(line)
    row = held.row()
    assert row is not None
    stood = served(row)
    first, second = pack.pointed_at(lines)
    return Content(stood, lines, [(first, ORDER_PLACED), (second, None)], POLICY)


@cache
def packed() -> bytes:
    return pack.write(content(a_history("opened", "changed", "withdrawn")), KEY)


def regions(raw: bytes) -> list[tuple[int, str]]:
    """Where the bytes of each member begin, its header among them, and where the directory does."""
    book = zipfile.ZipFile(io.BytesIO(raw))
    return [(one.header_offset, one.filename) for one in book.infolist()] + [
        (book.start_dir, "the directory")
    ]


def repacked(members: Mapping[str, bytes], *, key: Ed25519PrivateKey | None = None) -> bytes:
    """Pack members whatever they are; with a key, the manifest is made and signed again."""
    files = dict(members)
    if key is not None:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = [
            {"name": name, "size": len(held), "sha256": sha256(held).hexdigest()}
            for name, held in files.items()
            if not name.startswith("manifest.")
        ]
        manifest["key"] = fingerprint(key.public_key())
        files["manifest.json"] = json.dumps(manifest).encode()
        files["manifest.sig"] = key.sign(files["manifest.json"])
    return container.packed(files)


def members() -> dict[str, bytes]:
    return dict(container.opened(packed()).members)


def test_a_pack_as_it_was_written_holds_and_says_what_was_not_kept() -> None:
    verdict = pack.verify(packed(), TRUSTED)

    assert (verdict.problems, verdict.facts, verdict.unkept) == ((), 2, 1)
    assert verdict.manifest is not None
    assert verdict.manifest.violation == a_violation().id


def test_the_same_content_gives_the_same_bytes() -> None:
    assert pack.write(content(a_history("opened", "changed", "withdrawn")), KEY) == packed()


def test_any_zip_program_opens_it() -> None:
    book = zipfile.ZipFile(io.BytesIO(packed()))

    assert book.testzip() is None
    assert {name: book.read(name) for name in book.namelist()} == members()
    assert a_violation().quote in book.read("history/000001.json").decode()


def test_each_byte_that_is_changed_is_found_and_its_file_named() -> None:
    raw, name = packed(), ""
    names = dict(regions(raw))
    for place in range(len(raw)):
        name = names.get(place, name)
        # Every bit of a byte has its turn, and the byte of one bit its neighbours'.
        changed = raw[:place] + bytes([raw[place] ^ (1 << place % 8)]) + raw[place + 1 :]
        found = pack.verify(changed, TRUSTED).problems
        assert any(name in problem for problem in found), (place, name, found)


@settings(max_examples=300, deadline=None)
@given(some.data())
def test_whatever_a_byte_becomes_and_wherever_bytes_are_added_or_lost_it_is_found(
    data: some.DataObject,
) -> None:
    raw = packed()
    first = data.draw(some.integers(0, len(raw)))
    last = data.draw(some.integers(first, min(len(raw), first + 3)))
    put = data.draw(some.binary(max_size=3))
    changed = raw[:first] + put + raw[last:]

    assert (pack.verify(changed, TRUSTED).problems == ()) == (changed == raw)


@settings(max_examples=150, deadline=None)
@given(some.data())
def test_a_byte_that_is_changed_with_its_checksum_is_found_by_the_manifest(
    data: some.DataObject,
) -> None:
    files = members()
    name = data.draw(some.sampled_from(sorted(files)))
    place = data.draw(some.integers(0, len(files[name]) - 1))
    held = bytearray(files[name])
    held[place] ^= data.draw(some.integers(1, 255))

    found = pack.verify(repacked(files | {name: bytes(held)}), TRUSTED).problems
    assert any(name in problem for problem in found), found


@settings(max_examples=200, deadline=None)
@given(some.binary(max_size=400))
def test_what_is_no_pack_at_all_is_said_to_be_none(raw: bytes) -> None:
    assert pack.verify(raw, TRUSTED).problems
    assert pack.verify(packed()[: len(raw)], TRUSTED).problems
    assert pack.verify(packed() + raw[:1] + b"x", TRUSTED).problems


def test_a_pack_of_somebody_else_is_not_trusted_though_all_fits() -> None:
    raw = repacked(members(), key=OTHER)

    (problem,) = pack.verify(raw, TRUSTED).problems
    assert fingerprint(OTHER.public_key()) in problem
    assert "not of one trusted" in problem
    assert pack.verify(packed(), {}).problems


def test_a_manifest_that_says_it_is_of_our_key_and_is_not_does_not_hold() -> None:
    files = members()
    files["manifest.sig"] = OTHER.sign(files["manifest.json"])

    (problem,) = pack.verify(repacked(files), TRUSTED).problems
    assert "not what was signed" in problem


def test_a_pack_of_the_form_before_is_read_as_it_was_signed() -> None:
    files = members()
    del files["attachments.json"]
    lacking = pack.verify(repacked(files, key=KEY), TRUSTED).problems
    assert [one for one in lacking if one.startswith("attachments.json: ")] == list(lacking) != []
    files["manifest.json"] = files["manifest.json"].replace(b"vbp-pack-2", b"vbp-pack-1")
    assert pack.verify(repacked(files, key=KEY), TRUSTED).problems == ()


CHANGED = {
    "violation.json": (b'"severity":"warning"', b'"severity":"breach"'),
    "history/000002.json": (b'"order":"O1"', b'"order":"O2"'),
    "history.json": (b'"actor":"machine"', b'"actor":"person:x"'),
    "facts/000001.json": (b"1200", b"1201"),
    "facts.json": (b'"offset":2', b'"offset":3'),
}


@pytest.mark.parametrize("name", CHANGED)
def test_even_who_holds_the_key_cannot_sign_what_does_not_fit_together(name: str) -> None:
    files, (was, now) = members(), CHANGED[name]
    assert was in files[name]
    files[name] = files[name].replace(was, now)

    found = pack.verify(repacked(files, key=KEY), TRUSTED).problems
    assert found
    assert all("manifest" not in problem for problem in found), found


@pytest.mark.parametrize("name", ["history/000003.json", "facts/000001.json", "policy.json"])
def test_a_file_that_was_taken_out_or_put_in_is_named(name: str) -> None:
    files = members()
    extra = files | {"extra.json": b"{}"}
    del files[name]

    assert f"{name}: is missing" in pack.verify(repacked(files), TRUSTED).problems
    found = pack.verify(repacked(extra), TRUSTED).problems
    assert found == ("extra.json: is not in the manifest",)


def test_a_later_form_is_refused_and_not_half_read() -> None:
    files = members()
    manifest = json.loads(files["manifest.json"]) | {"format": "vbp-pack-3"}
    files["manifest.json"] = msgspec.json.encode(manifest)

    (problem,) = pack.verify(repacked(files), TRUSTED).problems
    assert "this reads vbp-pack-1" in problem


@settings(max_examples=60, deadline=None)
@given(some.dictionaries(some.text(min_size=1, max_size=9), some.binary(max_size=30), max_size=5))
def test_a_container_gives_back_what_was_put_in(files: dict[str, bytes]) -> None:
    opened = container.opened(container.packed(files))

    if files:
        assert (dict(opened.members), opened.problems) == (files, ())


def test_it_is_about_the_violation_that_it_names() -> None:
    files = members()
    manifest = json.loads(files["manifest.json"]) | {"violation": str(UUID(int=5))}
    files["manifest.json"] = msgspec.json.encode(manifest)

    assert pack.verify(repacked(files, key=KEY), TRUSTED).problems
