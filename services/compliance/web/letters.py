"""Letters of cases as they go out: written once, kept as bytes, and signed where there is a key."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from services.compliance.findings.anchor import fingerprint
from services.compliance.people.procedure import LetterKind
from services.compliance.rules import RULES
from services.compliance.storage.cases import Outgoing, Seal
from shared.domain.calendar import ZONE, day_of

_DOCUMENTS = Path(__file__).parent / "documents"
_TITLES = {rule.name: rule.title_zh for rule in RULES}


class LetterForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What all letters of a kind say: before and after the words of whoever drafted one."""

    title: str
    opening: str
    closing: str


class _Clause(NamedTuple):
    policy: str
    clause: str
    quote: str


def letter_forms() -> Mapping[LetterKind, LetterForm]:
    """Read what the letters of each kind say."""
    text = (_DOCUMENTS / "letters.toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[LetterKind, LetterForm])


class LetterWriter:
    """Writes letters and signs them, with the key of evidence packs; without one it does not."""

    def __init__(self, key: Ed25519PrivateKey | None) -> None:
        self._key = key
        self._forms = letter_forms()
        environment = Environment(
            loader=FileSystemLoader(_DOCUMENTS), autoescape=True, undefined=StrictUndefined
        )
        environment.filters |= {
            "minutes": lambda at: f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}",
            "seconds": lambda at: f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        }
        self._template = environment.get_template("letter.html")

    def sealing(self, name: str | None) -> Callable[[Outgoing], Seal]:
        """Give what makes a letter to a party that is called so, where that is known."""
        return lambda letter: self._sealed(letter, name)

    def _sealed(self, letter: Outgoing, name: str | None) -> Seal:
        form, due = self._forms[letter.kind], letter.step.due
        html = self._template.render(
            letter=letter,
            kind=form,
            party=f"{name} {letter.case.party}" if name else letter.case.party,
            rule=_TITLES.get(letter.case.rule, letter.case.rule),
            opening=form.opening.format(corrects="、".join(letter.corrects)),
            closing=form.closing.format(due=due),
            clauses=sorted(set(_clauses(letter))),
            day=day_of(letter.step.at),
            annexes=[("附件一　事项清单", letter.listed), ("附件二　提示事项清单", letter.hints)],
        )
        body = html.encode()
        if self._key is None:
            return Seal(body)
        return Seal(body, self._key.sign(body), fingerprint(self._key.public_key()))


def _clauses(letter: Outgoing) -> Iterator[_Clause]:
    for row in letter.listed:
        named = msgspec.json.decode(row["clause"])
        yield _Clause(row["policy"], "、".join(map(str, named)), row["quote"])
