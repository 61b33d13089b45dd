"""A policy as a document, in Chinese or English: clauses, what judges them, rules and values."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from services.compliance.findings.words import VALUES_ZH
from services.compliance.policies import duties
from services.compliance.policies.duties import Duty
from services.compliance.policies.policy import ALWAYS, Policy
from services.compliance.policies.values import Value
from services.compliance.rules import RULES

Language = Literal["zh", "en"]
BY_NAME = {rule.name: rule for rule in RULES}


class Words(NamedTuple):
    """The words of a document in one language."""

    source: str
    days: str
    always: str
    until: str
    draft: str
    clauses: str
    no_duty: str
    judged_by: str
    not_judged: str
    unbuilt: str
    rules: str
    rules_head: tuple[str, ...]
    values: str
    values_head: tuple[str, ...]
    since: str
    first: str
    force: dict[str, str]
    basis: dict[str, str]
    yes: str
    no: str
    colon: str
    comma: str


WORDS: dict[Language, Words] = {
    "zh": Words(
        source="依据",
        days="施行",
        always="始终",
        until="，至 {} 前",
        draft="征求意见稿：仅供说明，不作为违约依据",
        clauses="条款",
        no_duty="原则性条款：没有可由事件核对的行为。",
        judged_by="核对规则",
        not_judged="未核对",
        unbuilt="（尚未建成）",
        rules="规则",
        rules_head=("规则", "名称", "条款", "效力", "原文"),
        values="数值",
        values_head=("数值", "名称", "取值", "自", "来源", "条款", "说明（英文）"),
        since="{} 起",
        first="施行之日",
        force={
            "duty": "义务（须、应、不得）",
            "principle": "原则上：需要说明",
            "authority": "主管部门职责",
            "mission": "本系统任务要求",
        },
        basis={
            "clause": "条款规定",
            "reading": "对条款的理解",
            "assumption": "假设值，条款未写明",
            "mission": "本系统任务要求",
        },
        yes="是",
        no="否",
        colon="：",
        comma="、",
    ),
    "en": Words(
        source="Source",
        days="In force",
        always="always",
        until=", to before {}",
        draft="A draft for comment: nothing under it is above `explain`",
        clauses="Clauses",
        no_duty="",
        judged_by="Judged by",
        not_judged="Not judged",
        unbuilt=" (not built yet)",
        rules="Rules",
        rules_head=("rule", "what it finds", "clauses", "force", "words"),
        values="Values",
        values_head=("value", "in Chinese", "is", "since", "basis", "clause", "note"),
        since="from {}",
        first="its first day",
        force={
            "duty": "duty",
            "principle": "in principle: to be explained",
            "authority": "an authority's own",
            "mission": "the mission of this software",
        },
        basis={name: name for name in ("clause", "reading", "assumption", "mission")},
        yes="yes",
        no="no",
        colon=": ",
        comma=", ",
    ),
}


def document(policy: Policy, language: Language) -> str:
    """Write a policy as Markdown, for people to read and to hold against the document itself."""
    words = WORDS[language]
    parts = [
        _head(policy, words, language),
        _clauses(policy, words, language),
        _rules(policy, words, language),
        _values(policy, words),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(policy: Policy, words: Words, language: Language) -> str:
    until = "" if policy.until is None else words.until.format(policy.until)
    always = policy.in_force == ALWAYS
    days = words.always if always else words.since.format(policy.in_force) + until
    lines = [
        f"# {policy.title_zh if language == 'zh' else policy.title_en}",
        "",
        f"`{policy.id}`, `{policy.jurisdiction}`",
        "",
        f"- {words.source}{words.colon}{policy.source}",
        f"- {words.days}{words.colon}{days}",
    ]
    if policy.draft:
        lines.append(f"- {words.draft}")
    if language == "en":
        lines += ["", policy.note]
    return "\n".join(lines)


def _clauses(policy: Policy, words: Words, language: Language) -> str:
    told = duties.of(policy.id)
    parts = [f"## {words.clauses}"]
    for number, clause in policy.clauses.items():
        quoted = "\n>\n".join(f"> {line}" for line in clause.text.splitlines())
        own = [duty for duty in told if number in duty.clauses]
        lines = [line for duty in own for line in _duty(duty, words, language)]
        if not own and language == "zh" and not clause.rules:
            lines.append(words.no_duty)
        if not own and clause.rules:
            lines.append(f"{words.judged_by}{words.colon}{_named(clause.rules, words, language)}")
        if language == "en" and clause.not_judged:
            lines += [*([""] if lines else []), f"{words.not_judged}: {clause.not_judged}"]
        parts.append(f"### {number} {clause.title}\n\n{quoted}\n\n" + "\n".join(lines))
    return "\n\n".join(parts)


def _duty(duty: Duty, words: Words, language: Language) -> list[str]:
    who, what = (duty.who, duty.what) if language == "zh" else (duty.who_en, duty.what_en)
    why = duty.why if language == "zh" else duty.why_en
    lines = [f"- **{duty.id}** {who}{words.colon}{what}"]
    if duty.rules:
        named = _named(duty.rules, words, language)
        lines.append(f"  - {words.judged_by}{words.colon}{named}")
    if why:
        lines.append(f"  - {words.not_judged}{words.colon}{why}")
    return lines


def _named(rules: Iterable[str], words: Words, language: Language) -> str:
    def one(name: str) -> str:
        rule = BY_NAME.get(name)
        if rule is None:
            return f"`{name}`{words.unbuilt}"
        return f"`{name}` {rule.title_zh}" if language == "zh" else f"`{name}`"

    return words.comma.join(map(one, rules))


def _rules(policy: Policy, words: Words, language: Language) -> str:
    rows = []
    for name, carried in policy.rules.items():
        rule = BY_NAME[name]
        title = rule.title_zh if language == "zh" else rule.title_en
        clauses = words.comma.join(carried.clauses)
        rows.append((f"`{name}`", title, clauses, words.force[carried.force], carried.quote))
    return f"## {words.rules}\n\n{_table(words.rules_head, rows)}"


def _values(policy: Policy, words: Words) -> str:
    if not policy.told:
        return ""
    rows = [
        (
            f"`{name}`",
            VALUES_ZH.get(name, ""),
            _shown(value, words),
            words.first if value.since is None else words.since.format(value.since),
            words.basis[value.basis],
            value.clause,
            value.note,
        )
        for name, values in policy.told.items()
        for value in values
    ]
    return f"## {words.values}\n\n{_table(words.values_head, rows)}"


def _shown(value: Value, words: Words) -> str:
    match value.value:
        case bool():
            return words.yes if value.value else words.no
        case list():
            return words.comma.join(map(str, value.value))
        case _:
            return str(value.value)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    told = list(head)
    return "\n".join([_row(told), "|---" * len(told) + "|", *map(_row, rows)])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
