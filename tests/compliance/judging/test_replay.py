from random import Random

from services.commands.replay_shares import Share
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.replay import Replay
from services.compliance.judging.subjects import ON_PAYMENTS
from tests.support.builders import POLICIES, found, replayed
from tests.support.events import an_event, heard, instant, said
from tests.support.histories import whole_history, whole_moment

REGISTER = [said("product.selected"), said("hospital.enrolled")]
ORDER = said("order.placed", "2022-03-01 09:00:00")


def test_what_was_told_after_the_moment_of_asking_is_left_out() -> None:
    replay = Replay(POLICIES, instant("2022-03-04 09:00:00"))
    assert replay.tell(an_event("order.accepted", "2022-03-01 10:00:00"))
    assert replay.tell(
        an_event("order.accepted", "2022-03-01 10:00:00", told="2022-03-04 09:00:00")
    )
    assert not replay.tell(
        an_event("order.accepted", "2022-03-01 10:00:00", told="2022-03-04 09:00:01")
    )


def test_a_fact_of_an_unknown_kind_of_record_counts_for_nothing() -> None:
    priced = an_event("product.listed")
    assert Replay(POLICIES, instant("2022-03-04 09:00:00")).tell(priced)
    assert replayed(REGISTER, "2022-03-04 09:00:00").violations() == []


def test_violations_are_sorted_by_rule_subject_and_anchor() -> None:
    orders = [said("order.placed", "2022-03-01 09:00:00", order=name) for name in ("O2", "O1")]
    told = replayed([*orders, *REGISTER], "2022-04-01 00:00:00").violations()
    keys = [(violation.rule, violation.subject, violation.anchor) for violation in told]
    assert keys == sorted(keys)
    assert len(keys) > 4


def test_an_agreement_alone_shows_that_nobody_was_appointed() -> None:
    (gap,) = found("coverage-gap", *REGISTER, said("agreement.signed"))
    assert gap.subject == "P1/H1"


def test_records_that_lack_a_term_are_counted() -> None:
    orders = [
        said("order.placed", "2022-03-01 09:00:00", order=name, agreement="A9") for name in "ab"
    ]
    replay = replayed([*REGISTER, *orders], "2022-04-01 00:00:00")
    replay.violations()
    assert replay.unjudged["late-response", "agreement"] == 2
    assert replay.unjudged["late-delivery", "agreement"] == 2


def test_an_order_of_a_product_nobody_told_is_unjudged_for_every_rule_on_orders() -> None:
    replay = replayed([ORDER], "2022-04-01 00:00:00")
    assert replay.violations() == []
    carried = POLICIES.of("cn-sx")[0].rules.keys()
    unjudged = {rule for rule, term in replay.unjudged if term == "product"}
    # What the hospital bought may bind it to an agreement: its commitment says so.
    assert unjudged == (set(KINDS["order"].unjudged) & carried) | {"agreement-missing"}
    assert len(unjudged) >= 6


def test_facts_of_an_order_that_nobody_placed_wait() -> None:
    assert (
        replayed(
            [said("order.rejected", "2022-03-01 10:00:00")], "2022-04-01 00:00:00"
        ).violations()
        == []
    )


def test_the_order_of_the_archive_does_not_matter() -> None:
    events = [
        *REGISTER,
        ORDER,
        said("agreement.signed"),
        said("order.rejected", "2022-03-03 10:00:00"),
    ]
    plain = replayed(events, "2022-04-01 00:00:00").violations()
    for seed in range(10):
        mixed = Random(seed).sample(events * 2, len(events) * 2)
        assert replayed(mixed, "2022-04-01 00:00:00").violations() == plain


def test_an_archive_line_says_where_its_facts_stand() -> None:
    replay = Replay(POLICIES, instant("2022-03-03 09:00:00"))
    for offset, event in enumerate([*REGISTER, ORDER]):
        replay.tell(heard(event, offset=offset))
    (late,) = [told for told in replay.violations() if told.rule == "late-response"]
    assert [fact["offset"] for fact in late.evidence] == [2]


def test_two_provinces_with_the_same_codes_do_not_mix() -> None:
    there = [said(event["type"][4:-3], event["time"], jurisdiction="cn-tj") for event in REGISTER]
    here = replayed([*REGISTER, *there, ORDER], "2022-03-03 09:00:00").violations()
    assert {violation.jurisdiction for violation in here} == {"cn-sx"}


def test_an_archive_whose_orders_are_shared_out_is_judged_as_one_replay_judges_it() -> None:
    paid = 0
    for seed in range(60):
        chance = Random(seed)
        written = whole_history(chance)
        as_of = whole_moment(chance, written)
        alone, events = replayed(written, as_of), [heard(event) for event in written]
        shares = [Share(number, 3) for number in range(3)]
        first, *others = replays = [Replay(POLICIES, as_of) for _ in shares]
        away: list[Transfer] = []
        for replay, share in zip(replays, shares, strict=True):
            replay.mine = share.gathers
            for event in events:
                if share.owns(event) or type(event.data) in ON_PAYMENTS:
                    replay.tell(event)
                else:
                    replay.know(event)
            replay.judge_orders(share.has, first=share.number == 0)
            away += replay.give_away()
        for replay, share in zip(replays, shares, strict=True):
            replay.take(one for one in away if share.gathers(one.target))
            replay.gather()
            assert not replay.give_away()
        for other in others:
            counts = other.unjudged, other.contradictions
            first.join(other.found, *counts, other.defects)
        assert first.conclude() == alone.violations()
        assert first.unjudged == alone.unjudged
        paid += sum(violation.rule == "late-settlement" for violation in first.found)
    assert paid > 30
