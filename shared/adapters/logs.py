"""One way to log for all processes: JSON lines for machines, short lines for a terminal."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
from typing_extensions import override

from shared.adapters.floods import OnceAMinute

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn says everything a second time, in colours
}
"""What every record carries; all else was passed by the caller as `extra`."""

_CAPTURED = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "aiokafka", "faust", "mode", "py.warnings")
"""Libraries that bring handlers of their own, which would write each line twice or not at all."""

_REPEATING = ("aiokafka", "faust", "mode")
"""Libraries that say the same over and over while something is away."""


class JsonLines(logging.Formatter):
    """One JSON object a line: ts (UTC), level, logger, event, the extras, exception if any."""

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "ts": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            line["stack"] = record.stack_info
        return _escaped(msgspec.json.encode(_utf_8(line), enc_hook=str).decode())


class ForPeople(logging.Formatter):
    """Time of day, level, message, then the extras as `name=value`.

    What follows a line (an exception) is indented: a name that holds line ends forges no line.
    """

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        extras = "".join(f" {name}={value}" for name, value in _extras(record).items())
        return _escaped(super().formatMessage(record) + extras)

    @override
    def formatException(self, ei: Any) -> str:
        return _indented(super().formatException(ei))

    @override
    def formatStack(self, stack_info: str) -> str:
        return _indented(super().formatStack(stack_info))


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logging of this process to one place (stderr), at `level` and above.

    Replaces what was configured before, so that calling it twice does no harm. The access log of
    uvicorn is off: shared.adapters.http writes one line a request with more in it.
    """
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.setFormatter(ForPeople() if target.isatty() else JsonLines())
    handler.addFilter(OnceAMinute(_REPEATING))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    logging.captureWarnings(capture=True)
    for name in _CAPTURED:
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.setLevel(logging.NOTSET)
        logger.propagate = True
    access = logging.getLogger("uvicorn.access")
    access.handlers.clear()
    access.propagate = False


def _extras(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


def _utf_8(value: Any) -> Any:
    """Replace what is not UTF-8 (a surrogate in a path): a log line may never raise."""
    match value:
        case str():
            return value.encode(errors="backslashreplace").decode()
        case dict():
            return {_utf_8(name): _utf_8(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_utf_8(inner) for inner in value]
        case _:
            return value


def _escaped(text: str) -> str:
    """Write out what moves a terminal's cursor, colours it, ends a line or turns its direction.

    Paths, names and values in a log come from outside. Inside JSON the result stays JSON.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _indented(text: str) -> str:
    return "\n".join(f"    {_escaped(line)}" for line in text.split("\n"))
