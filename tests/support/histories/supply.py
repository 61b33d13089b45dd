"""Appointments, shortage reports, stop notices and exemptions of a random history."""

from datetime import date, datetime, timedelta
from typing import Any

from tests.support.histories.register import AREAS, Scene

RULES = (
    "distributor-cap",
    "coverage-gap",
    "late-response",
    "late-delivery",
    "beyond-volume-supply",
    "supply-refusal",
    "selected-price",
    "unreported-shortage",
)
PARTIES = {
    "product": ("P1", "P1", "P2"),
    "area": ("1401", "1402"),
    "hospital": ("H1", "H1", "H2"),
    "distributor": ("D1", "D1", "D2", "M1"),
    "manufacturer": ("M1", "M1", "M2"),
}
DISTRIBUTORS = ("D1", "D2", "D3", "D4", "D5", "M1")


def supply_and_report(scene: Scene) -> None:
    """Tell of who was appointed, what was reported and what was exempt."""
    if scene.is_so(0.45):
        _crowd(scene)
    for _ in range(scene.chance.randint(0, 3)):
        _appoint(scene, scene.one_of(scene.products), scene.one_of(AREAS))
    for _ in range(scene.chance.choice((0, 0, 1, 2))):
        _report(scene)
    if scene.is_so(0.12):
        _announce_stop(scene)
    for number in range(scene.chance.choice((0, 1, 2, 3))):
        _exempt(scene, number)


def _crowd(scene: Scene) -> None:
    """About as many distributors as are allowed, perhaps with the manufacturer among them."""
    product, area = scene.products[0], scene.one_of(AREAS)
    cap = 5 if scene.categories[product] == "drug" else 10
    names = [f"D{number + 1}" for number in range(cap + scene.one_of((0, 1, 1, 2)))]
    if scene.is_so(0.4):
        names[-1] = "M1"
    starts = [_edge(scene, scene.day(-60, -20, -3, 0, 2)) for _ in range(2)]
    ends = [_edge(scene, scene.day(1, 4, 9)), None, None] if scene.is_so(0.5) else [None]
    for name in names:
        hospitals = None if scene.is_so(0.5) else scene.hospitals[:1]
        _appoint(
            scene,
            product,
            area,
            distributor=name,
            hospitals=hospitals,
            start=scene.one_of(starts),
            end=scene.one_of(ends),
        )


def _edge(scene: Scene, day: date) -> str:
    """A date or an instant, as appointments begin and end."""
    return day.isoformat() if scene.is_so(0.6) else scene.journal.text(scene.instant(day))


def _appoint(scene: Scene, product: str, area: str, **terms: str | list[str] | None) -> None:
    id_ = f"AP{len(scene.journal.events)}"
    start = _edge(scene, scene.day(-250, -60, -60, -4, 0, 3))
    end = _edge(scene, scene.day(-2, 1, 5, 20)) if scene.is_so(0.4) else None
    listed = scene.chance.sample(scene.hospitals, scene.chance.randint(0, len(scene.hospitals)))
    drawn: dict[str, Any] = {
        "distributor": scene.one_of(DISTRIBUTORS),
        "hospitals": None if scene.is_so(0.6) else listed,
        "start": start,
    }
    drawn |= {name: value for name, value in terms.items() if name != "end"}
    scene.journal.say(
        "distributor.appointed",
        scene.long_ago() if scene.is_so(0.9) else scene.instant(scene.day(-1, 0, 4)),
        {"end": terms.get("end", end)},
        late=0.15,
        appointment=id_,
        product=product,
        area=area,
        manufacturer="M1",
        **drawn,
    )
    if scene.is_so(0.15):
        scene.journal.say(
            "distributor.released",
            scene.instant(scene.day(-20, 0, 3)),
            appointment=id_,
            product=product,
            area=area,
            end=_edge(scene, scene.day(-70, -3, 0, 2, 6)),
        )


def _stock_out(scene: Scene) -> datetime:
    return scene.one_of(scene.stock_outs or [scene.instant(scene.centre)])


def _told(scene: Scene, stock_out: datetime) -> datetime:
    """About when the grace of a stock-out ends."""
    offsets = (-30, -1, 0, 24, 24, 24, 40)
    seconds = timedelta(seconds=scene.one_of((0, 0, 1, -1)))
    return stock_out + timedelta(hours=scene.one_of(offsets)) + seconds


def _report(scene: Scene) -> None:
    id_ = f"SR{len(scene.journal.events)}"
    product = scene.one_of((scene.products[0], scene.products[-1]))
    stock_out = _stock_out(scene)
    day = stock_out.date()
    told = _told(scene, stock_out)
    expected = day + timedelta(days=scene.one_of((-1, 0, 1, 10))) if scene.is_so(0.5) else None
    scene.journal.say(
        "shortage.reported",
        told,
        {"expected_end": expected and expected.isoformat()},
        late=0.3,
        report=id_,
        product=product,
        manufacturer="M1",
        areas=scene.one_of((None, None, ["1401"], ["1402", "1401"], [])),
        start=(day + timedelta(days=scene.one_of((-20, -1, 0, 0, 1)))).isoformat(),
        reason="原料 短缺",
    )
    if scene.is_so(0.35):
        ended = day + timedelta(days=scene.one_of((-1, 0, 2, 8)))
        scene.journal.say(
            "shortage.ended",
            told + timedelta(hours=scene.one_of((1, 60))),
            report=id_,
            product=product,
            end=ended.isoformat(),
        )


def _announce_stop(scene: Scene) -> None:
    stock_out = _stock_out(scene)
    day = stock_out.date()
    resume = day + timedelta(days=scene.one_of((-1, 0, 5))) if scene.is_so(0.5) else None
    scene.journal.say(
        "production.stopping",
        _told(scene, stock_out),
        {"resume_on": resume and resume.isoformat(), "planned": scene.one_of((None, False))},
        late=0.3,
        notice=f"N{len(scene.journal.events)}",
        product=scene.products[0],
        manufacturer="M1",
        stop_on=(day + timedelta(days=scene.one_of((-3, 0, 1)))).isoformat(),
        reason="检修",
    )


def _exempt(scene: Scene, number: int) -> None:
    if scene.is_so(0.7):
        start, end = scene.day(-300, -10), scene.day(60, 300)
    else:
        start = scene.day(-3, 0, 1, 2, 7, 8)
        end = start + timedelta(days=scene.one_of((1, 3, 10)))
    parties: dict[str, str | None] = dict.fromkeys(PARTIES)
    for party in scene.chance.sample(list(PARTIES), scene.chance.choice((0, 1, 1, 2))):
        parties[party] = scene.one_of(PARTIES[party])
    scene.journal.say(
        "exemption.granted",
        scene.instant(scene.day(-30, 0, 12)),
        parties,
        exemption=f"X{number}",
        rule=scene.one_of(RULES),
        start=start.isoformat(),
        end=end.isoformat(),
        reason="灾害",
        authority="省 医保局",
    )
