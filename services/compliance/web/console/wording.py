"""What people, their acts and the pages are called; the English stands in locale/en.po."""

SEVERITIES = {"breach": "违约", "explain": "须说明", "warning": "提示"}
STATUSES = {"open": "未结束", "closed": "已结束", "withdrawn": "已撤销"}
CHANGES = {
    "opened": "发现",
    "changed": "变更",
    "closed": "结束",
    "withdrawn": "撤销",
    "acknowledged": "已受理",
    "disputed": "已提出申辩",
    "dispute-withdrawn": "已撤回申辩",
    "uphold-proposed": "已建议认定",
    "upheld": "已认定",
    "dismissal-proposed": "已建议不予认定",
    "dismissed": "已不予认定",
    "reopened": "已重新审查",
    "reaffirmed": "已维持原决定",
    "commented": "已加备注",
    "assigned": "已转交",
    "carried": "承接原事项的处理",
}
REVIEWS = {
    "new": "未查看",
    "acknowledged": "已受理",
    "disputed": "申辩中",
    "upheld": "已认定",
    "dismissed": "已不予认定",
}
ACTS = {
    "acknowledge": "受理",
    "dispute": "提出申辩",
    "withdraw": "撤回申辩",
    "propose-uphold": "建议认定",
    "uphold": "认定",
    "propose-dismiss": "建议不予认定",
    "dismiss": "确认不予认定",
    "reopen": "重新审查",
    "reaffirm": "维持原决定",
    "comment": "仅加内部备注",
    "assign": "转交",
}
GROUNDS_OF = {
    "data": "数据有误",
    "missing-report": "漏报",
    "hospital": "医疗机构原因",
    "force-majeure": "不可抗力",
    "wrong-terms": "约定有误",
    "not-us": "非我方责任",
    "wrong-data": "数据有误",
    "duplicate": "重复",
    "below-materiality": "情节轻微",
    "other": "其他",
}
REFUSALS = {
    "transition-refused": "此时不能这样办理。",
    "not-allowed": "您没有这样办理的权限。",
    "four-eyes": "须由他人复核：受理人、建议人不得自行决定，且须先有他人受理或建议。",
    "deadline-open": "申辩期未满，尚不能认定。",
    "deadline-over": "申辩期已过，须由复核人写明理由后接受。",
    "warning-not-upholdable": "依据含假设值，不作认定。请登记合同约定的限值，届时按其重新判定。",
    "draft-not-upholdable": "依征求意见稿判定，不作认定。",
    "reason-missing": "须选择理由并写明情况。",
    "changed-meanwhile": "提交前事实或处理有变，未写入。",
    "foreign-form": "此表单不是由本系统的页面提交的，请重新载入后再试。",
    "attachment": "附件未能接受。",
    "too-large": "提交的内容过大。",
    "nothing-chosen": "请至少选择一项。",
    "not-found": "没有此事项。",
    "busy": "系统正在写入此项，请稍后再试。",
    "form": "表单有误，请重新载入后再试。",
}
BASES = {
    "clause": "条款规定",
    "reading": "对条款的理解",
    "assumption": "假设值，条款未写明",
    "mission": "系统任务要求",
    "agreement": "合同约定",
}
FORCES = {
    "duty": "义务",
    "principle": "原则",
    "authority": "行政部门的职责",
    "mission": "系统任务要求",
}
ROLES = {
    "distributor": "配送企业",
    "manufacturer": "中选企业",
    "hospital": "医疗机构",
    "authority": "行政部门",
}
PARTIES = {
    "distributor": "配送企业",
    "manufacturer": "中选企业",
    "hospital": "医疗机构",
    "product": "产品",
    "area": "统筹区",
    "order": "订单",
}
QUEUE = {
    "new": "未查看的事项",
    "late-breach": "逾期未查看的违约",
    "late-other": "逾期未查看的其他事项",
    "to-notify": "待告知的案件",
    "disputed": "申辩待复核",
    "stale": "认定后事实有变",
    "late-case": "逾期的案件",
    "correction": "须发更正函的案件",
}
QUEUE_NOTES = {
    "late-breach": "自发现起按工作日计",
    "late-other": "自发现起按工作日计",
    "to-notify": "已承办，尚未发告知书",
    "disputed": "由未经手的复核人决定",
    "stale": "须重新确认",
    "late-case": "认定或整改已过期限",
    "correction": "所列事项不再成立",
}
AGES = {
    "0": "今天发生",
    "1": "1–2 天",
    "3": "3–6 天",
    "7": "7–29 天",
    "30": "30 天以上",
}
WEEKDAYS = {
    "0": "星期一",
    "1": "星期二",
    "2": "星期三",
    "3": "星期四",
    "4": "星期五",
    "5": "星期六",
    "6": "星期日",
}
INSTANTS = {
    "occurred_from": "发生不早于",
    "occurred_to": "发生早于",
    "detected_from": "发现不早于",
    "detected_to": "发现早于",
    "reviewed_to": "最近处理早于",
}

STAGES = {
    "found": "发现",
    "verifying": "核实",
    "notified": "告知与申辩",
    "deciding": "逐项认定",
    "rectifying": "整改",
    "closed": "办结",
}
OUTCOMES = {
    "none": "尚无结果",
    "reminded": "已提醒",
    "interviewed": "已约谈",
    "admonished": "已告诫",
    "published": "已通报",
    "rectified": "已要求整改",
    "no-action": "不予处置",
}
LETTERS = {
    "notice": "履约问题告知书",
    "reminder": "提醒函",
    "interview": "约谈通知书",
    "admonition": "告诫书",
    "rectification": "整改通知书",
    "bulletin": "通报",
    "correction": "更正函",
}
CHANNELS = {
    "inbox": "系统内送达",
    "email": "电子邮件",
    "post": "邮寄",
    "handed-over": "当面送达",
    "public-notice": "公告送达",
}
CASE_ACTS = {
    "take": "承办",
    "draft": "起草文书",
    "issue": "签发",
    "deliver": "登记送达",
    "decide": "进入认定",
    "reply": "提交整改报告",
    "close": "办结此案",
    "reopen": "重新办理",
    "remark": "加备注",
    "hand-over": "移交经办",
}
CASE_CHANGES = {
    "taken": "已承办",
    "issued": "已签发",
    "delivered": "已送达",
    "deciding": "已进入认定",
    "replied": "已提交整改报告",
    "closed": "已办结",
    "reopened": "已重新办理",
    "commented": "已加备注",
    "assigned": "已移交经办",
}
CASE_REFUSALS = REFUSALS | {
    "four-eyes": "须由他人办理：起草人不得签发，经办人不得办结。",
    "deadline-open": "告知书所给期限未满。",
    "undecided": "尚有事项未认定，或申辩未决定。",
    "open-though-upheld": "已认定的事项尚未结束，须写明仍然办结。",
    "nothing-to-list": "没有可列入此文书的事项。",
    "reason-missing": "须写明情况，办结须选结果，签发须有期限。",
    "not-found": "没有此案件。",
}
GROUPS = {"case": "按案件", "party": "按当事方"}
VIEW_FAULTS = {
    "address": "只能保存违约事项或案件的列表，不能是：",
    "address-long": "条件太多，地址超过 1000 个字符：去掉一些条件再保存。地址：",
    "name-empty": "名称为空：填写 1 至 64 个字。",
    "name-long": "名称超过 64 个字：改短再保存。名称：",
    "name-odd": "名称含有控制字符：去掉再保存。名称：",
    "too-many": "视图已有 50 个：先删除一个再保存。名称：",
}

KEYS = {
    "j": "下一行",
    "k": "上一行",
    "Enter": "打开",
    "/": "筛选",
    "?": "本说明",
}
KEYS_OF_ACTS = {
    "x": "选择",
    "a": "受理",
    "c": "备注",
}
"""What console.js does in a row of the list, and what for whoever may act on it."""

EXEMPTIONS = {
    "active": "生效中",
    "expiring": "14 日内到期",
    "expired": "已到期",
    "future": "尚未生效",
    "covering-nothing": "未涉及任何事项",
}

GRANT_FIELDS = PARTIES | {
    "jurisdiction": "地区",
    "exemption": "豁免编号",
    "rule": "规则",
    "parties": "豁免谁",
    "start": "开始日期",
    "end": "终止日期（当日不再豁免）",
    "reason": "理由",
    "authority": "批准机关",
    "document": "批准文号",
}
GRANT_FAULTS = {
    "missing": "须填写。",
    "unknown": "没有此规则，请从列表中选择。",
    "day": "不是日期，请写作 2022-03-10。",
    "order": "须晚于开始日期。",
    "nobody": "请至少写明一项：产品、统筹区、医疗机构、配送企业或中选企业的代码。",
    "place": "不是您的地区，请从列表中选择。",
    "long": "过长，请缩短。",
}
GRANT_REFUSALS = {
    "gone": "登记中没有此编号，请从豁免清单进入。",
    "refused": "订单服务没有接受，请按所述改正。",
    "setup": "本服务尚不能报送豁免，请运维人员处理。",
    "busy": "暂时没有得到应答；所填已保留，请稍后再次确认，不会重复登记。",
    "stale": "核对已过一小时，请按现在的数目再确认。",
    "foreign-form": REFUSALS["foreign-form"],
    "too-large": REFUSALS["too-large"],
    "form": REFUSALS["form"],
}

PAGES = {
    "/": "总览",
    "/violations": "违约事项",
    "/cases": "案件",
    "/coverage": "配送覆盖",
    "/parties": "企业与机构",
    "/quality": "数据质量",
    "/bulletins": "月度通报",
    "/rules": "规则与条款",
}
"""The pages of the navigation, in their order."""
