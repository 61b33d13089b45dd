"""Letters of cases as they go out: written once, kept as bytes, and signed where there is a key."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from msgspec import Struct

from services.compliance.findings.anchor import fingerprint
from services.compliance.people.procedure import LetterKind
from services.compliance.policies.policy import Policies
from services.compliance.register.names import BRACKETS, with_names
from services.compliance.rules import RULES
from services.compliance.storage.cases import Language, Outgoing, Seal
from shared.adapters.identity.invented import called
from shared.domain.calendar import ZONE, day_of

_DOCUMENTS = Path(__file__).parent / "documents"
_TITLES: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {rule.name: rule.title_zh for rule in RULES},
    "en": {rule.name: rule.title_en for rule in RULES},
}
_FORMS: Final[Mapping[Language, str]] = {"zh": "letters.toml", "en": "letters.en.toml"}
_TEMPLATES: Final[Mapping[Language, str]] = {"zh": "letter.html", "en": "letter.en.html"}
_BETWEEN: Final[Mapping[Language, str]] = {"zh": "、", "en": ", "}
_ZONE: Final = ("+08:00", "")
"""A letter says once that its times are Beijing's."""

_ANNEXES: Final[Mapping[Language, tuple[str, str]]] = {
    "zh": ("附件一　事项清单", "附件二　提示事项清单"),
    "en": ("Annex 1: violations", "Annex 2: hints"),
}


class LetterForm(Struct, frozen=True, forbid_unknown_fields=True):
    """What all letters of a kind say: before and after the words of whoever drafted one."""

    title: str
    opening: str
    closing: str


class _Clause(NamedTuple):
    policy: str
    clause: str
    quote: str


def letter_forms(language: Language) -> Mapping[LetterKind, LetterForm]:
    """Read what the letters of each kind say in a language."""
    text = (_DOCUMENTS / _FORMS[language]).read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), dict[LetterKind, LetterForm])


class LetterWriter:
    """Writes letters and signs them, with the key of evidence packs; without one it does not."""

    def __init__(self, key: Ed25519PrivateKey | None, policies: Policies) -> None:
        self._key = key
        self._policies: Mapping[Language, Mapping[str, str]] = {
            "zh": {policy.id: f"《{policy.title_zh}》" for policy in policies.all},
            "en": {policy.id: policy.title_en for policy in policies.all},
        }
        self._forms = {language: letter_forms(language) for language in get_args(Language)}
        environment = Environment(
            loader=FileSystemLoader(_DOCUMENTS), autoescape=True, undefined=StrictUndefined
        )
        environment.filters |= {
            "minutes": lambda at: f"{at.astimezone(ZONE):%Y-%m-%d %H:%M}",
            "seconds": lambda at: f"{at.astimezone(ZONE):%Y-%m-%d %H:%M:%S}",
        }
        self._templates = {
            language: environment.get_template(name) for language, name in _TEMPLATES.items()
        }

    def sealing(self, names: Mapping[str, str]) -> Callable[[Outgoing], Seal]:
        """Give what makes a letter in which codes stand beside the names that are known of them."""
        return lambda letter: self._sealed(letter, names)

    def _sealed(self, letter: Outgoing, names: Mapping[str, str]) -> Seal:
        language, due = letter.language, letter.step.due
        name = names.get(letter.case.party)
        form = self._forms[language][letter.kind]
        html = self._templates[language].render(
            letter=letter,
            kind=form,
            party=f"{name} {letter.case.party}" if name else letter.case.party,
            rule=_TITLES[language].get(letter.case.rule, letter.case.rule),
            opening=form.opening.format(corrects=_BETWEEN[language].join(letter.corrects)),
            closing=form.closing.format(due=due),
            clauses=sorted(set(_clauses(letter, self._policies[language]))),
            signer=called(letter.step.by, language),
            day=day_of(letter.step.at),
            annexes=zip(_ANNEXES[language], (letter.listed, letter.hints), strict=True),
            told=lambda message: with_names(message, names, BRACKETS[language]).replace(*_ZONE),
        )
        body = html.encode()
        if self._key is None:
            return Seal(body)
        return Seal(body, self._key.sign(body), fingerprint(self._key.public_key()))


def _clauses(letter: Outgoing, titles: Mapping[str, str]) -> Iterator[_Clause]:
    for row in letter.listed:
        named = msgspec.json.decode(row["clause"])
        yield _Clause(
            titles.get(row["policy"], row["policy"]), "、".join(map(str, named)), row["quote"]
        )
