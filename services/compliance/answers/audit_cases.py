"""Checks the work on cases: their chains, their letters, and what those list."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from services.compliance.findings.case_chain import CaseReckoning
from services.compliance.findings.history import row_of
from services.compliance.findings.verification import Difference
from shared.adapters.postgres import Connection, queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

CASES_AT_ONCE: Final = 200

_Rows = Mapping[str, Sequence[Mapping[str, Any]]]


async def check_cases(connection: Connection) -> tuple[int, list[str]]:
    """Give how many cases somebody has worked on, and what of them is not as it was written."""
    problems = [
        f"case {row['case_id']}: is gone, though its history is kept"
        for row in await connection.fetch(QUERIES["orphans"])
    ]
    for row in await connection.fetch(QUERIES["unmarked"]):
        name = f"case {row['case_id']}, letter {row['n']}, violation {row['violation']}"
        problems.append(f"{name}: {Difference('wrong', row['held'], not row['held'])}")
    for *key, held, told in await connection.fetch(QUERIES["miscounted"]):
        problems.append(f"case_count {'/'.join(key)}: {Difference('count', held, told)}")
    count, last = 0, ""
    while works := await connection.fetch(QUERIES["works"], last, CASES_AT_ONCE):
        names = [row["id"] for row in works]
        lines = _by_case(await connection.fetch(QUERIES["lines"], names))
        letters = _by_case(await connection.fetch(QUERIES["letters"], names))
        for work in works:
            problems += _of_case(work, lines, letters)
        count, last = count + len(works), names[-1]
    return count, problems


def _of_case(work: Mapping[str, Any], lines: _Rows, letters: _Rows) -> list[str]:
    reckoning, name = CaseReckoning(), work["id"]
    found = [one for line in lines.get(name, ()) for one in reckoning.take(row_of(line))]
    found += reckoning.compare(work)
    kept = {row["n"]: (row["sha256"], list(row["listed"])) for row in letters.get(name, ())}
    for n in sorted(kept.keys() | reckoning.letters.keys()):
        held, told = kept.get(n), reckoning.letters.get(n)
        if held != told:
            found.append(Difference(f"letter {n}", held, told))
    return [f"case {name}: {one}" for one in found]


def _by_case(rows: Sequence[Mapping[str, Any]]) -> _Rows:
    found: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["case_id"]].append(row)
    return found
