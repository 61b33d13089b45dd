"""Invented people, one for each job: whoever sits at a machine of one's own may be any of them."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final, NamedTuple

from starlette.datastructures import Headers

from shared.domain.principal import LOCAL, Party, Principal, Role

COOKIE: Final = "vbp-as"
"""Names whom the browser acts as; without it, everybody in one."""


class Invented(NamedTuple):
    """Somebody invented, and what they are called."""

    principal: Principal
    zh: str
    en: str


def _one(name: str, zh: str, en: str, *roles: Role, party: Party | None = None) -> Invented:
    parties = frozenset() if party is None else frozenset({party})
    return Invented(Principal(f"person:{name}", frozenset(roles), parties=parties), zh, en)


INVENTED: Final[Mapping[str, Invented]] = {
    one.principal.subject: one
    for one in (
        _one("liwj", "李文静（经办）", "Li Wenjing, officer", Role.OFFICER),
        _one("zhaogq", "赵国强（经办）", "Zhao Guoqiang, officer", Role.OFFICER),
        _one("wangxm", "王晓梅（复核）", "Wang Xiaomei, reviewer", Role.REVIEWER),
        _one("sunlei", "孙磊（监管）", "Sun Lei, regulator", Role.REGULATOR, Role.AUDITOR),
        _one(
            "chen",
            "陈敏（配送企业 D01）",
            "Chen Min, of distributor D01",
            Role.PARTY,
            party=Party("distributor", "D01"),
        ),
    )
}
"""By subject."""


def called(subject: str, language: str) -> str:
    """Give what somebody is called in `zh` or `en`; who was not invented, by the subject."""
    one = INVENTED.get(subject)
    return subject if one is None else one.zh if language == "zh" else one.en


def chosen(headers: Headers) -> Principal:
    """Give whom a browser has chosen to be."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return LOCAL
    one = INVENTED.get(morsel.value) if morsel is not None else None
    return LOCAL if one is None else one.principal
