"""An evidence pack: a violation with all that it rests on, signed, for whoever trusts nobody.

A zip that anybody can open. `manifest.json` names every other file with its SHA-256, and
`manifest.sig` is the Ed25519 signature over its bytes. Checking a pack takes the public key and
this module, neither a server nor a database.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Struct

from services.compliance.findings import container, enclosed
from services.compliance.findings.anchor import fingerprint
from services.compliance.findings.enclosed import ATTACHMENTS, Brought, Enclosed
from services.compliance.findings.history import HistoryRow, said_in
from services.compliance.findings.pack_readme import README_TEXT
from services.compliance.findings.past import HeldUntil
from services.compliance.findings.verification import Pointer, Reckoning, pointers
from services.compliance.findings.violation import ServedViolation, served
from shared.domain.cloudevents import canonical

FORMAT: Final = "vbp-pack-2"
_WITHOUT_FILES: Final = "vbp-pack-1"
"""The form before: it knew of no attachments, and is read as it was signed."""

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
VIOLATION, HISTORY, FACTS, POLICY, README = (
    "violation.json",
    "history.json",
    "facts.json",
    "policy.json",
    "README.txt",
)


class Content(NamedTuple):
    """What goes into a pack; `facts` are data as heard, None where they are no longer kept.

    `brought` are the files beside its lines.
    """

    violation: ServedViolation
    lines: Sequence[HistoryRow]
    facts: Sequence[tuple[Pointer, bytes | None]]
    policy: bytes
    as_of: str | None = None
    brought: Sequence[Brought] = ()


class _Listed(Struct, frozen=True):
    name: str
    size: int
    sha256: str


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a pack says of itself; `head` is the hash of its last line of history."""

    format: str
    violation: UUID
    as_of: str | None
    lines: int
    head: str
    key: str
    files: list[_Listed]


class PackLine(Struct, frozen=True):
    """A line of history beside its bytes."""

    seq: int
    at: str
    actor: str
    change: str
    hash: str
    file: str


class Fact(Struct, frozen=True):
    """An event that the violation rests on; `file` is None where its data are no longer kept."""

    evidence: Pointer
    sha256: str | None
    file: str | None


class PackVerdict(NamedTuple):
    """What a pack came to; it holds if there are no problems.

    `unkept` are the facts whose data were no longer kept when the pack was made, `left_out` the
    attachments of which it has the hash alone.
    """

    problems: tuple[str, ...]
    manifest: Manifest | None = None
    facts: int = 0
    unkept: int = 0
    attachments: int = 0
    left_out: int = 0


def pointed_at(lines: Iterable[HistoryRow]) -> list[Pointer]:
    """Give all events that lines rest on or were caused by, each once, in order."""
    found: dict[Pointer, None] = {}
    for line in lines:
        said = said_in(line)
        violation = said.get("violation")
        told = violation.get("evidence") if isinstance(violation, dict) else []
        found |= dict.fromkeys([*pointers(told), *pointers(said.get("causes", []))])
    return list(found)


def write(content: Content, key: Ed25519PrivateKey) -> bytes:
    """Make a pack; the same content and key give the same bytes."""
    files = dict(_files(content))
    manifest = Manifest(
        format=FORMAT,
        violation=content.violation.id,
        as_of=content.as_of,
        lines=len(content.lines),
        head=content.lines[-1].hash.hex(),
        key=fingerprint(key.public_key()),
        files=[_Listed(name, len(held), _sum(held)) for name, held in files.items()],
    )
    told = msgspec.json.encode(manifest)
    return container.packed({MANIFEST: told, SIGNATURE: key.sign(told), **files})


def verify(raw: bytes, keys: Mapping[str, Ed25519PublicKey]) -> PackVerdict:
    """Check a pack against the keys that are trusted, by their fingerprints."""
    members, broken = container.opened(raw)
    if broken:
        return PackVerdict(broken)
    problems = list[str]()
    manifest = _manifest(members, keys, problems)
    if manifest is None:
        return PackVerdict(tuple(problems))
    files = {name: held for name, held in members.items() if name not in {MANIFEST, SIGNATURE}}
    problems += _differing(manifest, files)
    lines = _lines(manifest, files, problems)
    problems += _not_told(manifest, files, lines)
    facts = _read(FACTS, files, list[Fact], problems) or []
    problems += _unproven(facts, files, lines)
    brought: list[Enclosed] = []
    if manifest.format != _WITHOUT_FILES:
        brought = _read(ATTACHMENTS, files, list[Enclosed], problems) or []
        problems += enclosed.amiss(brought, files, lines)
    return PackVerdict(
        tuple(dict.fromkeys(problems)),
        manifest,
        len(facts),
        sum(fact.file is None for fact in facts),
        len(brought),
        sum(one.file is None for one in brought),
    )


def _files(content: Content) -> Iterator[tuple[str, bytes]]:
    """Give all files but the manifest."""
    violation = content.violation
    text = README_TEXT.format(format=FORMAT, violation=violation.id)
    yield README, text.encode()
    yield VIOLATION, msgspec.json.encode(violation)
    yield POLICY, content.policy
    names = {line.seq: f"history/{line.seq:06}.json" for line in content.lines}
    told = [
        PackLine(line.seq, line.at, line.actor, line.change, line.hash.hex(), names[line.seq])
        for line in content.lines
    ]
    yield HISTORY, msgspec.json.encode(told)
    for line in content.lines:
        yield names[line.seq], line.line
    facts, held = list[Fact](), dict[str, bytes]()
    for number, (pointer, data) in enumerate(content.facts, 1):
        if data is None:
            facts.append(Fact(pointer, None, None))
            continue
        name = f"facts/{number:06}.json"
        held[name] = canonical(data)
        facts.append(Fact(pointer, _sum(held[name]), name))
    yield FACTS, msgspec.json.encode(facts)
    yield from held.items()
    told_files, brought = enclosed.written(content.brought)
    yield ATTACHMENTS, msgspec.json.encode(told_files)
    yield from brought.items()


def _manifest(
    members: Mapping[str, bytes], keys: Mapping[str, Ed25519PublicKey], problems: list[str]
) -> Manifest | None:
    """Read what a pack says of itself, and check who signed that."""
    told = members.get(MANIFEST, b"")
    manifest: Manifest | None = _read(MANIFEST, members, Manifest, problems)
    if manifest is None:
        return None
    if manifest.format not in {FORMAT, _WITHOUT_FILES}:
        forms = f"{_WITHOUT_FILES} and {FORMAT}"
        problems.append(f"{MANIFEST}: is of the form {manifest.format!r}; this reads {forms}")
        return None
    key = keys.get(manifest.key)
    if key is None:
        known = ", ".join(sorted(keys)) or "none"
        problems.append(
            f"{MANIFEST}, {SIGNATURE}: are of key {manifest.key}, not of one trusted ({known})"
        )
        return manifest
    try:
        key.verify(members.get(SIGNATURE, b""), told)
    except InvalidSignature:
        problems.append(
            f"{MANIFEST}, {SIGNATURE}: one is not what was signed with key {manifest.key}"
        )
    return manifest


def _differing(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[str]:
    listed = {one.name: one for one in manifest.files}
    for name in listed.keys() - files.keys():
        yield f"{name}: is missing"
    for name, held in files.items():
        one = listed.get(name)
        if one is None:
            yield f"{name}: is not in the manifest"
        elif (len(held), _sum(held)) != (one.size, one.sha256):
            yield f"{name}: its SHA-256 is {_sum(held)}, and the manifest has {one.sha256}"


def _lines(manifest: Manifest, files: Mapping[str, bytes], problems: list[str]) -> list[HistoryRow]:
    """Read the lines, and hash them again, each with the one before."""
    lines: list[HistoryRow] = []
    reckoning = Reckoning(manifest.violation)
    for told in _read(HISTORY, files, list[PackLine], problems) or []:
        try:
            held = bytes.fromhex(told.hash)
        except ValueError:
            held = b""
        raw = files.get(told.file, b"")
        # A person's words lie beside the line, and in no pack: the line has their hash alone.
        line = HistoryRow(told.seq, told.at, told.actor, told.change, raw, held, erased=True)
        problems += (f"{told.file}: {found}" for found in reckoning.take(line))
        lines.append(line)
    head = lines[-1].hash.hex() if lines else ""
    if (len(lines), head) != (manifest.lines, manifest.head):
        problems.append(
            f"{HISTORY}: has {len(lines)} lines up to {head}, and the manifest "
            f"{manifest.lines} up to {manifest.head}"
        )
    return lines


def _not_told(
    manifest: Manifest, files: Mapping[str, bytes], lines: Iterable[HistoryRow]
) -> Iterator[str]:
    """Compare the violation with what the lines tell of it."""
    held = HeldUntil(manifest.violation)
    for line in lines:
        held.take(line)
    row = held.row()
    if row is None or msgspec.json.encode(served(row)) != files.get(VIOLATION):
        yield f"{VIOLATION}: is not what the lines of history tell"


def _unproven(
    facts: Iterable[Fact], files: Mapping[str, bytes], lines: Iterable[HistoryRow]
) -> Iterator[str]:
    """Compare the facts with the evidence in the lines."""
    shown = {fact.evidence: fact for fact in facts}
    for pointer in pointed_at(lines):
        fact = shown.pop(pointer, None)
        if fact is None:
            yield f"{FACTS}: lacks the event {pointer.id!r} of {pointer.source}"
        elif fact.file is not None:
            found = _sum(files.get(fact.file, b""))
            if found != fact.sha256 or found[: len(pointer.digest)] != pointer.digest:
                yield f"{fact.file}: its SHA-256 is {found}, and the evidence has {pointer.digest}"
    for pointer in shown:
        yield f"{FACTS}: the event {pointer.id!r} of {pointer.source} is in no line"


def _read(name: str, files: Mapping[str, bytes], form: Any, problems: list[str]) -> Any:
    """Read a file of the pack; None, and a problem, where it cannot be read."""
    try:
        return msgspec.json.decode(files.get(name, b""), type=form)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        problems.append(f"{name}: cannot be read: {error}")
        return None


def _sum(held: bytes) -> str:
    return hashlib.sha256(held).hexdigest()
