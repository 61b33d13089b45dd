"""The account that PostgreSQL runs as: it refuses root, so root lends it to `nobody`."""

import ctypes
import os
import pwd
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import StackError

_ACCOUNT = "nobody"

_PR_SET_KEEPCAPS = 8
_PR_CAP_AMBIENT = 47
_PR_CAP_AMBIENT_RAISE = 2
_CAP_DAC_OVERRIDE = 1
_CAPABILITY_VERSION_3 = 0x20080522


@dataclass(frozen=True)
class Account:
    """An unprivileged account, and whether it must be let through directories closed to it."""

    uid: int
    gid: int
    passes_closed_directories: bool

    def own(self, path: Path) -> None:
        """Give `path` to the account."""
        os.chown(path, self.uid, self.gid)

    def become(self) -> Callable[[], None]:
        """Return what a child of root calls to turn into this account, for good."""
        libc = ctypes.CDLL(None, use_errno=True)

        def turn() -> None:
            if self.passes_closed_directories:
                _must(libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0))
            os.setgroups([])
            os.setgid(self.gid)
            os.setuid(self.uid)
            if self.passes_closed_directories:
                _keep_one_capability(libc)

        return turn


def unprivileged(*used: Path) -> Account | None:
    """Find the account for a program that must not run as root; None when this process is not root.

    A checkout of root's lies below `/root`, which nobody else may enter. Rather than open it to
    everybody, the account keeps the one capability that lets it pass to the paths in `used`.
    Raises `StackError` where the system does not grant that.
    """
    if os.geteuid() != 0:
        return None
    entry = pwd.getpwnam(_ACCOUNT)
    closed = next(_closed_directories(used), None)
    if closed is not None and not _has_capability():
        raise StackError(
            f"PostgreSQL does not run as root, and the account {_ACCOUNT} cannot enter {closed}: "
            f"move the checkout and its data elsewhere, run as another user, or chmod o+x {closed}",
        )
    return Account(entry.pw_uid, entry.pw_gid, passes_closed_directories=closed is not None)


def _closed_directories(used: Iterable[Path]) -> Iterator[Path]:
    for path in used:
        for parent in path.resolve().parents:
            if not parent.stat().st_mode & stat.S_IXOTH:
                yield parent


def _has_capability() -> bool:
    if sys.platform != "linux":
        return False
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    permitted = next(line.split()[1] for line in lines if line.startswith("CapPrm:"))
    return bool(int(permitted, 16) >> _CAP_DAC_OVERRIDE & 1)


def _keep_one_capability(libc: ctypes.CDLL) -> None:
    mask = 1 << _CAP_DAC_OVERRIDE
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(mask, mask, mask, 0, 0, 0)
    _must(libc.capset(header, sets))
    _must(libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _CAP_DAC_OVERRIDE, 0, 0))


def _must(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
