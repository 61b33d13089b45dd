"""Standard input, output and errors as a shell hands them over: closed, full, or not in UTF-8."""

import errno
import io
import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

from shared.domain.texts import plain

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
"""What the system says of a file that takes no more; of a file that has no name it is a stream."""

_MODES = ("r", "w", "w")
"""How standard input, output and errors are opened, by the numbers of their files."""


def prepare() -> None:
    """Make the streams fit to use; raises SystemExit where standard output is closed.

    Where a console has no letter for a character, its number is shown.
    """
    if sys.stderr is None:  # closed by 2>&-
        sys.stderr = _nowhere(2)
    if sys.stdout is None:  # closed by >&-
        sys.stdout = _nowhere(1)
        fail("standard output is closed: send it to a file, a pipe or /dev/null", 1)
    if sys.stdin is None:  # closed by <&-
        sys.stdin = _nowhere(0)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _nowhere(number: int) -> Any:
    # The next file to be opened would get the free number, and be written to as a stream.
    opened = os.open(os.devnull, os.O_RDWR)
    if opened != number:
        os.dup2(opened, number)
        os.close(opened)
    return os.fdopen(number, _MODES[number], encoding="utf-8", closefd=False)


def fail(message: str, code: int) -> NoReturn:
    """Say on stderr what went wrong, as far as it can be said, and leave with an exit code."""
    # Names in a message may hold anything; its own line ends are meant.
    shown = "\n".join(map(plain, message.split("\n")))
    with suppress(OSError):
        sys.stderr.write(f"vbp: {shown}\n")
        sys.stderr.flush()
    sys.exit(code)


def trouble(error: OSError) -> str:
    """Say what could not be read or written, and why."""
    where = error.filename or ("standard output" if error.errno in _FULL else None)
    reason = error.strerror or repr(error)
    return reason if where is None else f"{where}: {reason}"


def finish() -> None:
    """Write what still waits to be written, as a part of the command and not of its end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        abandon()
    except OSError as error:
        abandon()
        fail(trouble(error), 1)
    with suppress(OSError):
        sys.stderr.flush()


def abandon() -> None:
    """Write nothing more to standard output, whose reader is gone or whose disk is full."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
