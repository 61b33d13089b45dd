"""Grants exemptions: what an officer has typed, checked, and told at the orders door as an event.

The event says who typed it (`officer`); the key of this service alone may tell it under the source
`/console`, and the access log has the request of the officer that it follows from.
"""

import hashlib
import http.client
from collections.abc import Collection, Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple, cast

import msgspec

from services.compliance.answers.neighbours import Answered, Neighbour
from services.compliance.register.exemption import CONSOLE, PARTIES, Exemption, exemption_of
from services.compliance.rules import RULES
from shared.adapters.problems import ProblemError
from shared.domain import events as say
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import STRUCTURED, Event, read_structured
from shared.domain.errors import SetupError, TransientError

WORDS: Final = ("reason", "authority", "document")
FIELDS: Final = ("jurisdiction", "exemption", "rule", *PARTIES, "start", "end", *WORDS)
"""What is typed, in the order of the form; `exemption` only to replace one that there is."""

LONGEST: Final = {"reason": 4_000} | dict.fromkeys(("authority", "document", *PARTIES), 256)

_REMEDY: Final = (
    "Put a key into the file that VBP_KEY_FILE names which may tell exemptions: vbp keys create "
    f"console --role auditor --role publisher --source {CONSOLE}"
)
_RULES: Final = frozenset(rule.name for rule in RULES)


class Fault(NamedTuple):
    """A field that cannot be taken: which, what was typed there, and what is wrong with it."""

    field: str
    value: str
    why: str


class Proposed(NamedTuple):
    """What an officer has typed: a text of each of FIELDS, empty where nothing was."""

    fields: Mapping[str, str]

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Proposed":
        """Read a form, or the query of its address."""
        told = {name: form.get(name, "").replace("\r\n", "\n") for name in FIELDS}
        return cls({name: text.replace("\x00", "").strip() for name, text in told.items()})

    def faults(self, places: Collection[str]) -> list[Fault]:
        """Give what is wrong with it; `places` are the officer's jurisdictions."""
        return list(self._faults(places))

    def _faults(self, places: Collection[str]) -> Iterator[Fault]:
        told = self.fields
        if told["jurisdiction"] not in places:
            yield self._fault("jurisdiction", "place")
        if told["rule"] not in _RULES:
            yield self._fault("rule", "unknown" if told["rule"] else "missing")
        if not any(told[party] for party in PARTIES):
            yield Fault("parties", "", "nobody")
        yield from self._faults_of_days()
        yield from (self._fault(name, "missing") for name in WORDS if not told[name])
        yield from (
            self._fault(name, "long") for name in LONGEST if len(told[name]) > LONGEST[name]
        )

    def _faults_of_days(self) -> Iterator[Fault]:
        days = {name: _day(self.fields[name]) for name in ("start", "end")}
        for name, day in days.items():
            if day is None:
                yield self._fault(name, "day" if self.fields[name] else "missing")
        start, end = days.values()
        if start is not None and end is not None and end <= start:
            yield self._fault("end", "order")

    def _fault(self, field: str, why: str) -> Fault:
        return Fault(field, self.fields[field], why)

    @property
    def exemption(self) -> str:
        """Give its id: that of the one which it replaces, else one that follows from all of it.

        Whoever sends the same form again grants the same exemption again, and no second one.
        """
        if self.fields["exemption"]:
            return self.fields["exemption"]
        said = msgspec.json.encode([self.fields[name] for name in FIELDS])
        return f"E-{hashlib.sha256(said).hexdigest()[:12].upper()}"

    def event(self, officer: str, at: datetime) -> bytes:
        """Give the event that grants it at an instant; the same one for the same instant."""
        said = {name: text for name, text in self.fields.items() if text}
        moment = instant_text(at)
        return msgspec.json.encode(
            {
                "specversion": "1.0",
                # An id has 256 characters at most; its end has the instant.
                "id": f"{self.exemption}/{moment}"[-256:],
                "source": CONSOLE,
                "type": Exemption.says,
                "time": moment,
                "data": said | {"exemption": self.exemption, "officer": officer},
            }
        )


def read_as_told(raw: bytes) -> Exemption:
    """Read an exemption as a worker will; raises InvalidEventError."""
    event: Event = read_structured(raw)
    return exemption_of(event, cast(say.ExemptionGranted, event.data))


async def tell(door: Neighbour, raw: bytes) -> None:
    """Tell an event at the orders door.

    Raises ProblemError (422) where it is refused, SetupError where it is not ours to tell,
    TransientError where it could not be taken now. Telling it again is harmless.
    """
    answer = await door.tell("/v1/events", raw, STRUCTURED)
    if answer.status == http.client.ACCEPTED:
        return
    detail, pointers = _said(answer)
    if answer.status in {http.client.UNAUTHORIZED, http.client.FORBIDDEN} or "#/source" in pointers:
        raise SetupError(f"{detail}. {_REMEDY}")
    if answer.status in {http.client.BAD_REQUEST, http.client.UNPROCESSABLE_ENTITY}:
        raise ProblemError(422, "refused", detail)
    raise TransientError(f"{door.base}/v1/events answers {answer.status}: {detail}")


def _said(answer: Answered) -> tuple[str, list[str]]:
    """Give why the door has refused, and the places of what it refused."""
    try:
        problem: dict[str, Any] = msgspec.json.decode(answer.body, type=dict[str, Any])
    except msgspec.DecodeError:
        return repr(answer.body[:300]), []
    errors = problem.get("errors") or []
    return str(problem.get("detail", "")), [str(one.get("pointer")) for one in errors]


def _day(text: str) -> date | None:
    """Read a day as events write it; None for anything else."""
    try:
        return msgspec.convert(text, date)
    except msgspec.ValidationError:
        return None
