"""What a new directory of Kafka's begins with: made by its tool once, and kept beside the jars.

The tool is a Java of its own, which takes as long as the start of the broker after it. What it
writes tells the features that the broker has, the same in every directory; only the marks differ.
"""

import base64
import contextlib
import hashlib
import tempfile
import uuid
from pathlib import Path

CHECKPOINT, MARKS = "bootstrap.checkpoint", "meta.properties"
"""The files' names below the directory of the logs."""

_DIGEST_BYTES = hashlib.sha256().digest_size


def an_identity() -> str:
    """Draw an identity as Kafka writes them."""
    return base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")


def begin_with(kept: Path, logs: Path, *, node: int) -> bool:
    """Format the directory `logs` for a new cluster; False where nothing whole is kept."""
    try:
        content = kept.read_bytes()
    except OSError:
        return False
    digest, checkpoint = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
    if hashlib.sha256(checkpoint).digest() != digest:
        return False
    marks = {
        "cluster.id": an_identity(),
        "directory.id": an_identity(),
        "node.id": node,
        "version": 1,
    }
    lines = (f"{name}={value}\n" for name, value in marks.items())
    (logs / CHECKPOINT).write_bytes(checkpoint)
    # By its marks a directory is known as formatted, so they come last and at once.
    aside = logs / f"{MARKS}.new"
    aside.write_text("".join(lines), encoding="utf-8")
    aside.replace(logs / MARKS)
    return True


def keep(logs: Path, kept: Path) -> None:
    """Keep what the tool has made in `logs`; where that cannot be, the next one makes it again."""
    with (
        contextlib.suppress(OSError),
        tempfile.TemporaryDirectory(dir=kept.parent, prefix="keeping-") as directory,
    ):
        checkpoint, aside = (logs / CHECKPOINT).read_bytes(), Path(directory) / CHECKPOINT
        aside.write_bytes(hashlib.sha256(checkpoint).digest() + checkpoint)
        aside.replace(kept)
