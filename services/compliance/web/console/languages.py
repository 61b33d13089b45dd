"""The languages of the console: Chinese, in which its pages are written, and English."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, cast, get_args

from babel import Locale, negotiate_locale
from babel.messages.pofile import read_po
from fastapi import Request

Language = Literal["zh", "en"]

COOKIE = "lang"

LOCALE = Path(__file__).parent / "locale"
"""What the pages say in English, by what they say in Chinese, and of policies the other way round:
their notes are written in English."""


def language_of(request: Request) -> Language:
    """Give the language of an answer.

    What the address asks for goes before what was asked for last, and that before the browser's.
    """
    for asked in (request.query_params.get("lang"), request.cookies.get(COOKIE)):
        if asked in get_args(Language):
            return cast(Language, asked)
    accepted = request.headers.get("accept-language", "")
    wanted = [part.partition(";")[0].strip() for part in accepted.split(",")]
    found = negotiate_locale(wanted, [*get_args(Language), "zh-CN"], sep="-")
    return cast(Language, Locale.parse(found, sep="-").language) if found else "zh"


@cache
def words(language: Language) -> Mapping[str, str]:
    """Read what is said in a language, by what it is in the other."""
    with (LOCALE / f"{language}.po").open("rb") as file:
        return {
            message.id: message.string
            for message in read_po(file)
            if isinstance(message.id, str) and isinstance(message.string, str) and message.id
        }


def translate(text: str, language: Language) -> str:
    """Give a text of a page in a language; one that has no other words is shown as it is."""
    return words(language).get(text) or text
