"""Whether an address can be listened at, asked before anything is begun."""

import errno
import socket

from shared.domain.errors import SetupError


def refuse_taken(host: str, port: int, option: str) -> None:
    """Raise SetupError if a server could not listen at an address now; `option` chooses the port.

    Port 0 is any that is free.
    """
    variable = "VBP_" + option.removeprefix("--").replace("-", "_").upper()
    try:
        _bind(host, port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise SetupError(
                f"port {port} of {host} is taken: give another by {option} (or {variable})"
            ) from error
        raise SetupError(
            f"nothing can listen at port {port} of {host} ({error.strerror or error!r}): mend "
            f"VBP_HOST, or give another port by {option} (or {variable})"
        ) from error


def is_free(port: int) -> bool:
    """Whether a server could listen on a port of 127.0.0.1 now."""
    try:
        _bind("127.0.0.1", port)
    except OSError:
        return False
    return True


def _bind(host: str, port: int) -> None:
    """Take all addresses that a name stands for, and let them go again; raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    for family, kind, protocol, _, address in found:
        with socket.socket(family, kind, protocol) as probe:
            # As servers do: a connection that has ended lately does not hold the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind(address)
