"""Values that change on a day: how a file writes them, what holds when, what is refused."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from services.compliance.policies.policy import FOLDER, Policy, load
from services.compliance.records.evidence import Term
from shared.domain.errors import SetupError
from tests.support.events import instant

SX = "cn-sx-2021-22"
(PLAIN_POLICY,) = load().of("cn-sx")
CAP = "drug_distributor_cap"
ONCE = re.compile(rf"(?m)^{CAP} = .*\n")
FIRST = f"""
[[values.{CAP}]]
value = 5
basis = "clause"
clause = "七"
note = "不超过5家"
"""
THEN = f"""
[[values.{CAP}]]
from = 2023-07-01
value = 3
basis = "reading"
clause = "七"
"""
AGAIN = f"""
[[values.{CAP}]]
from = 2024-01-01
value = 4
basis = "clause"
"""


def changing(folder: Path, *tables: str) -> Policy:
    """Shanxi's policy with tables in the place of the plain line of its cap for drugs."""
    text = ONCE.sub("", (FOLDER / f"{SX}.toml").read_text("utf-8"), count=1)
    text = text.replace("\n[rules.", "".join(tables) + "\n[rules.", 1)
    (folder / f"{SX}.toml").write_text(text, "utf-8")
    return load(folder).all[0]


@pytest.mark.parametrize(
    ("day", "value", "basis"),
    [
        (date(2020, 1, 1), 5, "clause"),
        (date(2021, 12, 17), 5, "clause"),
        (date(2023, 6, 30), 5, "clause"),
        (date(2023, 7, 1), 3, "reading"),
        (date(2023, 12, 31), 3, "reading"),
        (date(2024, 1, 1), 4, "clause"),
        (date(2099, 1, 1), 4, "clause"),
    ],
)
def test_a_value_holds_from_its_day_until_the_next_begins(
    tmp_path: Path, day: date, value: int, basis: str
) -> None:
    policy = changing(tmp_path, FIRST, THEN, AGAIN)
    assert policy.on(day).term(CAP) == Term(CAP, value, basis, SX)
    assert policy.on(day).number("response_hours") == 24
    assert policy.on(day).rules == PLAIN_POLICY.rules


def test_a_value_changes_at_midnight_in_shanghai(tmp_path: Path) -> None:
    policy = changing(tmp_path, FIRST, THEN)

    def cap(at: str | datetime) -> float:
        return policy.at(instant(at)).number(CAP)

    assert cap("2023-06-30 23:59:59.999999") == 5
    assert cap("2023-07-01 00:00:00") == 3


def test_what_is_in_force_on_a_day_has_the_values_of_the_day(tmp_path: Path) -> None:
    changing(tmp_path, FIRST, THEN)
    policies = load(tmp_path)
    for day, value in ((date(2023, 6, 30), 5), (date(2023, 7, 1), 3)):
        in_force = policies.on("cn-sx", day)
        assert in_force is not None
        assert in_force.number(CAP) == value
        elsewhere = policies.instead(SX).on("cn-tj", day)
        assert elsewhere is not None
        assert elsewhere.number(CAP) == value
        assert elsewhere.holds_on(date(2000, 1, 1))


def test_a_value_that_changes_is_not_to_be_asked_of_the_policy_as_a_whole(tmp_path: Path) -> None:
    policy = changing(tmp_path, FIRST, THEN)
    with pytest.raises(LookupError, match=f"{CAP} changes; ask"):
        policy.term(CAP)
    assert CAP not in policy.values
    assert [value.value for value in policy.told[CAP]] == [5, 3]


def test_a_policy_whose_values_never_change_is_one_edition_itself() -> None:
    assert PLAIN_POLICY.editions == ()
    assert PLAIN_POLICY.on(date(2030, 1, 1)) is PLAIN_POLICY


def test_an_edition_has_the_version_that_it_had_before_a_later_change_was_written(
    tmp_path: Path,
) -> None:
    before, once = PLAIN_POLICY, changing(tmp_path, FIRST, THEN)
    twice = changing(tmp_path, FIRST, THEN, AGAIN)
    assert before.digest == once.editions[0].digest == twice.editions[0].digest
    assert once.editions[1].digest == twice.editions[1].digest
    versions = {policy.digest for policy in (before, once, twice, *twice.editions)}
    assert len(versions) == 5


def test_comments_and_the_order_of_tables_make_no_other_version(tmp_path: Path) -> None:
    text = (FOLDER / f"{SX}.toml").read_text("utf-8")
    head, *tables = re.split(r"(?m)^(?=\[rules\.)", text)
    *rules, last = tables
    last, clauses = last.split("[clauses.", 1)
    turned = "".join([head, "# another word\n", last, *reversed(rules), "[clauses.", clauses])
    assert turned != text
    (tmp_path / f"{SX}.toml").write_text(turned, "utf-8")
    assert load(tmp_path).all[0].digest == PLAIN_POLICY.digest


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ([THEN, AGAIN], "the first has from = 2023-07-01; .* drop it"),
        ([FIRST, FIRST], "value 5 has no `from`; name its first day"),
        ([FIRST, AGAIN, THEN], "from = 2023-07-01 is not after 2024-01-01"),
        ([FIRST, THEN, THEN], "from = 2023-07-01 is not after 2023-07-01"),
        ([FIRST, THEN.replace("2023-07-01", "2021-12-17")], "2021-12-17 is not after 2021-12-17"),
        ([FIRST, THEN.replace("2023-07-01", '"soon"')], r"from"),
        ([FIRST, THEN.replace("from", "since")], "since"),
        ([FIRST, THEN.replace('basis = "reading"', "")], "basis"),
        ([FIRST, THEN.replace('"reading"', '"agreement"')], "agreement"),
    ],
)
def test_days_that_make_no_sense_are_refused_with_file_value_and_remedy(
    tmp_path: Path, tables: list[str], problem: str
) -> None:
    with pytest.raises(SetupError, match=rf"^{SX}\.toml: \[\[values\.{CAP}\]\]: .*{problem}"):
        changing(tmp_path, *tables)


def test_a_value_that_would_begin_when_the_policy_is_over_is_refused(tmp_path: Path) -> None:
    changing(tmp_path, FIRST, THEN)
    path = tmp_path / f"{SX}.toml"
    began = "in_force = 2021-12-17"
    ended = path.read_text("utf-8").replace(began, f"{began}\nuntil = 2023-07-01", 1)
    path.write_text(ended, "utf-8")
    with pytest.raises(SetupError, match=r"from = 2023-07-01 is not before until = 2023-07-01"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["changing", "begins", "editions", "digest"])
def test_a_file_does_not_tell_what_is_made_of_it(tmp_path: Path, name: str) -> None:
    text = (FOLDER / f"{SX}.toml").read_text("utf-8").replace("id =", f'{name} = "x"\nid =', 1)
    (tmp_path / f"{SX}.toml").write_text(text, "utf-8")
    with pytest.raises(SetupError, match=rf"^{SX}\.toml: {name} is none of a policy's fields"):
        load(tmp_path)
