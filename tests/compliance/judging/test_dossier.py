import msgspec
import pytest

from services.compliance.judging import dossier
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.subjects import Columns, Subject, subject_of
from services.compliance.records.announcement import Announcement
from tests.support.builders import tell
from tests.support.events import FILLED_IN, an_event

NEEDED = {
    "product.deselected": {"on": "2022-03-01"},
    "hospital.withdrawn": {"withdrawn_on": "2022-03-01"},
    "exemption.granted": {"rule": "late-response"},
    "distributor.released": {"end": "2022-03-01"},
    "shortage.reported": {"start": "2022-03-01"},
    "shortage.ended": {"end": "2022-03-01"},
    "production.stopping": {"stop_on": "2022-03-01"},
    "price.listed": {"effective_on": "2022-03-01"},
    "standard.set": {"effective_on": "2022-03-01"},
    "stock.reported": {"as_of": "2022-03-01"},
}
OF_THE_REGISTER = ("product.", "hospital.", "agreement.", "exemption.", "price.", "standard.")
NOT_READ_YET = ("party.",)
KEYS = {
    "distributor.appointed": "appointment/AP1",
    "distributor.released": "appointment/AP1",
    "shortage.reported": "report/SR1",
    "shortage.ended": "report/SR1",
    "production.stopping": "notice/N1",
}
PAYMENTS = ("payment.made", "payment.voided")


@pytest.mark.parametrize("kind", FILLED_IN)
def test_every_event_is_about_an_order_a_payment_an_announcement_or_the_register(kind: str) -> None:
    data = NEEDED.get(kind, {}) | ({"event": "e1"} if kind.endswith(".voided") else {})
    subject = subject_of(an_event(kind, **data))
    if kind.startswith((*OF_THE_REGISTER, *NOT_READ_YET)):
        assert subject is None
    elif kind.startswith("prepayment."):
        assert subject == Subject("cn-sx", "prepayment", "Y1")
    elif kind.startswith("stock."):
        assert subject == Subject("cn-sx", "stock", "P1")
    elif kind in PAYMENTS:
        assert subject == Subject("cn-sx", "payment", "F1")
    elif kind in KEYS:
        assert subject == Subject("cn-sx", "announcement", KEYS[kind])
    else:
        assert subject == Subject("cn-sx", "order", "O1")


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_record_survives_its_encoding(kind: str) -> None:
    subject = Subject("cn-sx", kind, "K")
    begun = Dossier(subject)
    stored = dossier.encode(begun.record), dossier.encode(begun.judgement)
    read = dossier.decode(subject, *stored, 7, Columns())
    assert (read.record, read.judgement, read.version) == (begun.record, begun.judgement, 7)


def test_an_announcement_survives_its_encoding() -> None:
    record = Announcement()
    tell(
        record,
        an_event("distributor.appointed", end="2022-05-01"),
        an_event("distributor.released", end="2022-04-01"),
    )
    stored = msgspec.msgpack.encode(record)
    assert msgspec.msgpack.decode(stored, type=Announcement) == record
