"""Names of parties: looked up where a violation is shown, and never a reason to judge anew."""

from itertools import permutations

import pytest

from services.compliance.answers import violations
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Asked
from services.compliance.answers.names import NamedViolation
from services.compliance.register.names import with_names
from shared.domain.cloudevents import Event
from tests.support.events import an_event
from tests.support.workers.on_database import WorkerOnDatabase

BRACKETS = ("(", ")")
CALLED = {"D1": "医药公司", "D12": "药业集团", "H/1": "县医院"}


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("D1 late", "医药公司(D1) late"),
        ("D12 and D1.", "药业集团(D12) and 医药公司(D1)."),
        ("产品由D1配送", "产品由D1配送"),
        ("配送企业 D1（限值 5）", "配送企业 医药公司(D1)（限值 5）"),
        ("H/1 of order XD1-3, D1/x", "县医院(H/1) of order XD1-3, D1/x"),
        ("nobody", "nobody"),
    ],
)
def test_a_code_is_shown_with_its_name_where_it_stands_as_a_word(message: str, shown: str) -> None:
    assert with_names(message, CALLED, BRACKETS) == shown


def test_without_names_a_message_stays_as_it_is() -> None:
    assert with_names("D1 late", {}, BRACKETS) == "D1 late"


STORY = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("order.placed", "2022-03-01 09:00:00"),
    an_event("order.rejected", "2022-03-01 11:00:00", reason="price"),
]
OLD = an_event("party.registered", "2022-01-01 09:00:00", name="旧名")
NEW = an_event("party.registered", "2022-02-01 09:00:00", name="新名")
MAKER = an_event("party.registered", "2022-01-01 09:00:00", party="M1", kind_="manufacturer")


async def refusal(database: str) -> NamedViolation:
    """The refusal of the order, as the API serves it."""
    asked = Asked(rule=["supply-refusal"])
    async with Database(database) as opened:
        (item,) = (await violations.page(opened, asked)).items
        full = await violations.in_full(opened, item.id)
    assert full is not None
    assert (full.names, full.message_zh) == (item.names, item.message_zh)
    return item


@pytest.mark.integration
@pytest.mark.parametrize("told", list(permutations([OLD, NEW, MAKER])))
async def test_a_violation_is_shown_with_the_names_last_told_in_whatever_order(
    desk: WorkerOnDatabase, database: str, told: tuple[Event, ...]
) -> None:
    await desk.handle(*STORY)
    await desk.sweep()
    assert (await refusal(database)).names == {
        "product": "阿莫西林胶囊",
        "hospital": "县人民医院",
    }
    lines = await desk.connection.fetch("TABLE compliance.history")
    for event in told:
        await desk.handle(event)
        await desk.sweep()
    shown = await refusal(database)
    assert shown.names["distributor"] == "新名"
    assert shown.names["manufacturer"] == "医药公司"
    assert "阿莫西林胶囊（P1）" in shown.message_zh
    assert "阿莫西林胶囊(P1)" in shown.message_en
    assert await desk.connection.fetch("TABLE compliance.history") == lines
