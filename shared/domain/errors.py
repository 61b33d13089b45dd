"""Every error says by its class what happens next.

VbpError
├── InvalidEventError     the input is at fault: answer it, or dead-letter it
├── InvalidArgumentError  the caller is at fault: say so and stop, exit code 2
├── TransientError        something outside failed: try again, then exit
│   ├── FencedError           another worker owns the partition: let go and rejoin
│   └── ConflictError         a record moved meanwhile: load it and judge again
├── DefectError           this program failed on some records: say which, exit code 1
│   └── UnstorableError       PostgreSQL takes no such value: write less at once, to find which
├── TooManyInvalidError   the share of bad input says that the fault is ours: stop, exit code 70
└── SetupError            this machine or installation lacks something: say what, exit code 1
    ├── UnreachableError      a server does not answer: a worker waits until it does
    └── ForbiddenError        who asks may not see this: say so, and give nothing
"""


class VbpError(Exception):
    """The root of all errors of this project."""


class InvalidEventError(VbpError):
    """An event that cannot be taken: which field, what it held, and how to mend it."""

    def __init__(self, field: str, problem: str, remedy: str, value: object = None) -> None:
        self.field = field
        self.problem = problem
        self.remedy = remedy
        self.value = value
        shown = "" if value is None else f" (found {shorten(value)})"
        super().__init__(f"{field}: {problem}{shown}. {remedy}")


class InvalidArgumentError(VbpError):
    """An argument or setting that cannot be used, with its remedy."""


class TransientError(VbpError):
    """Something outside failed; the same call may succeed later."""


class FencedError(TransientError):
    """The partition has another owner, or was read from another place than believed."""


class ConflictError(TransientError):
    """A row changed between loading and writing."""


class TooManyInvalidError(VbpError):
    """So much of the input is invalid that the fault is more likely here than there."""


class DefectError(VbpError):
    """This program failed on some records, which it set aside; all others stand."""


class UnstorableError(DefectError):
    """PostgreSQL can be reached, and refuses a value that we write: trying again helps nothing."""


class SetupError(VbpError):
    """This machine or installation lacks something; the message names it and the remedy."""


class UnreachableError(SetupError):
    """A server does not answer; the message names it and what to check."""


class ForbiddenError(SetupError):
    """Who asks may not see this; the message says whom to ask."""


def shorten(value: object, limit: int = 80) -> str:
    """Show a value in an error without letting it flood the log."""
    text = repr(value)
    return text if len(text) <= limit else f"{text[: limit - 1]}…"
