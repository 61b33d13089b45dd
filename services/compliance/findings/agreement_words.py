"""What is said of hospitals and products without one agreement that all have signed."""

from services.compliance.findings.finding import Finding, Words
from services.compliance.findings.words import basis_en, basis_zh, shanghai

SIGNERS_ZH = {"manufacturer": "生产企业", "distributor": "配送企业", "hospital": "医疗机构"}


def agreement_words(finding: Finding) -> Words:
    """Explain a gap, an overlap, a signature that lacks or came late."""
    about, since, seen = finding.about, shanghai(finding.occurred_at), finding.observed
    kind, _, which = finding.anchor.partition(":")
    zh = f"医疗机构 {about.hospital} 采购产品 {about.product}"
    en = f"Hospital {about.hospital} and product {about.product}"
    zh_basis, en_basis = basis_zh(finding), basis_en(finding)
    match kind:
        case "gap":
            zh += f" 自 {which} 起没有有效的采购协议，至 {since} 已逾签订期（{zh_basis}）。"
            en += f": no agreement in force from {which} on, and past the time to sign one at"
            en += f" {since} ({en_basis})."
            if bought := finding.details["bought"]:
                zh += f"该采购周期内从未签约，但有采购的月份为：{'、'.join(bought)}。"
                en += f" None in the whole cycle; months with orders: {', '.join(bought)}."
        case "overlap":
            named = finding.details["agreements"]
            zh += f" 自 {since} 起同时有 {seen} 份有效协议：{'、'.join(named)}。"
            en += f": from {since} on, agreements in force at once: {seen} ({', '.join(named)})."
        case "signature":
            lack = [one for one in finding.limit if one not in seen]
            zh += (
                f" 的协议 {which} 至 {since} 仍未由{'、'.join(SIGNERS_ZH[one] for one in lack)}签署"
            )
            zh += f"（{zh_basis}）。"
            en += (
                f": agreement {which} was not signed by {', '.join(lack)} at {since} ({en_basis})."
            )
        case _:
            zh += f" 的协议 {which} 于 {seen} 签订，迟于 {finding.limit}（{zh_basis}）。"
            en += f": agreement {which} was signed on {seen}, after {finding.limit} ({en_basis})."
    return zh, en
