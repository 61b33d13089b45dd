"""Dossiers that are kept between batches: what is judged with them is what is judged without."""

from collections.abc import Iterable

import pytest

from services.compliance.judging import dossier
from services.compliance.judging.dossier import Dossier, encode
from services.compliance.judging.subjects import Subject
from services.compliance.judging.upshot import Upshot
from services.compliance.records.paid_order import PaidOrder
from services.compliance.storage import dossiers, hot
from services.compliance.storage.hot import HotDossiers
from shared.domain.errors import FencedError
from tests.support.events import an_event
from tests.support.workers.on_database import HEARD, WorkerOnDatabase

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
REFUSED = an_event("order.rejected", "2022-03-01 10:00:00", reason="price")
LIFE = [
    ORDER,
    an_event("order.accepted", "2022-03-01 10:00:00"),
    an_event("shipment.dispatched", "2022-03-02 10:00:00"),
    an_event("delivery.received", "2022-03-03 10:00:00"),
    an_event("payment.made", "2022-03-20 09:00:00", order="O1"),
    an_event("goods.returned", "2022-03-21 09:00:00", receipt="R1", quantity=1),
    an_event("invoice.issued", "2022-03-22 10:00:00", receipt="R1"),
    REFUSED,
]


def judged(*names: str, size: int = 10) -> Upshot:
    upshot = Upshot()
    for name in names:
        subject = Subject("cn-sx", "order", name)
        upshot.dossiers[subject] = Dossier(subject)
        upshot.dossiers[subject].as_stored(size, b"", 0)
    return upshot


def named(*names: str) -> list[Subject]:
    return [Subject("cn-sx", "order", name) for name in names]


def test_what_is_taken_is_kept_no_more_until_it_is_committed_again() -> None:
    kept = HotDossiers()
    upshot = judged("O1")
    kept.keep(upshot)
    (taken,) = kept.take(named("O1", "O2")).values()
    assert taken is upshot.dossiers[taken.subject]
    assert taken.version == 1
    assert kept.take(named("O1")) == {}


def test_those_written_longest_ago_are_let_go_where_they_are_too_many() -> None:
    kept = HotDossiers(at_most=25)
    for name in ("O1", "O2", "O3"):
        kept.keep(judged(name))
    assert list(kept.take(named("O1", "O2", "O3"))) == named("O2", "O3")
    kept.keep(judged("O4", "O5"))
    assert list(kept.take(named("O4", "O5"))) == named("O4", "O5")


def test_neither_what_was_set_aside_nor_what_is_large_is_kept() -> None:
    kept = HotDossiers()
    upshot = judged("O1", "O2")
    upshot.dossiers[named("O1")[0]].set_aside("judge")
    upshot.dossiers[named("O2")[0]].as_stored(hot.LARGEST, b"", 1)
    kept.keep(upshot)
    assert kept.take(named("O1", "O2")) == {}


@pytest.mark.integration
@pytest.mark.parametrize("share", [0, 1_000])
async def test_what_is_kept_is_what_is_stored_and_no_other_version(
    share: float, desk: WorkerOnDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossier, "LARGE", 1)
    monkeypatch.setattr(dossier, "TAIL_SHARE", share)
    tails = 0
    await desk.handle(*REGISTER)
    for event in LIFE:
        await desk.handle(event)
        await desk.sweep()
        rows = await desk.connection.fetch("SELECT * FROM compliance.dossier ORDER BY kind, key")
        for row in rows:
            subject = Subject(row["jurisdiction"], row["kind"], row["key"])
            (held,) = await loaded(desk, [subject])
            (read,) = await dossiers.load(desk.connection, [subject])
            assert encode(held.record) == encode(read.record)
            tails += bool(row["tail"])
            assert held.judgement == read.judgement
            assert held.version == row["version"]
    assert bool(tails) == bool(share)
    await desk.connection.execute("UPDATE compliance.dossier SET version = version + 1, area = 'X'")
    subject = Subject("cn-sx", "order", "O1")
    (held,) = await loaded(desk, [subject])
    assert held.columns.area == "X"


async def loaded(desk: WorkerOnDatabase, subjects: Iterable[Subject]) -> list[Dossier]:
    """Load some dossiers as a batch would, and leave them as they are."""
    kept = desk.service._hot  # noqa: SLF001  # what the worker remembers is what is asked here
    held = dict(kept._held)  # noqa: SLF001
    found = await dossiers.load(desk.connection, subjects, kept)
    kept._held.update(held)  # noqa: SLF001
    return found


@pytest.mark.integration
async def test_what_came_to_nothing_is_forgotten(desk: WorkerOnDatabase) -> None:
    await desk.handle(*REGISTER, ORDER)
    lost = desk.batch(REFUSED)
    stale = lost._replace(spans=[span._replace(epoch=span.epoch + 1) for span in lost.spans])
    with pytest.raises(FencedError):
        await desk.service.handle(stale, HEARD)
    assert "supply-refusal" not in await desk.rules()
    await desk.service.handle(lost, HEARD)
    order = Subject("cn-sx", "order", "O1")
    (held,) = await loaded(desk, [order])
    (read,) = await dossiers.load(desk.connection, [order])
    assert encode(held.record) == encode(read.record)
    assert isinstance(read.record, PaidOrder)
    assert len(read.record.rejections) == 1
    assert "supply-refusal" in await desk.rules()
