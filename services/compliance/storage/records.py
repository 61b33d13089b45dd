"""All that a round came to, written at once; where that fails, the records at fault are found."""

from collections.abc import Mapping, Sequence

from services.compliance.judging.round import Refused, RefusedRecord
from services.compliance.judging.subjects import Subject
from services.compliance.judging.upshot import Upshot
from services.compliance.storage import contradictions, dossiers, quarantine, violations
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import DefectError, TransientError, UnstorableError


class WrittenInVainError(DefectError):
    """What was made of some records cannot be written; all others can."""

    def __init__(self, at_fault: Mapping[Subject, Exception]) -> None:
        super().__init__(f"{len(at_fault)} records cannot be written")
        self._at_fault = at_fault

    def added_to(self, refused: Refused) -> Refused:
        """Give what to set aside in the next round; raises UnstorableError if that cannot help.

        A record that cannot be written though it was not judged is left as it was.
        """
        more: dict[Subject, RefusedRecord] = {}
        for subject, error in self._at_fault.items():
            before = refused.get(subject)
            if before is not None and before.remedy == "rebuild":
                raise UnstorableError(f"{subject} cannot be written as it was: {error}") from error
            more[subject] = RefusedRecord(error, "judge" if before is None else "rebuild")
        return {**refused, **more}


async def save(
    connection: Connection, judged: Upshot, law: Mapping[str, int], *, smallest: bool
) -> None:
    """Write the records of a round and what was said of them, within a transaction.

    `law` gives the versions judged under; `smallest` says that no smaller round can be made: where
    its records can be written each alone and not together, all are at fault.

    Raises ConflictError if a row moved, WrittenInVainError that knows the records at fault,
    UnstorableError if a smaller round must find them, and what PostgreSQL raises where it fails.
    """
    try:
        async with connection.transaction():
            await _write(connection, judged, law)
    except Exception as error:
        if not _is_of_a_value(error):
            raise
        at_fault = await _at_fault(connection, judged, law, sorted(judged.dossiers))
        if not at_fault and smallest:
            at_fault = dict.fromkeys(judged.dossiers, error)
        if not at_fault:
            raise UnstorableError(f"some records cannot be written together: {error}") from error
        raise WrittenInVainError(at_fault) from error


async def _write(connection: Connection, judged: Upshot, law: Mapping[str, int]) -> None:
    await dossiers.save(connection, judged, law)
    await violations.save(connection, judged)
    await quarantine.save(connection, judged)
    await contradictions.save(connection, judged)


async def _at_fault(
    connection: Connection, judged: Upshot, law: Mapping[str, int], subjects: Sequence[Subject]
) -> dict[Subject, Exception]:
    """Find the records that cannot be written, by writing halves of halves and taking them back."""
    trial = connection.transaction()
    await trial.start()
    try:
        await _write(connection, judged.only(subjects), law)
    except Exception as error:
        if not _is_of_a_value(error):
            raise
        if len(subjects) == 1:
            return {subjects[0]: error}
    else:
        return {}
    finally:
        if not connection.is_closed():
            await trial.rollback()
    middle = len(subjects) // 2
    found = await _at_fault(connection, judged, law, subjects[:middle])
    return found | await _at_fault(connection, judged, law, subjects[middle:])


def _is_of_a_value(error: Exception) -> bool:
    """Whether it is a value that cannot be written, rather than PostgreSQL that fails."""
    outside = (*postgres.FAILURES, TransientError)
    return isinstance(error, postgres.REFUSED) or not isinstance(error, outside)
