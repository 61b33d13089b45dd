from collections import Counter

import pytest

from services.compliance.judging import dossier
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.subjects import Subject
from services.compliance.storage import register
from shared.adapters.postgres import Connection
from shared.domain.records.order import Order

pytestmark = pytest.mark.integration

EVERYTHING = ("cn-sx", None, None)
PRODUCTS, HOSPITALS = ("P1", "P2"), ("H1", "H2")
KEYS = ("a", "B", "_", "~", "1", "10", "9", "药", "é")
RECORDS = [
    (jurisdiction, kind, f"{key}/{product}/{hospital}", product, hospital)
    for jurisdiction in ("cn-sx", "cn-tj")
    for kind in ("order", "commitment")
    for key in KEYS
    for product in PRODUCTS
    for hospital in HOSPITALS
]


async def keep_records(connection: Connection) -> None:
    """Keep records judged under the first version of a law that has moved since."""
    empty = (dossier.encode(Order()), dossier.encode(Judgement()))
    await connection.executemany(
        "INSERT INTO compliance.dossier "
        "(jurisdiction, kind, key, product, hospital, version, law, record, judgement) "
        "VALUES ($1, $2, $3, $4, $5, 1, 1, $6, $7)",
        [(*record, *empty) for record in RECORDS],
    )
    await connection.execute(
        "INSERT INTO compliance.law (jurisdiction, version) VALUES ('cn-sx', 2), ('cn-tj', 2)"
    )


async def marked_each_time(connection: Connection, most: int) -> list[list[Subject]]:
    """Expand touches to their end; gives the records that each step marked as due."""
    steps: list[list[Subject]] = []
    while await register.expand_touches(connection, most):
        assert len(steps) <= len(RECORDS), "a touch that never ends"
        rows = await connection.fetch(
            "DELETE FROM compliance.look_again WHERE look_at = 'epoch' "
            "RETURNING jurisdiction, kind, key"
        )
        steps.append([Subject(*row) for row in rows])
    return steps


async def test_what_was_agreed_long_ago_begins_the_records_of_today_piece_by_piece(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(register, "AT_ONCE", 2)
    await connection.executemany(
        "INSERT INTO compliance.agreement VALUES ($1, $2, $3, $4, '')",
        [
            (where, f"{product}/{hospital}/{year}", product, hospital)
            for where in ("cn-sx", "cn-tj")
            for product in PRODUCTS
            for hospital in ("H1", "H2", "H3")
            for year in (2022, 2023)
        ],
    )
    for _ in range(2):
        await register.begin_all(connection, "cn-sx")
    rows = await connection.fetch("SELECT jurisdiction, kind, key FROM compliance.dossier")
    begun = {Subject(*row) for row in rows}
    assert {it.key for it in begun if it.kind == "commitment"} == {
        f"{hospital}/{product}" for product in PRODUCTS for hospital in ("H1", "H2", "H3")
    }
    assert {it.key for it in begun if it.kind == "appointments"} == set(PRODUCTS)
    assert {it.jurisdiction for it in begun} == {"cn-sx"}


@pytest.mark.parametrize("hospital", [None, "H1"])
@pytest.mark.parametrize("product", [None, "P1"])
async def test_a_touch_walks_the_records_it_reaches_once_range_by_range(
    connection: Connection, product: str | None, hospital: str | None
) -> None:
    await keep_records(connection)
    # An index happens to give the right order; the walk must not rest on the plan chosen.
    for plan in ("indexscan", "indexonlyscan", "bitmapscan"):
        await connection.execute(f"SET enable_{plan} = off")
    await register.touch(connection, [("cn-sx", product, hospital)])

    steps = await marked_each_time(connection, most=7)

    reached = Counter(subject for step in steps for subject in step)
    assert reached == Counter(
        Subject(*record[:3])
        for record in RECORDS
        if record[0] == "cn-sx" and product in {None, record[3]} and hospital in {None, record[4]}
    )
    if product is None or hospital is None:
        assert max(map(len, steps)) == 7
    assert await connection.fetchval("SELECT count(*) FROM compliance.touch") == 0
    assert await connection.fetchval("SELECT count(*) FROM compliance.look_again") == 0


@pytest.mark.parametrize("touch", [(None, None), ("P1", "H1")])
async def test_a_touch_leaves_alone_what_was_judged_under_the_law_it_brought(
    connection: Connection, touch: tuple[str | None, str | None]
) -> None:
    await keep_records(connection)
    judged_since = "UPDATE compliance.dossier SET law = 2 WHERE kind = 'order'"
    await connection.execute(judged_since)
    await register.touch(connection, [("cn-sx", *touch)])
    steps = await marked_each_time(connection, most=1_000)
    assert {subject.kind for step in steps for subject in step} == {"commitment"}


async def test_a_touch_brings_forward_what_waits_for_later(connection: Connection) -> None:
    await keep_records(connection)
    await connection.execute(
        "INSERT INTO compliance.look_again SELECT jurisdiction, kind, key, '2099-01-01Z', "
        "'2098-01-01Z' FROM compliance.dossier"
    )
    await register.touch(connection, [EVERYTHING])
    assert [await register.expand_touches(connection, 50) for _ in range(3)] == [True, True, False]
    rows = await connection.fetch(
        "SELECT jurisdiction, look_at = 'epoch' AS due, hear_at = '2098-01-01Z' AS waits, "
        "count(*) AS count FROM compliance.look_again GROUP BY 1, 2, 3 ORDER BY 1"
    )
    half = len(RECORDS) // 2
    assert [tuple(row) for row in rows] == [
        ("cn-sx", True, True, half),
        ("cn-tj", False, True, half),
    ]


async def test_a_range_that_was_rolled_back_is_walked_again(connection: Connection) -> None:
    await keep_records(connection)
    await register.touch(connection, [EVERYTHING])
    lost = connection.transaction()
    await lost.start()
    assert await register.expand_touches(connection, 7)
    await lost.rollback()

    steps = await marked_each_time(connection, most=7)
    assert sum(map(len, steps)) == len(RECORDS) // 2
