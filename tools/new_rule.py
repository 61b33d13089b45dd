"""Lays out a new rule: its file, its lines in the list and in a policy, its cases.

What only a person can say stands as FILL IN; the tests name each such line until it is filled in.
Everything is checked before anything is written.
"""

import argparse
import keyword
import re
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import NamedTuple

HERE = Path(__file__).parent
RULES = Path("services/compliance/rules")
POLICIES = Path("services/compliance/policies")
CASES = Path("tests/compliance/rules")
NAME = re.compile(r"[a-z]+(-[a-z]+)*")
LIST = re.compile(r"(?m)^(ON_\w+): tuple\[Rule\[(\w+), (\w+)\], \.\.\.\] = \(([^)]*)\)$")
UNBUILT = re.compile(
    r'^(not_judged = ")Judged by rules not built yet: ([a-z, -]+)\. ?', re.MULTILINE
)


class RefusedError(Exception):
    """The rule cannot be laid out: the message says why, and what to do instead."""


class Listed(NamedTuple):
    """A list of rules in rules/__init__.py: the classes of record and terms that it holds."""

    name: str
    record: str
    terms: str


def lay_out(root: Path, name: str, record: str, policy: str) -> list[Path]:
    """Write the files of a rule below `root`; gives them. Raises RefusedError, writing nothing."""
    _check_name(name)
    module = name.replace("-", "_")
    own, cases = RULES / f"{module}.py", CASES / f"{module}.toml"
    for path in (own, cases):
        if (root / path).exists():
            raise RefusedError(f"{path} exists: {name!r} is a rule already; choose another name")
    rules, law = RULES / "__init__.py", POLICIES / f"{policy}.toml"
    policies = sorted(path.stem for path in (root / POLICIES).glob("*.toml"))
    if policy not in policies:
        raise RefusedError(f"no policy {policy!r}; known are: {', '.join(policies)}")
    listing, text = (root / rules).read_text("utf-8"), (root / law).read_text("utf-8")
    if f"[rules.{name}]" in text:
        raise RefusedError(f"{law} carries {name!r} already; choose another name")
    held = _listed(listing, record)
    written = {
        own: _module(listing, held, name),
        rules: _with_rule(listing, held, module),
        law: _with_entry(text, name),
        cases: _template("cases.toml.txt", jurisdiction=_jurisdiction(text)),
    }
    for path, content in written.items():
        (root / path).write_text(content, "utf-8")
    _format(root, [own, rules])
    return list(written)


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name) or keyword.iskeyword(name):
        raise RefusedError(
            f"NAME={name!r} is no name of a rule; write small letters in words joined by hyphens,"
            " as in NAME=late-response"
        )


def _listed(listing: str, record: str) -> Listed:
    """Find the list of the rules on a kind of record."""
    lists = [Listed(*found.groups()[:3]) for found in LIST.finditer(listing)]
    by_kind = {held.record.removesuffix("Entry").lower(): held for held in lists}
    if record not in by_kind:
        raise RefusedError(f"no rule reads RECORD={record!r}; known are: {', '.join(by_kind)}")
    return by_kind[record]


def _module(listing: str, held: Listed, name: str) -> str:
    needed = re.compile(rf"^from \S+ import (?:{held.record}|{held.terms})$", re.MULTILINE)
    imports = "\n".join(found[0] for found in needed.finditer(listing))
    return _template(
        "rule.py.txt", imports=imports, record=held.record, terms=held.terms, name=name
    )


def _template(template: str, **filled: str) -> str:
    return Template((HERE / "templates" / template).read_text("utf-8")).substitute(filled)


def _with_rule(listing: str, held: Listed, module: str) -> str:
    """Import a rule, and put it last into its list; ruff formats both."""
    imports = "from services.compliance.rules import (\n"
    listing = listing.replace(imports, f"{imports}    {module},\n", 1)

    def longer(found: re.Match[str]) -> str:
        if found[1] != held.name:
            return found[0]
        rules = found[4].strip().rstrip(",")
        before = found[0][: found.start(4) - found.start()]
        return f"{before}{rules + ', ' if rules else ''}{module}.RULE,)"

    return LIST.sub(longer, listing)


def _jurisdiction(policy: str) -> str:
    found = re.search(r'^jurisdiction = "(.+)"$', policy, re.MULTILINE)
    if found is None:
        raise RefusedError("the policy names no jurisdiction; mend it first")
    return found[1]


def _with_entry(policy: str, name: str) -> str:
    """Carry a rule: in the clauses that call it unbuilt, else, to be filled in, in one of them."""
    head, *clauses = re.split(r"^(?=\[clauses\.)", policy, flags=re.MULTILINE)
    if not clauses:
        raise RefusedError("the policy has no [clauses.…]; write them first")
    named = [number for number, clause in enumerate(clauses) if name in _unbuilt(clause)]
    guessed = next((n for n, clause in enumerate(clauses) if "\nrules = [" in clause), 0)
    for number in named or [guessed]:
        clauses[number] = _naming(clauses[number], name)
    titles = [_number(clauses[number]) for number in named or [guessed]]
    guess = "" if named else "  # FILL IN: the clauses that say so, here and in their `rules`"
    entry = (
        f"[rules.{name}]\n"
        f"clauses = [{', '.join(titles)}]{guess}\n"
        'quote = "FILL IN: words of one of these clauses, letter by letter"\n'
        'force = "duty"  # FILL IN: duty, principle (原则上), authority or mission\n'
        'note = "FILL IN: how the words are read"\n\n'
    )
    return head + entry + "".join(clauses)


def _unbuilt(clause: str) -> list[str]:
    found = UNBUILT.search(clause)
    return found[2].split(", ") if found else []


def _number(clause: str) -> str:
    """Give the number of a clause as it is written, in its quotes."""
    return clause[len("[clauses.") : clause.index("]\n")]


def _naming(clause: str, name: str) -> str:
    """Have a clause name a rule, and call it unbuilt no more."""
    if "\nrules = [" in clause:
        clause = re.sub(r"(?m)^(rules = \[.*)\]$", rf'\1, "{name}"]', clause, count=1)
    else:
        clause = re.sub(r"(?m)^(text = .*\n)", rf'\g<1>rules = ["{name}"]\n', clause, count=1)
    left = [other for other in _unbuilt(clause) if other != name]
    still = f"Judged by rules not built yet: {', '.join(left)}. " if left else ""
    clause = UNBUILT.sub(rf"\g<1>{still}", clause).replace('. "\n', '."\n')
    return clause.replace('not_judged = ""\n', "")


def _format(root: Path, paths: list[Path]) -> None:
    """Sort imports and lay out lines as `make format` would."""
    for command in (["check", "--quiet", "--select", "I", "--fix"], ["format", "--quiet"]):
        subprocess.run(  # noqa: S603  # our own ruff, on files just written
            [sys.executable, "-m", "ruff", *command, *map(str, paths)], cwd=root, check=True
        )


def main() -> int:
    """Lay out the rule that the arguments name, below the folder in which one stands."""
    parser = argparse.ArgumentParser(prog="make rule")
    parser.add_argument("name")
    parser.add_argument("--record", required=True)
    parser.add_argument("--policy", required=True)
    asked = parser.parse_args()
    try:
        written = lay_out(Path.cwd(), asked.name, asked.record, asked.policy)
    except RefusedError as refused:
        sys.stderr.write(f"make rule: {refused}\n")
        return 2
    own, rules, law, cases = written
    sys.stdout.write(
        f"Laid out {own}, its cases in {cases}, and its lines in {rules} and {law}.\n"
        "Fill in what says FILL IN; `make unit` names what is left, README (Add a rule) says how.\n"
        f"To undo it: rm {own} {cases} && git restore {rules} {law}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
