"""No number of a policy stands in Python: what rules compare with comes from the policy's file."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import compliance

HOUSE = Path(str(compliance.__file__)).parent
JUDGING = ("rules", "law", "judging/contributions")
MODULES = sorted(path for wing in JUDGING for path in (HOUSE / wing).glob("*.py"))

NAMED = {
    "rules/off_platform.py": {"ORDERED_BEFORE": "how the text of the rule lets a feed begin"},
    "rules/payment_standard.py": {"PLACES": "with how many places a price is shown"},
    "rules/prepayment_share.py": {"SHOWN": "how many facts are shown"},
    "rules/unreported_shortage.py": {"SHOWN": "how many facts are shown"},
    "rules/volume_shortfall.py": {"SHOWN": "how many facts are shown"},
    "law/closing.py": {"MANY": "from when on closing pays"},
    "law/filling.py": {"PASSES": "the order of passes"},
    "law/money.py": {
        "_EXACT": "how many digits",
        "_CENT": "what yuan are rounded to",
        "_SCALE": "how many digits",
    },
    "law/periods.py": {"MONTHS, LONGEST": "the months of a year, the days of a month"},
}
"""The numbers that are no policy's, by the names that they have; what each is."""

NUMERAL = re.compile(r"-?(0|[1-9][0-9]*)([.][0-9]+)?")
"""A number as a text: `04` is how one is written, not what it is."""


def numbers_in(source: str) -> Iterator[tuple[int, object]]:
    """The numbers but 0 and 1 that stand in a source under no name, with their lines.

    What is counted by needs none: a place in a sequence, how many are two, the bound of a memory,
    the last day of a year.
    """
    tree = ast.parse(source)
    spared = {id(node) for one in ast.walk(tree) for node in _counting(one)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in spared and _is_number(node.value):
            yield node.lineno, node.value


def _counting(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Subscript):
        yield from ast.walk(node.slice)
    elif isinstance(node, ast.keyword) and node.arg == "maxsize":
        yield node.value
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in {"date", "range"}:
            yield from node.args
    elif isinstance(node, ast.Compare) and "len" in ast.unparse(node.left):
        yield from (one for one in node.comparators if ast.unparse(one) == "2")
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        yield node.right


def _is_number(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return value not in {0, 1}
    return (
        isinstance(value, str)
        and NUMERAL.fullmatch(value) is not None
        and float(value) not in {0, 1}
    )


def without(source: str, names: set[str]) -> str:
    """A source without what is assigned to some names at its top."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not (_assigned(node) & names)]
    return ast.unparse(tree)


def _assigned(node: ast.stmt) -> set[str]:
    if isinstance(node, ast.Assign):
        return {ast.unparse(target).strip("()") for target in node.targets}
    return set()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_no_policy_number_stands_in_python(path: Path) -> None:
    named = NAMED.get(str(path.relative_to(HOUSE)), {})
    source = without(path.read_text(encoding="utf-8"), set(named))

    assert list(numbers_in(source)) == []


@pytest.mark.parametrize(
    "source",
    [
        "SIGNING = 30\n",
        "def judge(share):\n    return share < 0.9\n",
        "def judge(share):\n    return share < Decimal('0.9')\n",
        "def judge(now, month):\n    return now + 7 * DAY\n",
        "def judge(found):\n    return len(found) > 5\n",
    ],
)
def test_a_number_that_a_rule_compares_with_is_seen(source: str) -> None:
    assert list(numbers_in(source))


@pytest.mark.parametrize("named", NAMED, ids=str)
def test_what_is_let_stand_is_there(named: str) -> None:
    tree = ast.parse((HOUSE / named).read_text(encoding="utf-8"))
    held = {name for node in tree.body for name in _assigned(node)}

    assert set(NAMED[named]) <= held
