"""`vbp replay`: judges archives of events on this machine and writes the violations found."""

import csv
import gc
import io
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec
from rich.table import Table

from services.commands.archives import Refusals
from services.commands.replay_processes import Archive
from services.commands.settings import calendars
from services.commands.terminal import counted, say, show
from services.compliance.findings.violation import Violation
from services.compliance.findings.words import shanghai
from services.compliance.judging.replay import Replay
from services.compliance.policies import policy as policies
from services.compliance.policies import setting
from services.compliance.policies.policy import Policies
from services.compliance.register.names import BRACKETS, PARTIES, Names, with_names
from shared.domain import calendar
from shared.domain.errors import DefectError, InvalidArgumentError, SetupError
from shared.domain.texts import cell, plain

Format = Literal["ndjson", "csv", "table"]
AT_ONCE = 1_000
SHOWN = 10
"""Records set aside that are named."""
_MEANING = {
    "told-otherwise": "of a thing told before with other contents: the first telling holds",
    "other-product": "on another product than its order's",
}


class Chosen(NamedTuple):
    """The one policy by which all is judged, if any, and values in place of the policies' own."""

    policy: str | None
    values: Mapping[str, str]


def run(
    files: Sequence[str],
    as_of: datetime,
    chosen: Chosen,
    form: Format,
    refusals: Refusals,
) -> None:
    """Judge what `files` tell until `as_of` (UTC), by the law that was chosen."""
    known = setting.put(chosen.values, policies.load(calendars=calendars()))
    replay = Replay(_under(known, chosen.policy), as_of)
    began = time.perf_counter()
    with _nothing_collected():
        archive = Archive(replay, files, None if chosen.policy else known.jurisdictions)
        told, late = archive.judge(refusals)
        found = replay.conclude()
        WRITERS[form](_named(found, archive.names) if form == "table" else found)
    seconds = time.perf_counter() - began
    say(
        f"{counted(told, 'event')} judged in {seconds:.1f} s "
        f"({told / max(seconds, 0.001):,.0f} a second): {counted(len(found), 'violation')}"
    )
    for rule, count in sorted(Counter(violation.rule for violation in found).items()):
        say(f"  {rule}: {count:,}")
    if late:
        remedy = "" if told else ": nothing was told before it, give a later one"
        say(f"{counted(late, 'event')} left out, told after --as-of{remedy}")
    _say_unjudged(replay)
    _say_contradictions(replay)
    refusals.conclude(told + late)
    _refuse_defects(replay)


def _named(found: Sequence[Violation], names: Names) -> list[Violation]:
    """Give violations as people read them: with names beside the codes in what is said of them."""
    return [
        msgspec.structs.replace(
            one, message_en=with_names(one.message_en, _called(one, names), BRACKETS["en"])
        )
        for one in found
    ]


def _called(one: Violation, names: Names) -> dict[str, str]:
    parties = ((party, getattr(one, party)) for party in PARTIES)
    told = {code: names.of(one.jurisdiction, party, code) for party, code in parties if code}
    return {code: name for code, name in told.items() if name is not None}


def _under(known: Policies, policy: str | None) -> Policies:
    try:
        return known if policy is None else known.instead(policy)
    except SetupError as error:
        raise InvalidArgumentError(f"--policy: {error}") from error


def _say_contradictions(replay: Replay) -> None:
    for (jurisdiction, kind), count in sorted(replay.contradictions.items()):
        say(f"contradictions in {jurisdiction}: {counted(count, 'event')} {_MEANING[kind]}")


def _say_unjudged(replay: Replay) -> None:
    for (rule, missing), count in sorted(replay.unjudged.items()):
        say(f"unjudged by {rule}: {counted(count, 'record')} without {missing}")


def _refuse_defects(replay: Replay) -> None:
    """Name the records that were set aside, if any, and fail: not all was judged."""
    defects = sorted(replay.defects.items())
    for (jurisdiction, kind, key), defect in defects[:SHOWN]:
        place, error = plain(f"{jurisdiction}/{kind}/{key}"), plain(defect.error)
        say(f"set aside {place}: {error}")
    if defects:
        raise DefectError(
            f"{counted(len(defects), 'record')} set aside, on which this program failed; all "
            "others were judged. Report the first with its archive, and use a version that mends it"
        )


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Keep the collector of cycles away: records make none, and it would visit all of them."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def write_ndjson(found: Sequence[Violation]) -> None:
    """Write one JSON object a line."""
    encoder = msgspec.json.Encoder()
    for first in range(0, len(found), AT_ONCE):
        sys.stdout.buffer.write(encoder.encode_lines(found[first : first + AT_ONCE]))
    sys.stdout.buffer.flush()


def write_csv(found: Sequence[Violation]) -> None:
    """Write a heading and one row each, in UTF-8; lists and objects are JSON."""
    text = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", newline="")
    rows = csv.writer(text)
    fields = Violation.__struct_fields__
    rows.writerow(fields)
    rows.writerows([_cell(getattr(violation, field)) for field in fields] for violation in found)
    text.flush()
    # The wrapper would close standard output with itself.
    text.detach()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return cell(value if isinstance(value, str) else msgspec.json.encode(value).decode().strip('"'))


def write_table(found: Sequence[Violation]) -> None:
    """Write a table for people."""
    table = Table(box=None, pad_edge=False)
    table.add_column("rule", no_wrap=True)
    for heading in ("status", "severity", "area", "subject", "occurred at", "what"):
        table.add_column(heading, overflow="fold")
    for one in found:
        status = f"{one.status}, exempt" if one.exempt else one.status
        when = shanghai(calendar.parse_instant(one.occurred_at))
        names = map(plain, (one.area or "", one.subject, when, one.message_en))
        table.add_row(one.rule, status, one.severity, *names)
    show(table)


WRITERS: dict[Format, Callable[[Sequence[Violation]], None]] = {
    "ndjson": write_ndjson,
    "csv": write_csv,
    "table": write_table,
}
