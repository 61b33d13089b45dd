"""The panels of the dashboards: title, what it shows, and the question it asks of Prometheus."""

from deploy.monitoring.panel import LIST_OF_PARTY, bars, lines, number, parts_of, rate_by, table

JURISDICTION = 'jurisdiction=~"$jurisdiction"'
OPEN = (
    "max by (jurisdiction, rule, severity, area) "
    f'(vbp_open_violations{{{JURISDICTION}, exempt="false", %s}})'
)
"""Open violations of some rules; every API tells the same, so it is `max`, never `sum`."""

EXEMPT = (
    "max by (jurisdiction, rule, severity, area) "
    f'(vbp_open_violations{{{JURISDICTION}, exempt="true"}})'
)
UNJUDGED = f"max by (jurisdiction, rule, missing) (vbp_unjudged_records{{{JURISDICTION}}})"
CHOSEN, BREACHES, OTHERS = 'rule=~"$rule"', 'severity="breach"', 'severity=~"warning|explain"'
OPENED = (
    "max by (jurisdiction, rule, severity, area) "
    f"(increase(vbp_violations_opened_total{{{JURISDICTION}, %s}}[%s]))"
)
TITLES = "* on (rule) group_left (title_zh) max by (rule, title_zh) (vbp_rule_info)"
ACCEPTED = "vbp_events_accepted_total"
AGED = (
    "sum(max by (jurisdiction, rule, severity, days) "
    f'(vbp_open_violations_by_age{{{JURISDICTION}, {CHOSEN}, days=~"%s"}})) or vector(0)'
)
NAMED = (
    "topk(10, max by (jurisdiction, party) "
    f'(vbp_open_violations_of_party{{{JURISDICTION}, role="%s"}}))'
)


FINDINGS = (
    number(
        "未结束的违约",
        "现有多少起违约未结束，豁免的不计。Open breaches, exempt ones left out.",
        f"sum({OPEN % BREACHES}) or vector(0)",
    ),
    number(
        "未结束的待核查事项",
        "依推定限值或须说明的。Open findings on assumed limits, or to be explained.",
        f"sum({OPEN % OTHERS}) or vector(0)",
    ),
    number(
        "24小时内新发现",
        "近24小时新发现多少起，含一次性行为。Found within a day, acts among them.",
        f"sum({OPENED % (CHOSEN, '24h')}) or vector(0)",
    ),
    number(
        "已豁免",
        "豁免期内未结束的。Open and exempt.",
        f"sum({EXEMPT}) or vector(0)",
    ),
    lines(
        "未结束（按严重程度）",
        "随时间。Open, by severity.",
        f"sum by (severity) ({OPEN % CHOSEN})",
        "{{severity}}",
    ),
    lines(
        "未能判定的记录",
        "按规则和所缺信息。Records not judged, by what the register lacks.",
        f"sum by (rule, missing) ({UNJUDGED})",
        "{{rule}} {{missing}}",
    ),
)

STANDING = (
    number(
        "最久无人查看",
        "最早发现的已有多久。How long the oldest that nobody looked at is known.",
        "max(max by (jurisdiction, rule, severity) "
        f"(vbp_oldest_unreviewed_seconds{{{JURISDICTION}, {CHOSEN}}})) or vector(0)",
        unit="s",
    ),
    bars(
        "案件",
        "已承办的，按阶段。Cases that people have taken up, by stage.",
        f"sum by (stage) (max by (jurisdiction, rule, stage) "
        f"(vbp_cases{{{JURISDICTION}, {CHOSEN}}}))",
        "{{stage}}",
    ),
    bars(
        "逾期的案件",
        "申辩期满、整改期满、须更正的。Cases that wait, by what for.",
        f"sum by (kind) (max by (jurisdiction, kind) (vbp_cases_overdue{{{JURISDICTION}}}))",
        "{{kind}}",
    ),
    bars(
        "未结束的时长",
        "按发生至今的天数（中国日期）。Open, by the days since it occurred.",
        *(AGED % "0-1", "1天内"),
        *(AGED % "2-3", "2–3天"),
        *(AGED % "4-7", "4–7天"),
        *(AGED % "8-30", "8–30天"),
        *(AGED % "31-90", "31–90天"),
        *(AGED % "91-365", "91–365天"),
        *(AGED % "366-", "一年以上"),
    ),
    *(
        table(
            f"涉及最多的{title}",
            f"未结束事项中出现最多的十家；点开见清单。The ten {said} named most.",
            NAMED % role,
            LIST_OF_PARTY % role,
        )
        for role, title, said in (
            ("distributor", "配送企业", "distributors"),
            ("manufacturer", "生产企业", "manufacturers"),
            ("hospital", "医疗机构", "hospitals"),
        )
    ),
)

PIPELINE = (
    number(
        "全部读到",
        "多久以前全部读到过。How long ago everything was last heard.",
        "max(vbp_heard_until_age_seconds)",
        "s",
    ),
    number("待判定", "待判定的事件数。Events that wait.", "sum(max by (topic) (vbp_lag_events))"),
    number("判定进程", "在运行的进程数。Workers that run.", 'sum(up{job="compliance-worker"})'),
    number(
        "数据库与消息队列",
        "两者都应答为2。2 where both answer.",
        "max(vbp_database_up) + max(vbp_broker_up)",
    ),
    lines(
        "判定速度",
        "每秒判定的事件。Events judged in a second.",
        rate_by("topic", "vbp_events_total"),
        "{{topic}}",
    ),
    lines(
        "发布到判定",
        "一批中最早事件从发布到提交。From told to committed, of a batch's oldest event.",
        *parts_of("vbp_told_to_committed_seconds"),
        unit="s",
    ),
    lines(
        "待判定（按主题）",
        "随时间。Events that wait, by topic.",
        "max by (topic) (vbp_lag_events)",
        "{{topic}}",
    ),
    lines(
        "批次",
        "每秒批次与冲突。Batches and conflicts in a second.",
        "sum(rate(vbp_batches_total[$__rate_interval]))",
        "batches",
        "sum(rate(vbp_conflicts_total[$__rate_interval]))",
        "conflicts",
        "sum(rate(vbp_swept_total[$__rate_interval]))",
        "records swept",
    ),
    lines(
        "批次用时",
        "从读到到提交。From read to committed.",
        *parts_of("vbp_batch_seconds"),
        unit="s",
    ),
    lines(
        "汇总的消息",
        "每秒计入各月数字的消息、略过的和重做的批次。Messages taken into the months' figures.",
        rate_by("service", "vbp_tally_messages_total"),
        "{{service}}",
        rate_by("service", "vbp_tally_passed_over_total"),
        "{{service}} passed over",
        rate_by("service", "vbp_tally_conflicts_total"),
        "{{service}} batches done again",
    ),
    lines(
        "待汇总",
        "尚未计入各月数字的消息。Messages that wait to be taken into the months' figures.",
        "sum by (service) (vbp_tally_lag_events)",
        "{{service}}",
    ),
    lines(
        "汇总前丢失的消息",
        "消息队列在计入各月数字之前丢失的。Lost by the broker before they were counted.",
        "max by (service) (vbp_tally_lost_messages)",
        "{{service}}",
    ),
    lines(
        "汇总批次用时",
        "从读到到提交。From handed over to committed, of the workers that tally.",
        *parts_of("vbp_tally_batch_seconds"),
        unit="s",
    ),
    lines(
        "违约事项的变动",
        "每秒。Changes of violations in a second.",
        rate_by("change", "vbp_changes_total"),
        "{{change}}",
    ),
    lines(
        "无法读取的消息",
        "每秒与累计。Dead letters in a second, and kept.",
        rate_by("topic", "vbp_dead_letters_total"),
        "{{topic}}",
        "sum(max by (topic) (vbp_dead_letters_kept))",
        "kept",
    ),
    lines(
        "等待复核",
        "到期未复核的记录与登记变动。Records due, and changes of the register to expand.",
        "max by (waits_for) (vbp_due_records)",
        "{{waits_for}}",
        "max(vbp_touches_waiting)",
        "touches",
    ),
    lines(
        "等待对外发布",
        "未发布的变动数与最早一条的时长。Changes untold, and the age of the oldest in seconds.",
        "max(vbp_untold_changes)",
        "changes",
        "max(vbp_oldest_untold_seconds)",
        "seconds",
    ),
    lines(
        "接收的事件",
        "各接口每秒接收。Events taken in a second.",
        rate_by("type", ACCEPTED),
        "{{type}}",
    ),
    lines(
        "拒收的事件",
        "按原因。Events refused in a second.",
        rate_by("reason", "vbp_events_refused_total"),
        "{{reason}}",
    ),
    lines(
        "请求",
        "各服务每秒应答。Answers in a second.",
        rate_by("service, status", 'vbp_http_requests_total{route!~"/healthz|/readyz|/metrics"}'),
        "{{service}} {{status}}",
    ),
    lines(
        "发布用时",
        "接口交给消息队列到其应答。From a door handing events over to the broker's answer.",
        *parts_of("vbp_publish_duration_seconds"),
        unit="s",
    ),
    lines(
        "互相矛盾的事件",
        "按种类。Events that contradict others, by kind.",
        "max without (instance, job) (vbp_contradictions) or vector(0)",
        "{{kind}} {{jurisdiction}}",
    ),
    lines(
        "版本",
        "各服务在运行的版本。Which versions run.",
        "count by (service, version) (vbp_build_info)",
        "{{service}} {{version}}",
    ),
    lines(
        "接口用时",
        "合规接口的应答用时。Time of the API's answers.",
        *parts_of("vbp_api_answer_seconds"),
        unit="s",
    ),
)
