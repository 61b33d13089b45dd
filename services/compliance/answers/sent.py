"""Where a file is written to that is sent on at once: nobody can go back in it."""


class Sent:
    """Takes what is written, until it is asked for."""

    closed = False
    """Whoever writes asks."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        """Take a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Do nothing: all is taken by `taken`."""

    def close(self) -> None:
        """Do nothing, as well."""

    def taken(self) -> bytes:
        """Give what was written since this was last asked."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
