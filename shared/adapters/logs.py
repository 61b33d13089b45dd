"""One way to log for all processes: JSON lines for machines, short lines for a terminal."""

import logging
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
from typing_extensions import override

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn says everything a second time, in colours
}
"""What every record carries; all else was passed by the caller as `extra`."""

_CAPTURED = ("uvicorn", "uvicorn.error", "uvicorn.asgi", "aiokafka", "faust", "mode", "py.warnings")
"""Libraries that bring handlers of their own, which would write each line twice or not at all."""


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
        return msgspec.json.encode(_printable(line), enc_hook=str).decode()


class ForPeople(logging.Formatter):
    """Time of day, level, message, then the extras as `name=value`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")

    @override
    def formatMessage(self, record: logging.LogRecord) -> str:
        extras = "".join(f" {name}={value}" for name, value in _extras(record).items())
        return super().formatMessage(record) + extras


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send all logging of this process to one place (stderr), at `level` and above.

    Replaces what was configured before, so that calling it twice does no harm. The access log of
    uvicorn is off: shared.adapters.http writes one line a request with more in it.
    """
    target = sys.stderr if stream is None else stream
    handler = logging.StreamHandler(target)
    handler.setFormatter(ForPeople() if target.isatty() else JsonLines())
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


def _printable(line: dict[str, Any]) -> dict[str, Any]:
    """Replace what is not UTF-8 (a surrogate in a path): a log line may never raise."""
    return {
        name: value.encode(errors="backslashreplace").decode() if isinstance(value, str) else value
        for name, value in line.items()
    }
