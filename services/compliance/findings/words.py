"""The arithmetic of a finding in words, Chinese and English; times shown are Shanghai time."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.compliance.findings.finding import Finding, Words
from services.compliance.records.evidence import Term
from shared.domain import calendar

_BASIS_ZH = {
    "clause": "条款规定",
    "reading": "对条款的理解",
    "assumption": "假设值，条款未写明",
    "mission": "本系统任务要求",
    "agreement": "合同约定",
}
_BASIS_EN = {
    "clause": "set by the clause",
    "reading": "our reading of the clause",
    "assumption": "an assumption: the clause gives no number",
    "mission": "asked for by this software's mission",
    "agreement": "agreed in the contract",
}


VALUES_ZH = {
    "drug_distributor_cap": "药品配送企业家数上限",
    "consumable_distributor_cap": "医用耗材配送企业家数上限",
    "count_self_delivery": "自行配送是否计入家数",
    "coverage_grace_days": "配送覆盖宽限天数",
    "response_hours": "响应时限（小时）",
    "urgent_response_hours": "紧急订单响应时限（小时）",
    "delivery_hours": "配送时限（小时）",
    "urgent_delivery_hours": "紧急订单配送时限（小时）",
    "remote_delivery_hours": "偏远地区配送时限（小时）",
    "deliver_by": "约定送达时间",
    "selected_price": "中选价格",
    "agreed_quantity": "约定采购量",
    "pace_ratio": "进度要求（占应完成量的比例）",
    "settling_months": "协议起始后不核对进度的月数",
    "alignment_day": "统一调整的续签日",
    "by_execution_start": "按开始执行时间定半年",
    "yearly_too": "每年续签是否也须调整",
    "signing_days": "签订协议的天数",
    "sign_by": "最迟签订日",
    "no_volume_months": "未报量而采购的月数",
    "longest_agreement": "协议最迟终止日",
    "payment_standard": "医保支付标准",
    "standard_checks": "支付标准核对项目",
    "excused_reasons": "可免责的拒单理由",
    "stock_out_after_days": "逾期多少天视为断供",
    "report_grace_hours": "短缺报告时限（小时）",
    "episode_gap_days": "断供合并间隔天数",
    "channel": "采购渠道",
    "settle_days": "补单期限（天）",
    "delivery_rate": "配送率下限",
    "rate_min_orders": "计算配送率的最少订单数",
    "remote_gap": "偏远地区按时率差距上限",
    "remote_min_orders": "比较按时率的最少订单数",
    "quality_ratio": "因质量拒收比例上限",
    "quality_reasons": "质量类拒收理由用词",
    "stock_report_day": "每月库存报告日",
    "reserve_days": "应急储备天数",
    "reserve_window_days": "用量统计天数",
    "reserve_min_days": "判断储备的最少天数",
    "stop_notice_months": "停产提前报告月数",
    "orders_told_since": "订单自何日起上报",
    "payments_told_since": "医疗机构付款自何日起上报",
    "onward_told_since": "配送企业付款自何日起上报",
    "prepayments_told_since": "预付款自何日起上报",
    "stock_told_since": "库存自何日起上报",
    "return_months": "收回期限（月）",
    "return_after": "收回期限起算于",
    "return_years": "适用收回期限的年度",
    "last_day_rolls": "期限末日逢假日顺延",
    "prepayment_share_drug": "药品预付比例",
    "prepayment_share_consumable": "医用耗材预付比例",
    "first_share": "首次预付比例",
    "first_prepayment_days": "首次预付期限（天）",
    "second_prepayment_months": "第二次预付期限（月）",
    "hospital_onward_workdays": "医疗机构拨付期限（工作日）",
    "distributor_onward_workdays": "经营企业拨付期限（工作日）",
    "onward_share": "经营企业应拨付的份额",
    "settlement_months": "验收后结清期限（次几月底）",
    "rounding_tolerance": "视为付清的尾差（元）",
}
"""What the values of policies, orders and cycles are called in Chinese."""

_SOURCES_ZH = {
    "agreement": "协议 ",
    "order": "订单 ",
    "product.selected of": "中选登记 ",
    "standard.set of": "支付标准登记 ",
}
_SOURCES_EN = {
    "product.selected of": "the selection of ",
    "standard.set of": "the standard set of ",
}
"""How sources of values begin, of which what follows names one."""

_CHOICES_ZH = {"return_after": {"cycle": "采购周期", "agreement": "协议"}}
"""What values that are one of some words say in Chinese."""

REASONS_ZH = {
    "out_of_stock": "缺货",
    "production_stopped": "停产",
    "price": "价格",
    "volume_exceeded": "超出约定采购量",
    "remote_area": "地处偏远",
    "hospital_in_arrears": "医疗机构欠款",
    "hospital_error": "医疗机构下单有误",
    "other": "其他",
}


def name_zh(name: str) -> str:
    """Call a value in Chinese."""
    return VALUES_ZH.get(name, name)


def name_en(name: str) -> str:
    """Call a value, or a reason, in English: their names are words already."""
    return name.replace("_", " ")


def shanghai(instant: datetime) -> str:
    """Show an instant as Shanghai time with its offset."""
    return instant.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S+08:00")


def instant_or(observed: datetime | None, zh: str, en: str) -> Words:
    """Show an observed instant, or say in words that there is none."""
    return (zh, en) if observed is None else (shanghai(observed), shanghai(observed))


def basis_zh(finding: Finding) -> str:
    """Say which values the limit rests on, and where they come from, in Chinese."""
    return "；".join(
        f"{name_zh(term.name)}：{_value_zh(term)}，"
        f"{_BASIS_ZH[term.basis]}，{source_zh(term.source)}"
        for term in finding.terms
    )


def basis_en(finding: Finding) -> str:
    """Say which values the limit rests on, and where they come from, in English."""
    return "; ".join(
        f"{name_en(term.name)} = {_value(term, 'yes', 'no')}, "
        f"{_BASIS_EN[term.basis]}, {_source_en(term.source)}"
        for term in finding.terms
    )


def _value_zh(term: Term) -> str:
    value = _value(term, "是", "否")
    return _CHOICES_ZH.get(term.name, {}).get(value, value)


def _value(term: Term, yes: str, no: str) -> str:
    value: Any = term.value
    if isinstance(value, bool):
        return yes if value else no
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if term.name == "deliver_by":
        # A term is a value that JSON knows, for it is stored and served; here it is shown.
        return shanghai(calendar.parse_instant(value))
    return str(value)


def source_zh(source: str) -> str:
    """Name in Chinese where the value of a term comes from."""
    return _named(source, _SOURCES_ZH)


def _source_en(source: str) -> str:
    return _named(source, _SOURCES_EN)


def _named(source: str, called: Mapping[str, str]) -> str:
    for begin, name in called.items():
        if source.startswith(f"{begin} "):
            return name + source.removeprefix(f"{begin} ")
    return source


def breach_words(finding: Finding) -> Words:
    """Explain an order that was refused, overpriced or left undelivered."""
    about, when = finding.about, shanghai(finding.occurred_at)
    order = about.order
    match finding.details["breach"]:
        case "refused":
            reason, by = finding.observed, about.distributor
            zh = (
                f"医疗机构 {about.hospital} 订购产品 {about.product} 的订单 {order} 于 {when} "
                f"被配送企业 {by} 拒绝，理由：{REASONS_ZH.get(reason, reason)}。"
            )
            en = (
                f"Order {order} of hospital {about.hospital} for product {about.product} was "
                f"refused by distributor {by} at {when}, reason: {name_en(reason)}."
            )
        case "overpriced":
            price, selected = finding.observed, finding.limit
            extra, invoice = finding.details["overcharged"], finding.anchor.partition(":")[2]
            bill_zh = f" 的发票 {invoice}" if invoice else ""
            bill_en = f"Invoice {invoice} on order" if invoice else "Order"
            zh = (
                f"订单 {order}{bill_zh} 于 {when} 以单价 {price} 元计价，"
                f"中选价格为 {selected} 元，多计 {extra} 元。"
            )
            en = (
                f"{bill_en} {order} was priced at "
                f"{price} yuan a unit at {when}; the selected price is {selected} yuan; {extra} "
                f"yuan overcharged."
            )
        case _:
            ordered = finding.limit
            zh = f"订单 {order} 订购 {ordered}，至 {when} 未有验收到货（{basis_zh(finding)}）。"
            en = (
                f"Order {order} for {ordered} had nothing accepted by {when} ({basis_en(finding)})."
            )
    return zh, en
