"""Records that were set aside because a defect of ours was met in them, until they are judged."""

import logging
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from importlib.metadata import version
from pathlib import Path

import msgspec

from services.compliance.judging.dossier import Judgement, encode
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.round import Round
from services.compliance.judging.subjects import Subject
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.records.record import Gathered

log = logging.getLogger(__name__)

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))
VERSION = version("vbp-compliance")

LOGGED = 3
"""Records of one round whose errors are logged; the table holds all."""

AT_ONCE = 10_000
"""Judgements that are looked through at once."""

_judgement = msgspec.msgpack.Decoder(Judgement)


async def save(connection: Connection, judged: Round) -> None:
    """Note which records a round had to set aside, and forget those that it brought back."""
    if judged.defects:
        rows = [
            (*subject, defect.remedy, defect.error, defect.traceback)
            for subject, defect in sorted(judged.defects.items())
        ]
        await connection.execute(QUERIES["keep"], *columns(rows), VERSION)
        for subject, defect in sorted(judged.defects.items())[:LOGGED]:
            log.error("set aside %s/%s/%s: %s", *subject, defect.traceback)
        if len(judged.defects) > LOGGED:
            log.error("set aside %d records more at once", len(judged.defects) - LOGGED)
    if back := judged.brought_back():
        await connection.execute(QUERIES["release"], *columns(back))


async def judge_again(connection: Connection) -> None:
    """Have what was set aside judged again, by a version that may be without the defect."""
    await connection.execute(QUERIES["judge_again"])


async def made_anew(connection: Connection) -> None:
    """Let all that was set aside be judged like the rest, since its records were made anew.

    A record that gathers contributions begins empty, and is given all of them again.
    """
    rows = await connection.fetch(QUERIES["aside"])
    aside = {
        Subject(*name): msgspec.structs.replace(_judgement.decode(judgement), aside="judge")
        for *name, judgement in rows
    }
    await _write_judgements(connection, aside)
    gathered = {subject for subject in aside if issubclass(KINDS[subject.kind].record, Gathered)}
    if gathered:
        empty = ((*subject, encode(KINDS[subject.kind].record())) for subject in sorted(gathered))
        await connection.execute(QUERIES["empty"], *columns(empty))
        await _give_again(connection, gathered)


async def _give_again(connection: Connection, targets: AbstractSet[Subject]) -> None:
    """Forget that anything was contributed to some records: their givers then do so again."""
    last = ("", "", "")
    while rows := await connection.fetch(QUERIES["givers"], *last, AT_ONCE):
        changed = {}
        for *name, encoded in rows:
            subject, judgement = Subject(*name), _judgement.decode(encoded)
            kept = [
                given
                for given in judgement.given
                if given.target(subject.jurisdiction) not in targets
            ]
            if len(kept) < len(judgement.given):
                changed[subject] = msgspec.structs.replace(judgement, given=kept)
        await _write_judgements(connection, changed)
        last = tuple(rows[-1][:3])


async def _write_judgements(connection: Connection, changed: Mapping[Subject, Judgement]) -> None:
    if changed:
        rows = ((*subject, encode(judgement)) for subject, judgement in changed.items())
        await connection.execute(QUERIES["write_judgements"], *columns(rows))
