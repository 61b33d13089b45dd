"""What the benchmark of the violations API asks, by the codes and days of its made-up past."""

from datetime import timedelta
from typing import Any, Final, NamedTuple

from benchmarks.violations import BEGIN
from shared.domain.calendar import instant_text
from shared.domain.principal import Party, Role

Asked = dict[str, Any]


def _day(number: int) -> str:
    """Give an instant so many days after the past began."""
    return instant_text(BEGIN + timedelta(days=number))


def _month(number: int) -> str:
    return f"{BEGIN + timedelta(days=number):%Y-%m}"


class Who(NamedTuple):
    """Somebody who asks: in which roles, and what of the whole they see."""

    name: str
    roles: tuple[Role, ...]
    jurisdictions: frozenset[str] | None = None
    parties: tuple[Party, ...] = ()

    @property
    def jurisdiction(self) -> str:
        """Give the jurisdiction whose pages they ask for."""
        return min(self.jurisdictions or {"cn-sx"})


OFFICER: Final = Who("officer", (Role.OFFICER, Role.REVIEWER, Role.AUDITOR))
REGULATOR: Final = Who("regulator of one", (Role.REGULATOR,), frozenset({"cn-tj"}))
BUSY: Final = Who("busy distributor", (Role.PARTY,), parties=(Party("distributor", "D000"),))
RARE: Final = Who("rare distributor", (Role.PARTY,), parties=(Party("distributor", "E299"),))
SMALL: Final = Who("small hospital", (Role.PARTY,), parties=(Party("hospital", "H29199"),))
WHO: Final = (OFFICER, REGULATOR, BUSY, RARE, SMALL)

COMMON: Final[dict[str, Asked]] = {
    "all": {},
    "status open": {"status": "open"},
    "rule and status": {"rule": "late-response", "status": "open"},
    "area": {"area": "142900"},
    "a month": {"month": _month(92)},
    "rule, area and month": {"rule": "late-response", "area": "140300", "month": _month(500)},
    "unlooked at, standing": {"review": "new", "status": ["open", "closed"], "exempt": False},
    "as of a day": {"as_of": _day(500)},
    "as of a day, open": {"as_of": _day(500), "status": "open"},
}
"""What anybody asks, whatever they see of it."""

LISTS: Final[dict[str, Asked]] = {
    **COMMON,
    "all, pages of 1000": {"page_size": 1000},
    "rule": {"rule": "late-response"},
    "rule, in the oldest tenth only": {"rule": "distributor-cap"},
    "three rules": {"rule": ["distributor-cap", "late-response", "coverage-gap"]},
    "status withdrawn": {"status": "withdrawn"},
    "severity": {"severity": "breach"},
    "exempt": {"exempt": True},
    "jurisdiction": {"jurisdiction": "cn-tj"},
    "product": {"product": "P0000"},
    "product, rare": {"product": "P1990"},
    "hospital": {"hospital": "H00001"},
    "manufacturer": {"manufacturer": "M000"},
    "distributor": {"distributor": "D000"},
    "distributor, in the oldest tenth only": {"distributor": "E000"},
    "order": {"order": "O00000500"},
    "accused": {"accused_role": "distributor", "accused": "D000"},
    "accused and rule": {"accused_role": "hospital", "accused": "H00001", "rule": "off-platform"},
    "review disputed": {"review": "disputed"},
    "stale": {"stale": True},
    "assignee": {"assignee": "person:o03"},
    "overdue breaches": {"review": "new", "severity": "breach", "detected_to": _day(300)},
    "detected on a day": {"detected_from": _day(700), "detected_to": _day(701)},
    "rule and product": {"rule": "late-response", "product": "P0000"},
    "product and hospital": {"product": "P0000", "hospital": "H00001"},
    "severity and status": {"severity": "breach", "status": "withdrawn"},
    "as of a day, area": {"as_of": _day(300), "area": "142900"},
    "as of a day, rule and month": {
        "as_of": _day(600),
        "rule": "late-response",
        "month": _month(500),
    },
    "nothing: product": {"product": "none"},
    "nothing: jurisdiction": {"jurisdiction": "scms"},
    "nothing: rule that month": {"rule": "distributor-cap", "occurred_from": _day(800)},
    "nothing: manufacturer of another product": {"manufacturer": "M000", "product": "P0001"},
    "nothing: distributor of another area": {"area": "140000", "distributor": "D100"},
    "nothing: month before all": {"month": "2015-01"},
}

PAGES: Final[dict[str, str]] = {
    "overview": "/?jurisdiction={jurisdiction}",
    "overview, twelve months": "/?jurisdiction={jurisdiction}&show=year",
    "matrix": "/v1/matrix?jurisdiction={jurisdiction}&show=year",
    "parties": "/parties?jurisdiction={jurisdiction}",
    "parties as JSON": "/v1/parties?jurisdiction={jurisdiction}",
    "cases": "/cases?jurisdiction={jurisdiction}",
    "cases of a month": f"/cases?jurisdiction={{jurisdiction}}&month={_month(500)}",
    "cases that are worked on": "/v1/cases?jurisdiction={jurisdiction}&stage=verifying",
}
"""The other pages that count violations, each as everybody may ask for it."""

OF_ALL: Final[dict[str, str]] = {
    "party": "/parties/distributor/D000?jurisdiction={jurisdiction}",
    "data quality": "/quality",
    "status": "/v1/status",
    "metrics": "/metrics",
}
"""What only who sees all is sure to be answered, machines that ask again and again among them."""
