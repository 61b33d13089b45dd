"""What can go wrong with the local stack, each with its remedy in the message."""

from pathlib import Path


class StackError(RuntimeError):
    """The local stack could not be started or stopped; the message names the log to read."""


class StackRunningError(StackError):
    """A stack already runs on the data directory, so a second one must not touch it."""

    def __init__(self, data: Path) -> None:
        self.data = data
        super().__init__(
            f"a local stack already runs, or is starting, on {data}: "
            "use that one, end it first, or choose another data directory",
        )


class JarDownloadError(StackError):
    """A jar could not be fetched; those that could are kept, so a second try goes on from there."""

    def __init__(self, coordinates: str, reason: str) -> None:
        self.coordinates = coordinates
        super().__init__(
            f"could not download {coordinates}: {reason}. Check the network and HTTPS_PROXY, or "
            "name a Maven mirror in VBP_MAVEN_REPOSITORY; then try again: jars that are already "
            "here are not fetched twice",
        )


class JarChecksumError(StackError):
    """A jar is not the one that was pinned, so it is not run."""

    def __init__(self, file: Path, *, expected: str, got: str) -> None:
        self.file = file
        self.expected = expected
        self.got = got
        super().__init__(
            f"{file} is not the pinned jar: SHA-256 expected {expected}, got {got}. "
            "Delete it and try again; if it comes back, the Maven repository serves another file",
        )
