"""What is told of products alone, through the service: prices, standards, kin and touches."""

from typing import Any

import msgspec
import pytest

from services.compliance.judging.kinds import KINDS
from services.compliance.settings import Settings
from services.compliance.storage import schema
from services.compliance.worker.service import Compliance
from tests.support import product_rule
from tests.support.events import an_event
from tests.support.workers.in_process import STANDING
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
]
APPOINTED = an_event("distributor.appointed")


async def test_a_price_is_judged_at_once_and_no_order_is_looked_at_for_it(
    desk: WorkerOnDatabase,
) -> None:
    await desk.handle(*REGISTER, APPOINTED, an_event("order.placed", "2022-03-01 09:00:00"))
    await desk.sweep()
    judged = "SELECT kind, key FROM compliance.dossier WHERE law < (SELECT version FROM {})"
    law = "compliance.law WHERE jurisdiction = 'cn-sx'"
    dear = an_event("price.listed", effective_on="2022-02-01", price="0.40")
    await desk.handle(dear)
    await desk.sweep()
    assert "listing-price" in await desk.rules()
    rest = {row["kind"] for row in await desk.connection.fetch(judged.format(law))}
    assert "product" not in rest
    assert "order" in rest

    await desk.handle(
        an_event("price.listed", "2022-05-01 00:00:00", effective_on="2022-02-01", price="0.36")
    )
    await desk.sweep()
    assert "listing-price" not in await desk.rules()


async def test_what_is_told_of_one_product_is_judged_of_its_variety_and_class(
    desk: WorkerOnDatabase,
) -> None:
    about: dict[str, Any] = {"in_catalogue": True, "class": "K1", "variety": "V7"}
    worse = an_event("product.listed", product="P7", consistency_passed=False, **about)
    paid: dict[str, Any] = {"effective_on": "2022-01-01"}
    await desk.handle(*REGISTER, worse)
    await desk.handle(an_event("standard.set", product="P7", standard_price="0.50", **paid))
    await desk.sweep()
    assert "payment-standard" not in await desk.rules()

    better = an_event("product.listed", product="P8", consistency_passed=True, **about)
    lower = an_event("standard.set", product="P8", standard_price="0.40", **paid)
    await desk.handle(better, lower)
    await desk.sweep()
    assert "payment-standard" in await desk.rules()

    other = an_event(
        *("product.listed", "2022-05-01 00:00:00"),
        product="P8",
        consistency_passed=True,
        **{**about, "variety": "V8"},
    )
    await desk.handle(other)
    await desk.sweep()
    assert "payment-standard" not in await desk.rules()


async def test_a_product_of_the_register_is_judged_and_reached_by_touches(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    product_rule.put_in_force(monkeypatch)
    await schema.prepare(Settings(database=database), product_rule.carried())
    desk.service = Compliance(desk.connection, product_rule.carried())
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await desk.rules() == {product_rule.NAME}

    other = an_event("agreement.signed", "2022-02-01 00:00:00", agreement="A2", hospital="H2")
    await desk.handle(an_event("hospital.enrolled", hospital="H2"), other)
    await desk.sweep()
    assert product_rule.NAME not in await desk.rules()

    gone = an_event("agreement.signed", "2022-02-02 00:00:00", agreement="A2", hospital="H1")
    await desk.handle(gone)
    await desk.sweep()
    assert product_rule.NAME in await desk.rules()

    sold = an_event("product.selected", "2022-02-03 00:00:00", manufacturer="M2")
    await desk.handle(sold)
    await desk.sweep()
    rows = await desk.connection.fetch(STANDING)
    bodies = [msgspec.json.decode(row["body"]) for row in rows]
    makers = {body["manufacturer"] for body in bodies if body["rule"] == product_rule.NAME}
    assert makers == {"M2"}


async def test_what_nothing_judges_has_no_record(
    desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("product", "supply"):
        monkeypatch.setitem(KINDS, kind, KINDS[kind]._replace(rules=()))
    await desk.handle(*REGISTER)
    kinds = await desk.connection.fetch("SELECT DISTINCT kind FROM compliance.dossier")
    assert {row["kind"] for row in kinds} == {"appointments", "commitment"}


async def test_a_product_told_to_a_version_without_rules_on_products_is_judged_by_the_next(
    desk: WorkerOnDatabase, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.handle(*REGISTER, APPOINTED)
    await desk.sweep()
    assert await desk.rules() == set()

    product_rule.put_in_force(monkeypatch)
    for _ in range(2):
        await schema.prepare(Settings(database=database), product_rule.carried())
    desk.service = Compliance(desk.connection, product_rule.carried())
    await desk.sweep()
    assert await desk.rules() == {product_rule.NAME}


async def test_a_change_of_an_appointment_has_the_orders_of_its_product_judged_again(
    desk: WorkerOnDatabase,
) -> None:
    other = an_event("distributor.appointed", appointment="AP2", distributor="D2")
    await desk.handle(*REGISTER, APPOINTED, other)
    await desk.handle(an_event("order.placed", "2022-03-01 09:00:00"))
    await desk.sweep()
    assert "unappointed-distributor" not in await desk.rules()

    await desk.handle(an_event("distributor.released", "2022-04-01 09:00:00", end="2022-02-01"))
    await desk.sweep()
    assert "unappointed-distributor" in await desk.rules()

    again = an_event("distributor.appointed", "2022-05-01 09:00:00", appointment="AP3")
    await desk.handle(again)
    await desk.sweep()
    assert "unappointed-distributor" not in await desk.rules()


async def test_a_stock_report_reaches_the_supply_of_its_product(desk: WorkerOnDatabase) -> None:
    where = {"jurisdiction": "cn-tj"}
    selected = an_event(
        "product.selected", cycle_start="2019-03-01", cycle_end="2020-03-01", **where
    )
    await desk.handle(selected)
    await desk.sweep()
    assert "stock-report-missing" in await desk.rules()

    reports = [
        an_event("stock.reported", f"{day} 09:00:00", as_of=day, **where)
        for day in (f"{year}-{month:02d}-05" for year, month in WINTER)
    ]
    await desk.handle(*reports)
    await desk.sweep()
    assert "stock-report-missing" not in await desk.rules()


WINTER = [*((2019, month) for month in range(4, 13)), (2020, 1), (2020, 2)]
