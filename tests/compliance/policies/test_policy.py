from datetime import date
from pathlib import Path

import msgspec
import pytest

from services.compliance.policies.policy import (
    FOLDER,
    Carried,
    Force,
    Policies,
    Severity,
    load,
)
from services.compliance.records.evidence import Term
from shared.domain.errors import SetupError

SX, TJ, SCMS = "cn-sx-2021-22", "cn-tj-2019-draft", "scms"
SHIPPED = load()
BY_ID = {policy.id: policy for policy in SHIPPED.all}


def term(basis: str) -> Term:
    return Term("limit", 1, basis, "anywhere")


def altered(folder: Path, old: str, new: str) -> Path:
    text = (FOLDER / f"{SX}.toml").read_text("utf-8")
    assert old in text
    (folder / f"{SX}.toml").write_text(text.replace(old, new, 1), "utf-8")
    return folder


@pytest.mark.parametrize(
    ("force", "bases", "issued", "draft"),
    [
        ("duty", [], "breach", "explain"),
        ("duty", ["clause"], "breach", "explain"),
        ("duty", ["reading"], "breach", "explain"),
        ("duty", ["agreement"], "breach", "explain"),
        ("duty", ["clause", "reading"], "breach", "explain"),
        ("duty", ["assumption"], "warning", "warning"),
        ("duty", ["mission"], "warning", "warning"),
        ("duty", ["agreement", "assumption"], "warning", "warning"),
        ("principle", ["clause", "reading"], "explain", "explain"),
        ("authority", ["clause"], "warning", "warning"),
        ("mission", ["assumption"], "warning", "warning"),
        ("mission", ["clause"], "warning", "warning"),
    ],
)
def test_severity_follows_the_force_of_the_words_and_the_basis_of_the_limit(
    force: Force, bases: list[str], issued: Severity, draft: Severity
) -> None:
    law = msgspec.structs.replace(
        BY_ID[SX], rules={"a-rule": Carried(clauses=("七",), quote="须", force=force)}
    )
    terms = [term(basis) for basis in bases]
    assert law.severity("a-rule", terms) == issued
    assert msgspec.structs.replace(law, draft=True).severity("a-rule", iter(terms)) == draft


@pytest.mark.parametrize(
    ("jurisdiction", "day", "expected"),
    [
        ("cn-sx", date(2021, 12, 16), None),
        ("cn-sx", date(2021, 12, 17), SX),
        ("cn-sx", date(2099, 1, 1), SX),
        ("cn-tj", date(2019, 2, 28), None),
        ("cn-tj", date(2019, 3, 1), TJ),
        ("cn-tj", date(2020, 2, 29), TJ),
        ("cn-tj", date(2020, 3, 1), None),
        ("scms", date(2006, 1, 1), SCMS),
        ("cn-xx", date(2022, 1, 1), None),
    ],
)
def test_a_policy_holds_from_its_first_day_to_its_last(
    jurisdiction: str, day: date, expected: str | None
) -> None:
    found = SHIPPED.on(jurisdiction, day)
    assert (found and found.id) == expected


def test_two_policies_in_force_in_a_jurisdiction_on_one_day_are_refused(tmp_path: Path) -> None:
    began = "in_force = 2021-12-17"
    first, later = tmp_path / f"{SX}.toml", tmp_path / "later.toml"
    altered(tmp_path, f'id = "{SX}"', 'id = "later"')
    text = first.read_text("utf-8").replace(began, "in_force = 2023-12-17")
    later.write_text(text, "utf-8")
    altered(tmp_path, began, began)
    with pytest.raises(SetupError, match=rf"^later\.toml: in force from 2023-12-17, while {SX} "):
        load(tmp_path)
    altered(tmp_path, began, f"{began}\nuntil = 2023-12-17")
    assert [policy.id for policy in load(tmp_path).of("cn-sx")] == [SX, "later"]


def test_only_where_more_than_single_orders_is_judged_are_records_gathered() -> None:
    assert SHIPPED.gathers("cn-sx")
    assert not SHIPPED.gathers("scms")
    assert SHIPPED.instead(SX).gathers("scms")


def test_the_digest_of_a_jurisdiction_is_of_all_its_policies() -> None:
    one = SHIPPED.digest("cn-sx")
    assert one != SHIPPED.digest("cn-tj")
    assert one == Policies([BY_ID[SX], BY_ID[TJ]], SHIPPED.table).digest("cn-sx")
    corrected = msgspec.structs.replace(BY_ID[SX], digest="other")
    assert one != Policies([corrected], SHIPPED.table).digest("cn-sx")


def test_the_jurisdictions_taken_are_those_with_a_policy_file() -> None:
    assert SHIPPED.jurisdictions == {"cn-sx", "cn-tj", "scms"}
    assert SHIPPED.of("cn-sx") == (BY_ID[SX],)
    assert SHIPPED.of("cn-xx") == ()


def test_one_policy_can_stand_in_for_every_other_on_every_day() -> None:
    replaced = SHIPPED.instead(TJ)
    for jurisdiction in ("cn-sx", "cn-tj", "scms"):
        for day in (date(2006, 5, 4), date(2099, 1, 1)):
            found = replaced.on(jurisdiction, day)
            assert found is not None
            assert found.id == TJ
            assert found.holds_on(day)
        assert [policy.id for policy in replaced.of(jurisdiction)] == [TJ]
    assert replaced.jurisdictions == SHIPPED.jurisdictions
    assert BY_ID[TJ].until == date(2020, 3, 1)


def test_an_unknown_policy_cannot_stand_in() -> None:
    with pytest.raises(SetupError, match=f"no policy 'cn-xx'; known are: {SX}, {TJ}, {SCMS}"):
        SHIPPED.instead("cn-xx")


def test_a_term_carries_value_basis_and_policy() -> None:
    assert BY_ID[SX].term("response_hours") == Term("response_hours", 24, "assumption", SX)
    assert BY_ID[SX].number("drug_distributor_cap") == 5


def test_a_value_that_a_policy_lacks_is_named_with_the_file_to_mend() -> None:
    with pytest.raises(SetupError, match=r"response_hours.*policies/cn-tj-2019-draft\.toml"):
        BY_ID[TJ].term("response_hours")


def test_a_value_that_is_no_number_is_refused_where_one_is_needed() -> None:
    for name in ("excused_reasons", "count_self_delivery"):
        with pytest.raises(SetupError, match=f"{SX}: {name} must be a number"):
            BY_ID[SX].number(name)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('force = "principle"', 'forse = "principle"', r"forse.*\$\.rules"),
        ("duty = ", "dutty = ", "dutty"),
        ('jurisdiction = "cn-sx"\n', "", "jurisdiction"),
        ('value = 5, basis = "clause"', "value = 5", r"basis.*\$\.values"),
        ('force = "duty"', 'force = "wish"', r"wish.*force"),
        ("in_force = 2021-12-17", 'in_force = "soon"', "in_force"),
        ('clauses = ["四¶1"]', "clauses = []", "clauses"),
        ('clauses = ["四¶1"]', 'clauses = ["四¶2"]', "beyond-volume-supply names clause 四¶2"),
        ('clauses = ["四¶1"]', 'clauses = ["九"]', "beyond-volume-supply names clause 九"),
        (f'id = "{SX}"', 'id = "cn-sx"', r"id is 'cn-sx'; name the file cn-sx\.toml"),
        ("[values]", "[values", "line"),
        (
            "[values]",
            '[values]\nstock_told_since = { value = "soon", basis = "assumption" }',
            "stock_told_since is 'soon'; write a day",
        ),
        (
            "in_force = 2021-12-17",
            "in_force = 2021-12-17\nuntil = 2021-12-17",
            "until = 2021-12-17 is",
        ),
    ],
)
def test_a_faulty_file_is_refused_with_file_and_field(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    with pytest.raises(SetupError, match=rf"^{SX}\.toml: .*{problem}"):
        load(altered(tmp_path, old, new))


def test_a_file_that_is_not_utf_8_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_bytes(b'id = "\xff"')
    with pytest.raises(SetupError, match=r"^odd\.toml: "):
        load(tmp_path)


def test_another_text_has_another_digest(tmp_path: Path) -> None:
    mended = load(altered(tmp_path, "value = 5,", "value = 6,")).all[0]
    assert len(mended.digest) == 64
    assert mended.digest != BY_ID[SX].digest
    assert mended.number("drug_distributor_cap") == 6


def test_policies_of_a_jurisdiction_follow_each_other_by_day() -> None:
    first = msgspec.structs.replace(BY_ID[SX], id="first", until=date(2023, 1, 1))
    second = msgspec.structs.replace(BY_ID[SX], id="second", in_force=date(2023, 1, 1))
    both = Policies([first, second])
    assert both.on("cn-sx", date(2022, 12, 31)) == first
    assert both.on("cn-sx", date(2023, 1, 1)) == second
    assert both.of("cn-sx") == (first, second)
