"""Records that were set aside because a defect of ours was met in them, until they are judged."""

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import version
from pathlib import Path

import msgspec

from services.compliance.judging.defect import Defect, Remedy
from services.compliance.judging.dossier import Kept, encode, last_said
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.subjects import REGISTER, Subject
from services.compliance.judging.upshot import Upshot
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.records.record import Gathered, Heard

log = logging.getLogger(__name__)

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))
VERSION = version("vbp-compliance")

LOGGED = 3
"""Records of one round whose errors are logged; the table holds all."""

AT_ONCE = 10_000
"""Judgements that are looked through at once."""

TOLD_AND_GIVEN = frozenset(
    name
    for name, kind in KINDS.items()
    if issubclass(kind.record, Heard) and issubclass(kind.record, Gathered)
)
"""The kinds of records that events merge into and others contribute to: made anew from facts, they
lack what was contributed."""


async def save(connection: Connection, judged: Upshot) -> None:
    """Note which records a round had to set aside, and forget those that it brought back."""
    await note(connection, judged.defects)
    if back := judged.brought_back():
        await connection.execute(QUERIES["release"], *columns(back))


async def note(connection: Connection, defects: Mapping[Subject, Defect]) -> None:
    """Note what was set aside: records, or entries of the register."""
    if not defects:
        return
    rows = [
        (*subject, defect.remedy, defect.error, defect.traceback)
        for subject, defect in sorted(defects.items())
    ]
    await connection.execute(QUERIES["keep"], *columns(rows), VERSION)
    for subject, defect in sorted(defects.items())[:LOGGED]:
        log.error("set aside %s/%s/%s: %s", *subject, defect.traceback)
    if len(defects) > LOGGED:
        log.error("set aside %d records more at once", len(defects) - LOGGED)


async def judge_again(connection: Connection) -> None:
    """Have what was set aside judged again, by a version that may be without the defect."""
    await connection.execute(QUERIES["judge_again"])


async def made_anew(connection: Connection) -> None:
    """Let all that was set aside be judged like the rest, since its records were made anew.

    A record that gathers contributions is given all of them again; one that nothing is told of
    begins empty.
    """
    await connection.execute(QUERIES["release_register"], REGISTER)
    rows = await connection.fetch(QUERIES["aside"])
    aside = {Subject(*name): _as_set_aside(judgement, "judge") for *name, judgement in rows}
    await _write_judgements(connection, aside)
    gathered = {
        subject
        for subject in aside
        if subject.kind not in TOLD_AND_GIVEN and issubclass(KINDS[subject.kind].record, Gathered)
    }
    if gathered:
        empty = ((*subject, encode(KINDS[subject.kind].record())) for subject in sorted(gathered))
        await connection.execute(QUERIES["empty"], *columns(empty))
    await _give_again(connection, gathered)


async def keep_aside(connection: Connection, defects: Mapping[Subject, Defect]) -> None:
    """Keep what was made anew and still lacks a fact set aside until it is made anew again."""
    named = sorted(subject for subject in defects if subject.kind != REGISTER)
    rows = await connection.fetch(QUERIES["judgements"], *columns(named)) if named else []
    aside = {Subject(*name): _as_set_aside(judgement, "rebuild") for *name, judgement in rows}
    await _write_judgements(connection, aside)
    await note(connection, defects)


def _as_set_aside(judgement: bytes, remedy: Remedy) -> bytes:
    """Give what was last said of a record, which waits for a remedy; unreadable, as it was."""
    said, unread = last_said(judgement)
    if unread is not None:
        return encode(Kept(unread, remedy))
    return encode(msgspec.structs.replace(said, aside=remedy))


async def _give_again(connection: Connection, targets: AbstractSet[Subject]) -> None:
    """Forget what was contributed to some records, and to all that events merge into as well.

    Their givers then do so again.
    """
    last = ("", "", "")
    while rows := await connection.fetch(QUERIES["givers"], *last, AT_ONCE):
        changed = {}
        for *name, encoded in rows:
            subject = Subject(*name)
            judgement, unread = last_said(encoded)
            if unread is not None:
                continue
            kept = [
                given
                for given in judgement.given
                if (target := given.target(subject.jurisdiction)) not in targets
                and target.kind not in TOLD_AND_GIVEN
            ]
            if len(kept) < len(judgement.given):
                changed[subject] = encode(msgspec.structs.replace(judgement, given=kept))
        await _write_judgements(connection, changed)
        last = tuple(rows[-1][:3])


async def _write_judgements(connection: Connection, changed: Mapping[Subject, bytes]) -> None:
    if changed:
        rows = ((*subject, judgement) for subject, judgement in changed.items())
        await connection.execute(QUERIES["write_judgements"], *columns(rows))
