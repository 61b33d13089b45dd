"""Lays rules out in a copy of the tree, fails by name until they are filled in, and passes then."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools.new_rule import RefusedError, lay_out

ROOT = Path(__file__).parents[2]
SX = "cn-sx-2021-22"
RULE = "services/compliance/rules/urgent_order.py"
LISTING = "services/compliance/rules/__init__.py"
LAW = f"services/compliance/policies/{SX}.toml"
CASES_IN = "tests/compliance/rules"
CASES = f"{CASES_IN}/urgent_order.toml"
AGREED = "tests/compliance/policies/test_shipped.py"
CHECKS = [CASES_IN, AGREED, "tests/compliance/policies/test_clauses.py"]
KEBAB = "small letters in words joined by hyphens"

JUDGED = """\
    if terms.placed.urgent:
        at, why = terms.placed.telling.time, evidence_of(record.placed)
        yield terms.finding("haste", at, at, observed=1, limit=0, terms=(), evidence=why)
"""
IMPORTED = """\
from services.compliance.records.evidence import evidence_of
from shared.domain.records.order import Order
"""
FILLED_IN = {
    RULE: [
        ("FILL IN: the rule as an officer would say it, in one line.", "No order may be urgent."),
        ("FILL IN: the clause and its words; then how a doubtful word in them is read.", "SX 四."),
        ("FILL IN: find what breaks the clause; ask record and terms, write no number here.", "F."),
        (
            "    yield from ()\n",
            JUDGED,
        ),
        (
            "from shared.domain.records.order import Order\n",
            IMPORTED,
        ),
        ('"FILL IN"', '"Urgent"'),
        ("FILL IN: ", "Urgent: "),
    ],
    LAW: [
        ("  # FILL IN: the clauses that say so, here and in their `rules`", ""),
        (
            "FILL IN: words of one of these clauses, letter by letter",
            "中选企业仍应按中选价格进行供应",
        ),
        ("  # FILL IN: duty, principle (原则上), authority or mission", ""),
        ("FILL IN: how the words are read", "A rule to try with."),
    ],
    CASES: [
        ("FILL IN: the rule and its clause; which policies do not carry it.", "No urgent order."),
        ("FILL IN: what the clause allows, at the very boundary, is not found", "in no haste"),
        ("FILL IN: what breaks it by the least is found", "in haste"),
        (
            "at = 2022-03-01 09:00:00 }]\nexpect",
            'at = 2022-03-01 09:00:00, urgency = "urgent" }]\nexpect',
        ),
        (
            '"FILL IN", occurred_at = 2022-03-01 09:00:00',
            '"O1", occurred_at = 2022-03-01 09:00:00, cured_at = 2022-03-01 09:00:00',
        ),
    ],
    AGREED: [
        (
            '"beyond-volume-supply": ("四¶1",),',
            '"beyond-volume-supply": ("四¶1",), "urgent-order": ("四¶1",),',
        )
    ],
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the sources, to write in."""
    for folder in ("services", "shared", "deploy", "tools", "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.gz")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    """A copy of what `lay_out` reads and writes, and no more."""
    for folder in ("services/compliance/rules", "services/compliance/policies", CASES_IN):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    return tmp_path


def ran(tree: Path, *arguments: str) -> tuple[int, str]:
    # What is compiled of a copy goes with it.
    beside = {name: value for name, value in os.environ.items() if name != "PYTHONPYCACHEPREFIX"}
    done = subprocess.run(  # noqa: S603  # our own Python
        [sys.executable, *arguments],
        cwd=tree,
        env=beside,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def checked(tree: Path, *selected: str) -> tuple[int, str]:
    return ran(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", *selected, *CHECKS)


def fill_in(tree: Path) -> None:
    for path, changes in FILLED_IN.items():
        text = (tree / path).read_text("utf-8")
        for old, new in changes:
            assert old in text, (path, old)
            text = text.replace(old, new)
        (tree / path).write_text(text, "utf-8")


def snapshot(tree: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}


@pytest.mark.timeout(600)
def test_a_rule_laid_out_fails_by_name_until_it_is_filled_in(tree: Path) -> None:
    asked = ("urgent-order", "--record", "order", "--policy", SX)
    code, said = ran(tree, "-m", "tools.new_rule", *asked)
    assert (code, said.count(RULE)) == (0, 2), said

    code, said = checked(tree, "-k", "not test_a_case or urgent-order")
    assert code == 1
    for expected in (
        "rules/urgent_order.py:1: ",
        "rules/urgent_order.toml:1: ",
        f"policies/{SX}.toml:",
        "test_a_rule_quotes_one_of_its_clauses_word_for_word",
        "what a policy carries is agreed here: add the rule and its clauses",
        "test_a_case[urgent-order: FILL IN: what breaks it by the least is found]",
    ):
        assert expected in said

    fill_in(tree)
    code, said = checked(tree)
    assert code == 0, said
    code, said = ran(tree, "-m", "ruff", "check", "--select", "F,I", RULE, LISTING)
    assert code == 0, said


@pytest.mark.parametrize(
    ("record", "policy"),
    [
        ("order", "scms"),
        ("commitment", SX),
        ("appointments", SX),
        ("supply", "cn-tj-2019-draft"),
        ("product", SX),
    ],
)
def test_what_is_laid_out_loads_whatever_it_reads(tree: Path, record: str, policy: str) -> None:
    lay_out(tree, "gone-astray", record, policy)
    asked = (
        "from services.compliance.rules import RULES\n"
        "from services.compliance.policies.policy import load\n"
        "(rule,) = [rule for rule in RULES if rule.name == 'gone-astray']\n"
        "print(rule.reads, *[it.id for it in load().all if rule.name in it.rules])"
    )
    code, said = ran(tree, "-c", asked)
    assert (code, said.split()) == (0, [record, policy])


def test_clauses_that_call_the_rule_unbuilt_carry_it_and_call_it_so_no_more(lists: Path) -> None:
    law = lists / LAW
    text = law.read_text("utf-8")
    unbuilt = 'not_judged = "Judged by rules not built yet: '
    for before, after in (
        ('not_judged = "Principles:', f"{unbuilt}early-bird, gone-astray. Principles:"),
        (
            'not_judged = "Tells the authorities in',
            f"{unbuilt}gone-astray. Tells the authorities in",
        ),
    ):
        assert before in text
        text = text.replace(before, after, 1)
    law.write_text(text, "utf-8")
    lay_out(lists, "gone-astray", "order", SX)

    policy = tomllib.loads(law.read_text("utf-8"))
    assert policy["rules"]["gone-astray"]["clauses"] == ["一（一）", "一（二）"]
    first, second = policy["clauses"]["一（一）"], policy["clauses"]["一（二）"]
    assert first["rules"] == second["rules"] == ["gone-astray"]
    still = "Judged by rules not built yet: early-bird. Principles:"
    assert first["not_judged"].startswith(still)
    assert second["not_judged"].startswith("Tells the authorities in")


@pytest.mark.parametrize(
    ("name", "record", "policy", "problem"),
    [
        ("late-response", "order", SX, "late_response.py exists"),
        ("Late", "order", SX, KEBAB),
        ("late_again", "order", SX, KEBAB),
        ("-late", "order", SX, KEBAB),
        ("late-", "order", SX, KEBAB),
        ("late\n", "order", SX, KEBAB),
        ("../late", "order", SX, KEBAB),
        ("import", "order", SX, KEBAB),
        ("", "order", SX, KEBAB),
        (
            "gone-astray",
            "orders",
            SX,
            "known are: appointments, order, commitment, supply",
        ),
        ("gone-astray", "order", "sx", f"known are: {SX}, cn-tj-2019-draft, scms"),
        ("gone-astray", "order", f"../policies/{SX}", f"known are: {SX}, cn-tj-2019-draft, scms"),
    ],
)
def test_what_cannot_be_laid_out_is_refused_and_nothing_is_written(
    lists: Path, name: str, record: str, policy: str, problem: str
) -> None:
    before = snapshot(lists)
    with pytest.raises(RefusedError, match=problem):
        lay_out(lists, name, record, policy)
    assert snapshot(lists) == before


def test_a_refusal_is_one_line_and_a_code(tree: Path) -> None:
    code, said = ran(tree, "-m", "tools.new_rule", "Late", "--record", "order", "--policy", SX)
    assert (code, said.count("\n")) == (2, 1)
    assert said.startswith("make rule: NAME='Late' is no name of a rule; ")
