"""Who asks: a person or a machine, what it may do, and in whose name."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Role(StrEnum):
    """What somebody may do; a principal may have several."""

    OFFICER = "officer"
    REVIEWER = "reviewer"
    REGULATOR = "regulator"
    AUDITOR = "auditor"
    OPERATOR = "operator"
    PUBLISHER = "publisher"
    PARTY = "party"

    @property
    def zh(self) -> str:
        """The role in Chinese."""
        return _ZH[self]

    @property
    def en(self) -> str:
        """What the role is for, in English."""
        return _EN[self]


_ZH = {
    Role.OFFICER: "经办人",
    Role.REVIEWER: "复核人",
    Role.REGULATOR: "监管人员",
    Role.AUDITOR: "审计人员",
    Role.OPERATOR: "运维人员",
    Role.PUBLISHER: "报送方",
    Role.PARTY: "当事方",
}
_EN = {
    Role.OFFICER: "works on violations",
    Role.REVIEWER: "decides on them",
    Role.REGULATOR: "reads what concerns its jurisdictions",
    Role.AUDITOR: "reads everything, and who did what",
    Role.OPERATOR: "keeps the service running",
    Role.PUBLISHER: "tells events in its own name",
    Role.PARTY: "reads what accuses or names it",
}

OVERSEERS = frozenset({Role.OFFICER, Role.REVIEWER, Role.REGULATOR, Role.AUDITOR})
"""Those who see what concerns any party of their jurisdictions."""


class Party(NamedTuple):
    """A party by its kind (manufacturer, distributor, hospital, agency) and its code."""

    kind: str
    code: str


_FOLDERS = {
    "manufacturer": "manufacturers",
    "distributor": "distributors",
    "hospital": "hospitals",
    "agency": "agencies",
}
"""How the `source` of a party's own events begins (docs/events.md), by its kind."""

KINDS = tuple(_FOLDERS)
"""The kinds of party."""


def party_of(text: str) -> Party:
    """Read `kind:code`; raises ValueError for anything else."""
    kind, colon, code = text.partition(":")
    if kind not in _FOLDERS or not colon or not code or "\x00" in code:
        known = ", ".join(KINDS)
        raise ValueError(f"{text!r} is no party. Write it as kind:code, the kind one of {known}")
    return Party(kind, code)


def source_of(party: Party) -> str:
    """Give the `source` under which a party tells its own events."""
    return f"/{_FOLDERS[party.kind]}/{party.code}"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who was identified; `subject` names a person or a key: `person:liwj`, `key:abc`.

    `jurisdictions` are those it may see and tell of, None is all of them. `parties` and `sources`
    are its own: in whose name it tells, and whose violations it sees. Sources None is anybody's
    name, as on a machine of one's own.
    """

    subject: str
    roles: frozenset[Role]
    jurisdictions: frozenset[str] | None = None
    parties: frozenset[Party] = frozenset()
    sources: frozenset[str] | None = frozenset()

    @property
    def oversees(self) -> bool:
        """Whether it sees what concerns any party, and not only its own."""
        return not self.roles.isdisjoint(OVERSEERS)


LOCAL = Principal("person:local", frozenset(Role), sources=None)
"""Everybody on a machine where nobody is asked: may do all."""


def may_do(principal: Principal, roles: Collection[Role]) -> bool:
    """Say whether it has one of some roles."""
    return not principal.roles.isdisjoint(roles)


def may_reach(principal: Principal, jurisdiction: str) -> bool:
    """Say whether a jurisdiction is one of its own."""
    return principal.jurisdictions is None or jurisdiction in principal.jurisdictions


def may_see(principal: Principal, jurisdiction: str, parties: Collection[Party]) -> bool:
    """Say whether it may see what concerns some parties of a jurisdiction.

    Overseers see all of their jurisdictions; others what concerns one of their own parties.
    """
    if not may_reach(principal, jurisdiction):
        return False
    return principal.oversees or not principal.parties.isdisjoint(parties)


def may_tell(principal: Principal, source: str) -> bool:
    """Say whether it may tell events under a `source`."""
    return principal.sources is None or source in principal.sources
