"""What things are called on the pages; the English stands in locale/en.po."""

SEVERITIES = {"breach": "违约", "explain": "须说明", "warning": "提示"}
STATUSES = {"open": "未结束", "closed": "已结束", "withdrawn": "已撤销"}
CHANGES = {"opened": "发现", "changed": "变更", "closed": "结束", "withdrawn": "撤销"}
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
UNITS = {
    "order": "订单",
    "commitment": "医疗机构与产品",
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
PARTIES = {
    "distributor": "配送企业",
    "manufacturer": "中选企业",
    "hospital": "医疗机构",
    "product": "产品",
    "area": "统筹区",
    "order": "订单",
}
LOSSES = {"removed": "未读即被删除", "made_again": "主题被重建", "cut_off": "已读之后被截断"}
CONTRADICTIONS = {"told-otherwise": "同一事项前后不一", "other-product": "与订单的产品不符"}
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
