"""`vbp losses`: what the broker lost before it was read, and who takes it for final."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.table import Table

from services.commands.on_database import on_database
from services.commands.terminal import counted, say, show
from services.compliance.findings.words import shanghai
from services.compliance.settings import Settings
from services.compliance.storage import losses
from services.compliance.storage.losses import Noted
from shared.domain.errors import InvalidArgumentError

SHOWN = 1_000

CAUSES = {
    "removed": "removed unread (retention, or by a person)",
    "made_again": "the topic was deleted and made again",
    "cut_off": "the log was cut off behind what we had read",
}


def show_losses(settings: Settings, *, all_of_them: bool) -> None:
    """Print the losses that wait, and what to do about them."""
    found = on_database(
        settings,
        lambda connection: losses.listed(connection, all_of_them=all_of_them, at_most=SHOWN),
    )
    if not found:
        say("Nothing was lost" + ("" if all_of_them else " that nobody has acknowledged"))
        return
    table = Table("id", "partition", "offsets", "what happened", "noticed", "acknowledged")
    for loss in found:
        table.add_row(*_row(loss))
    show(table)
    if any(loss.acknowledged_at is None for loss in found):
        say(
            "No silence is judged meanwhile. Publish again what was lost, if anybody still has it "
            "(an event published twice counts once), and then: vbp losses acknowledge ID "
            "--by NAME --reason TEXT"
        )


def acknowledge(settings: Settings, ids: Sequence[int], by: str, reason: str) -> None:
    """Note who takes losses for final, and why."""
    for name, text in (("--by", by), ("--reason", reason)):
        if not text.strip():
            raise InvalidArgumentError(f"{name}: is empty. Say who takes it for final, and why")
    now = datetime.now(UTC)
    on_database(
        settings,
        lambda connection: losses.acknowledge(connection, ids, by.strip(), reason.strip(), now),
    )
    say(
        f"{counted(len(set(ids)), 'loss', 'losses')} acknowledged. "
        "Silence is judged again once nothing else waits"
    )


def _row(loss: Noted) -> tuple[str, ...]:
    count = loss.next_offset - loss.first_offset
    offsets = f"{loss.first_offset} to {loss.next_offset - 1}" if count else "none that we know of"
    done = "–"
    if loss.acknowledged_at is not None:
        done = f"{shanghai(loss.acknowledged_at)} by {loss.acknowledged_by}: {loss.reason}"
    return (
        str(loss.id),
        f"{loss.topic} {loss.partition}",
        offsets,
        CAUSES[loss.cause],
        shanghai(loss.noticed_at),
        done,
    )
