"""Shares of an archive: what gathers from others stays with all that it contributes to."""

from random import Random

from services.commands.replay_shares import root_of
from services.compliance.judging.kinds import KINDS, LAST_HEARD
from tests.support.builders import replayed
from tests.support.histories import whole_history, whole_moment


def test_what_a_record_that_gathers_contributes_stays_in_its_share() -> None:
    crossed = set[tuple[str, str]]()
    for seed in range(80):
        chance = Random(seed)
        written = whole_history(chance)
        replay = replayed(written, whole_moment(chance, written))
        replay.violations()
        for subject, dossier in replay.dossiers.items():
            if KINDS[subject.kind].level <= LAST_HEARD:
                continue
            for contribution in dossier.judgement.given:
                target = contribution.target(subject.jurisdiction)
                crossed.add((subject.kind, target.kind))
                assert root_of(target) == root_of(subject), (subject, target)
    assert {("account", "statement"), ("commitment", "funding"), ("commitment", "usage")} <= crossed
