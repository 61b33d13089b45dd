"""What facts and what is said of them are called; the English stands in locale/en.po."""

from services.compliance.findings.words import REASONS_ZH

EVENTS = {
    "vbp.product.selected.v1": "产品中选",
    "vbp.product.listed.v1": "产品挂网",
    "vbp.product.deselected.v1": "产品取消中选",
    "vbp.hospital.enrolled.v1": "医疗机构参加集采",
    "vbp.hospital.withdrawn.v1": "医疗机构退出集采",
    "vbp.agreement.signed.v1": "签订协议",
    "vbp.exemption.granted.v1": "批准豁免",
    "vbp.party.registered.v1": "企业登记",
    "vbp.price.listed.v1": "公布挂网价",
    "vbp.standard.set.v1": "公布支付标准",
    "vbp.distributor.appointed.v1": "委托配送",
    "vbp.distributor.released.v1": "终止委托",
    "vbp.order.placed.v1": "下单",
    "vbp.order.accepted.v1": "接单",
    "vbp.order.rejected.v1": "拒单",
    "vbp.order.cancelled.v1": "撤单",
    "vbp.order.voided.v1": "订单事项冲销",
    "vbp.shipment.dispatched.v1": "发货",
    "vbp.delivery.received.v1": "到货验收",
    "vbp.goods.returned.v1": "退货",
    "vbp.invoice.issued.v1": "开票",
    "vbp.delivery.voided.v1": "配送事项冲销",
    "vbp.shortage.reported.v1": "报告短缺",
    "vbp.shortage.ended.v1": "短缺结束",
    "vbp.production.stopping.v1": "停产预告",
    "vbp.stock.reported.v1": "库存报告",
    "vbp.stock.voided.v1": "库存报告冲销",
    "vbp.payment.made.v1": "付款",
    "vbp.payment.voided.v1": "付款冲销",
    "vbp.prepayment.made.v1": "预付",
    "vbp.prepayment.returned.v1": "预付款收回",
    "vbp.prepayment.voided.v1": "预付款冲销",
}

MISSING = {
    "agreement": "采购协议",
    "agreement.distributor": "协议中的配送企业",
    "appointments": "配送委托",
    "calendar": "当年的工作日历",
    "cycle": "采购周期",
    "deliver_by": "约定送达时间",
    "feed": "有关数据自何日起上报",
    "hospital": "医疗机构登记",
    "hospital.remote": "医疗机构是否偏远",
    "payment.hospital": "付款所涉医疗机构",
    "payment.product": "付款所涉产品",
    "prepayment.agreement": "预付款所涉协议",
    "product": "产品登记",
    "product.equivalent": "产品的折算单位",
}

CODES = REASONS_ZH | {
    "refused": "拒绝供应",
    "overpriced": "高于中选价格",
    "undelivered": "未送达",
    "manufacturer": "中选企业",
    "distributor": "配送企业",
    "hospital": "医疗机构",
}
"""What is observed, or told in details, by a word of our own."""

DETAILS = {
    "ordered": "订购数量",
    "accepted": "届时到货",
    "accepted_so_far": "至今到货",
    "agreed": "协议采购量",
    "agreement": "所依协议",
    "breach": "违约情形",
    "reason": "理由",
    "variety": "品种",
    "start": "起",
    "end": "止",
    "since": "自",
    "months": "逐月",
    "in_a_row": "连续月数",
    "failed": "未供应数量",
    "orders": "订单",
    "agreements": "协议",
    "distributors": "配送企业",
    "ended": "上一周期止于",
    "check": "核对项目",
    "against": "对照产品",
    "bought": "采购月份",
    "prepaid": "预付金额（元）",
    "could": "可用于支付（元）",
    "overcharged": "多收金额（元）",
}

LOSSES = {"removed": "未读即被删除", "made_again": "主题被重建", "cut_off": "已读之后被截断"}

CONTRADICTIONS = {"told-otherwise": "同一事项前后不一", "other-product": "与订单的产品不符"}

RECORDS = {
    "appointments": "配送委托",
    "order": "订单",
    "commitment": "采购协议",
    "supply": "供应与库存",
    "usage": "使用情况",
    "product": "产品",
    "statement": "货款结算",
    "prepayment": "预付款",
    "funding": "资金安排",
}

REASONS = {
    "never": "从未有配送关系覆盖此机构",
    "not-named": "配送关系未列此机构",
    "expired": "配送关系到期未续",
    "released": "配送关系已终止",
}

WAITS = {
    "ahead": "尚未发生",
    "hearing": "待数据收齐后判定",
    "judging": "已发生，排队待判定",
}
"""Why a gap of coverage is no violation yet."""

UNITS = {
    "order": "订单",
    "commitment": "医疗机构与产品",
    "agreement": "协议或续约的周期",
    "area": "产品与统筹区",
    "product": "产品",
    "variety": "医疗机构与品种",
    "hospital": "医疗机构",
    "receipt": "验收单",
    "payment": "应拨付的款项",
    "prepayment": "预付款",
    "use": "预付款的使用",
    "outage": "断供",
}

PLACES = {"remote": "偏远地区", "other": "其他地区"}
