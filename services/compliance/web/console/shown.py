"""How values are shown to people: instants in Shanghai time, spans in days and hours."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape

from services.compliance.web.console.languages import Language, translate
from services.compliance.web.console.telling import CODES
from shared.domain import calendar
from shared.domain.errors import InvalidEventError

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_LONG = 10
"""Days from which on hours are not told any more."""

_BRACKETS = re.compile(r"\s*[（(][^（）()]*[）)]")

_ENGLISH = re.compile("[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2,}")
_CHINESE = re.compile("[\u3007\u4e00-\u9fff](?:[^A-Za-z\n]*[\u4e00-\u9fff）”])?")
"""Words that only a text in a language has, and a piece of a text from the first to the last."""

_UNITS = {"zh": (" 天", " 时", " 分"), "en": (" d", " h", " min")}


def instant_of(told: object) -> datetime | None:
    """Read an instant as it is served; None for any other value."""
    if isinstance(told, datetime):
        return told
    try:
        return calendar.parse_instant(told) if isinstance(told, str) else None
    except InvalidEventError:
        return None


def as_of(instant: datetime | None) -> str:
    """Give the query of an address that asks for what was known at an instant; empty for now."""
    return "" if instant is None else f"?as_of={calendar.instant_text(instant)}"


def seconds(told: object) -> Markup | str:
    """Show an instant to the second, as Shanghai time; any other value as it is."""
    return _time(told, "%H:%M:%S")


def minutes(told: object) -> Markup | str:
    """Show an instant to the minute, as `seconds` does."""
    return _time(told, "%H:%M")


def _time(told: object, form: str) -> Markup | str:
    instant = instant_of(told)
    if instant is None:
        return value(told)
    text = instant.astimezone(calendar.ZONE).strftime(f"%Y-%m-%d {form}")
    # A page shows a hundred, and none more exactly than its text is.
    exact = instant.astimezone(UTC).strftime(f"%Y-%m-%dT{form}Z")
    return Markup('<time datetime="{}">{}</time>').format(exact, text)


def value(told: Any) -> str:
    """Show what was observed, or its limit: an instant as Shanghai time, a list with commas."""
    instant = instant_of(told)
    if instant is not None:
        return instant.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S")
    match told:
        case None:
            return "–"
        case bool():
            return "✓" if told else "✗"
        case list():
            return ", ".join(value(item) for item in told)
        case dict():
            return ", ".join(f"{name} {value(item)}" for name, item in told.items())
        case _:
            return f"{told:.15g}" if isinstance(told, float) else str(told)


def said(told: Any, language: Language) -> str:
    """Show a value as `value` does, and a code that has words by them."""
    if isinstance(told, list):
        return ", ".join(said(item, language) for item in told)
    code = told if isinstance(told, str) else ""
    return translate(CODES[code], language) if code in CODES else value(told)


def span(lasted: timedelta, language: Language) -> str:
    """Show how long something lasted: days and hours, or hours and minutes."""
    day, hour, minute = _UNITS[language]
    lasted = max(lasted, timedelta())
    days, rest = divmod(lasted, _DAY)
    if days >= _LONG:
        return f"{days}{day}"
    hours = rest // _HOUR
    if days:
        return f"{days}{day} {hours}{hour}"
    return f"{hours}{hour} {rest % _HOUR // timedelta(minutes=1)}{minute}"


def seconds_of(age: float) -> timedelta:
    """Give a span that was told in seconds."""
    return timedelta(seconds=age)


def message(told: object) -> str:
    """Give a message as pages show it, which all say that their times are Beijing's."""
    return str(told or "").replace("+08:00", "")


def brief(told: object, most: int = 140) -> str:
    """Give a message for lists: without what stands in brackets, and cut where it is long."""
    short, whole = message(told), ""
    while short != whole:
        short, whole = _BRACKETS.sub("", short), short
    return short if len(short) <= most else short[: most - 1] + "…"


def breaking(text: object, language: Language) -> Markup:
    """Let a long text that was written in lines keep its paragraphs, each as it is `marked`."""
    paragraphs = [part.strip() for part in str(text or "").split("\n\n")]
    shown = (Markup("<p>{}</p>").format(marked(part, language)) for part in paragraphs if part)
    return Markup().join(shown)


def number(told: int) -> str:
    """Show a number with its thousands apart."""
    return f"{told:,}"


def share(of_one: float | None) -> str:
    """Show a share of one; a dash where there is none."""
    return "–" if of_one is None else f"{of_one * 100:.1f} %"


def weight(size: int) -> str:
    """Show how many bytes a file has."""
    return f"{size / 1024 / 1024:.1f} MB" if size >= 1 << 20 else f"{max(1, size >> 10)} KB"


def marked(text: object, language: Language) -> Markup:
    """Say of a text that is told in one language, on a page in another, which it is.

    A reader aloud is told so of each Chinese piece in an English text as well.
    """
    told = str(text or "")
    pieces = Markup().join(_pieces(told)) if _is_english(told) or language == "en" else escape(told)
    if language == "zh" and _is_english(told):
        return Markup('<span lang="en">{}</span>').format(pieces)
    return pieces


def _is_english(text: str) -> bool:
    return _ENGLISH.search(text) is not None


def _pieces(text: str) -> Iterator[Markup]:
    """Give a text piece by piece, the Chinese ones marked."""
    end = 0
    for found in _CHINESE.finditer(text):
        yield escape(text[end : found.start()])
        yield Markup('<span lang="zh-CN">{}</span>').format(found[0])
        end = found.end()
    yield escape(text[end:])
