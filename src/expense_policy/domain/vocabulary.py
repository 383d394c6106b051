"""The field's words: one name for one thing, each with its Chinese."""

from __future__ import annotations

from enum import StrEnum

PersonId = str
DocumentId = str
LineId = str


class Status(StrEnum):
    """Where a document stands. `returned` waits for a new revision; the last five are ends."""

    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETURNED = "returned"
    SETTLED = "settled"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CLOSED = "closed"


class Kind(StrEnum):
    """The documents of the policy."""

    BUDGET_PLAN = "budget_plan"
    BUDGET_ADJUSTMENT = "budget_adjustment"
    SUPPLEMENTARY_REQUEST = "supplementary_request"
    APPLICATION = "application"
    CLAIM = "claim"


NEEDED = (Kind.BUDGET_PLAN, Kind.APPLICATION)
"""The documents that every policy has a chain for; of another one that has none, none is filed."""

SET_OFF = "set_off"
"""The method of what is granted and not paid (C9)."""


class Space(StrEnum):
    """What a key that is taken once is a key of."""

    PAYMENT = "payment"
    PLAN = "plan"
    LINE = "line"
    VOUCHER = "voucher"
    CONFIRMED = "confirmed"
    USE = "use"
    ALLOCATION = "allocation"
    COST = "cost"


class Office:
    """The offices the policy names; a company may add others."""

    DEPARTMENT_HEAD = "department_head"
    FINANCE_OFFICER = "finance_officer"
    FINANCE_HEAD = "finance_head"
    DEPUTY = "deputy_in_charge"
    GENERAL_MANAGER = "general_manager"
    BOARD_DELEGATE = "board_delegate"
    CASHIER = "cashier"
    INTERNAL_AUDIT = "internal_audit"


CATEGORIES: tuple[str, ...] = (
    "promotion",
    "care_gifts",
    "communication",
    "training",
    "after_sales",
    "venue",
    "materials",
)
"""The seven cost categories, C1 to C7 in order."""

TERMS: dict[str, tuple[str, str]] = {
    "in_review": ("in review", "审批中"),
    "approved": ("approved", "已批准"),
    "returned": ("returned", "退回修改"),
    "settled": ("settled", "已结清"),
    "rejected": ("rejected", "已否决"),
    "withdrawn": ("withdrawn", "已撤回"),
    "expired": ("expired", "已失效"),
    "closed": ("closed", "已关闭"),
    "budget_plan": ("budget plan", "费用预算"),
    "application": ("expense application", "费用申请"),
    "department_head": ("department head", "部门负责人"),
    "finance_officer": ("finance officer", "财务人员"),
    "finance_head": ("finance head", "财务负责人"),
    "deputy_in_charge": ("deputy in charge", "分管领导"),
    "general_manager": ("general manager", "总经理"),
    "internal_audit": ("internal audit", "内部审计"),
    "board_delegate": ("board's delegate", "董事会授权人"),
    "cashier": ("cashier", "出纳"),
    "marketing": ("marketing", "市场营销"),
    "customer_service": ("customer service", "客户服务"),
    "after_sales_support": ("after-sales support", "售后支持"),
    "promotion": ("promotion", "促销活动费用"),
    "care_gifts": ("customer-care gifts", "客户关怀礼品费用"),
    "communication": ("customer communication", "客户沟通费用"),
    "training": ("training", "培训费用"),
    "after_sales": ("after-sales service", "售后服务费用"),
    "venue": ("venue rental", "活动场地租赁费用"),
    "materials": ("promotional materials", "宣传物料制作费用"),
    "discount": ("discount", "折扣优惠"),
    "threshold_reduction": ("threshold reduction", "满减"),
    "giveaway": ("giveaway", "赠品"),
    "holiday_gift": ("holiday gift", "节日礼品"),
    "birthday_gift": ("birthday gift", "生日礼品"),
    "phone": ("phone", "电话"),
    "email": ("e-mail", "电子邮件"),
    "sms": ("SMS", "短信"),
    "product_training": ("product training", "产品培训"),
    "service_training": ("service training", "服务培训"),
    "repair": ("repair and maintenance", "维修保养"),
    "technical_support": ("technical support", "技术支持"),
    "venue_rental": ("venue rental", "活动场地租赁"),
    "promotional_materials": ("promotional materials", "宣传物料制作"),
    "budget_adjustment": ("budget adjustment", "预算调整"),
    "supplementary_request": ("supplementary-budget request", "追加预算"),
    "claim": ("claim", "费用报销单"),
    "set_off": ("set-off", "抵减"),
    "shared_costs": ("shared costs", "共同费用"),
    "pool": ("pool", "费用池"),
    "receiver": ("receiver", "分摊对象"),
    "allocation": ("allocation", "费用分摊"),
    "allocation_rule": ("allocation rule", "分摊规则"),
    "equal": ("equal shares", "平均分摊"),
    "fixed": ("fixed shares", "固定比例"),
    "headcount": ("headcount", "人数"),
    "revenue": ("revenue", "收入"),
    "usage": ("usage", "使用量"),
    "direct": ("direct", "直接分配法"),
    "step_down": ("step-down", "顺序分配法"),
    "reciprocal": ("reciprocal", "交互分配法"),
    "spring_festival": ("Spring Festival", "春节"),
    "dragon_boat": ("Dragon Boat Festival", "端午节"),
    "mid_autumn": ("Mid-Autumn Festival", "中秋节"),
    "double_ninth": ("Double Ninth Festival", "重阳节"),
    "necessity": ("necessity", "必要性"),
    "reasonableness": ("reasonableness", "合理性"),
    "budget": ("fit with the budget", "预算符合性"),
    "legality": ("legality", "合法性"),
    "compliance": ("compliance", "合规性"),
    "accuracy": ("accuracy", "准确性"),
    "invoices": ("invoices genuine and valid", "发票真实有效"),
    "finances": ("overall finances", "整体财务状况"),
    "cash": ("cash plan", "资金安排"),
    "interest": ("the company's interest", "公司利益"),
    "effect": ("effect", "效果"),
    "benefit": ("benefit", "效益"),
    "estimate": ("estimate", "测算金额"),
    "draft_late": ("a late draft", "逾期提交的预算草案"),
    "outside_estimates": ("lines outside the department's estimates", "超出部门测算范围的明细"),
    "review": ("finance's review of a draft", "财务审核意见"),
    "execution": ("budget execution", "预算执行"),
    "in_force": ("in force", "生效预算"),
    "planned": ("planned", "计划"),
    "reserved": ("reserved", "已预留"),
    "committed": ("committed", "已承诺"),
    "spent": ("spent", "已支出"),
    "available": ("available", "可用"),
    "burn_rate": ("burn rate", "执行率"),
    "forecast": ("forecast", "全年预测"),
    "deviation": ("deviation", "偏差"),
    "alert": ("alert", "预警"),
    "year_end": ("the end of the budget's year", "预算年终关闭"),
    "balance": ("balance carried", "余额结转"),
    "commitment": ("commitment carried", "承诺结转"),
    "lapse": ("lapse", "失效"),
    "months": ("the amounts by month", "各月金额"),
    "basis": ("the basis of the estimate", "测算依据"),
    "line": ("budget line", "预算明细"),
    "payment": ("payment", "付款"),
    "statement": ("statement", "审批内容"),
    "chain": ("approval chain", "审批流程"),
    "journal": ("journal", "操作日志"),
    "seal": ("seal", "封存"),
    "refusal": ("refusal", "拒绝"),
    "use_record": ("use record", "使用记录"),
    "plan_record": ("plan record", "预算依据"),
    "budget_basis": ("budget basis", "预算依据材料"),
    "contract": ("contract", "合同"),
    "invoice": ("invoice", "发票"),
    "voucher": ("voucher", "凭证"),
    "digital_invoice": ("fully digital invoice", "数电票"),
    "receipt": ("receipt", "收据"),
    "voucher_code": ("code", "代码"),
    "voucher_number": ("number", "号码"),
    "voucher_issuer": ("issuer", "开票方"),
    "voucher_buyer": ("buyer", "购买方"),
    "voucher_genuine": ("vouchers checked, and genuine", "凭证已查验为真"),
    "vouchers_stated": ("vouchers that a signer vouches for", "凭证真实性以审批人意见为准"),
    "genuine": ("genuine", "真实有效"),
    "forged": ("forged", "伪造"),
    "void": ("void", "作废"),
    "unknown": ("not known", "不存在"),
    "advance": ("advance", "预付款"),
    "refund": ("refund", "退款"),
    "department": ("department", "部门"),
    "project": ("project", "项目"),
    "type": ("expense type", "费用类型"),
    "year": ("fiscal year", "财年"),
    "this form": ("this form", "本单"),
    "vouchers": ("vouchers", "凭证"),
    "purpose": ("purpose", "用途"),
    "business_goal": ("business goal", "业务目标"),
    "customers": ("customers", "面向客户"),
    "method": ("payment method", "付款方式"),
    "payee": ("payee", "收款人"),
    "payee_name": ("payee's name", "收款人名称"),
    "payee_account": ("payee's account", "收款账号"),
    "payee_person": ("payee's person", "收款人本人"),
    "currency": ("currency", "币种"),
    "documents": ("documents", "单据"),
    "expected_payment": ("an expected payment date that is not past", "不早于今日的预计付款日期"),
    "applicant": ("applicant", "申请人"),
    "signer": ("signer", "审批人"),
    "unit_price": ("unit price", "单价"),
    "quantity": ("quantity", "数量"),
    "issue_window": ("issue window", "发放期间"),
    "festival": ("festival", "节日"),
    "segments": ("segments", "计费条数"),
    "before_approval": ("use before approval", "批准前使用"),
    "messages_a_month": ("messages a month", "每月短信次数"),
    "calls_a_month": ("calls a month", "每月通话次数"),
    "contact_hours": ("contact hours", "联系时段"),
    "uses_a_month": ("uses a month", "每月使用次数"),
    "opted_out": ("contact after an opt-out", "拒收后联系"),
    "existing_customer": ("existing customer, by an order within so many months", "老客户（近几个月内有订单）"),
    "cost_per_customer": ("cost per customer", "客均费用"),
    "minutes": ("minutes", "时长（分钟）"),
    "seconds": ("seconds", "时长（秒）"),
    "discount_each": ("discount", "单件折扣"),
    "price_after_discount": ("price after the discount", "折后价"),
    "reduction": ("reduction", "减免金额"),
    "threshold": ("threshold", "满减门槛"),
    "unit_cost": ("unit cost", "单位成本"),
    "birthday_month": ("birthday month", "生日月份"),
    "gifts_a_year": ("gifts a year", "每年礼品次数"),
    "recipient": ("recipient", "领取人"),
    "participants": ("participants", "参加人数"),
    "training_method": ("training method", "培训方式"),
    "price_a_head": ("price a head", "人均费用"),
    "cost_each": ("cost of one repair", "单次维修费用"),
    "complexity": ("complexity", "复杂程度"),
    "hour_rate": ("rate an hour", "小时费率"),
    "day_rent": ("rent a day", "日租金"),
    "rented_days": ("rented days", "租赁日期"),
    "content": ("content", "内容"),
    "text": ("text", "正文"),
    "subject": ("subject", "主题"),
    "greeting": ("greeting", "生日祝福"),
    "gift": ("gift", "礼品"),
    "personal": ("what is made for him alone", "个性化内容"),
    "relation": ("relation to the company's product", "与公司产品的关联"),
    "place": ("place", "地点"),
    "course": ("course", "课程"),
    "fault": ("fault or service due", "故障或保养事由"),
    "problem": ("problem", "问题"),
    "solution": ("solution", "解决方案"),
    "event": ("event", "活动"),
    "supplier": ("supplier", "供应商"),
    "what": ("what for", "用途说明"),
    "the calendar": ("the calendar", "节日历"),
    "the plan": ("the plan", "预算依据"),
    "the policy": ("the policy", "制度"),
    "customers_stated": ("customers as the applicant states them", "客户情况以申请人说明为准"),
    "customers_reached": ("customers reached", "触达客户数"),
    "orders": ("orders", "订单数"),
    "revenue_units": ("revenue", "销售额"),
    "repurchase_rate_before_bp": ("repurchase rate before", "活动前复购率"),
    "repurchase_rate_after_bp": ("repurchase rate after", "活动后复购率"),
    "purchases_a_year_before_hundredths": ("purchases a year before", "活动前年购买频次"),
    "purchases_a_year_after_hundredths": ("purchases a year after", "活动后年购买频次"),
    "satisfaction_before_bp": ("satisfaction before", "活动前满意度"),
    "satisfaction_after_bp": ("satisfaction after", "活动后满意度"),
    "loyalty_before_bp": ("loyalty before", "活动前忠诚度"),
    "loyalty_after_bp": ("loyalty after", "活动后忠诚度"),
    "opens": ("opens", "打开数"),
    "reads": ("reads", "阅读数"),
    "attendees": ("attendees", "到场人数"),
    "passed_rate_bp": ("pass rate", "通过率"),
    "response_minutes": ("response time (minutes)", "响应时间（分钟）"),
    "solving_minutes": ("solving time (minutes)", "解决时间（分钟）"),
    "bank_transfer": ("bank transfer", "银行转账"),
    "accounts": ("monthly accounts", "月度核算"),
    "posting": ("posting", "入账"),
    "entry": ("double entry", "会计分录"),
    "correction": ("correction of a closed month", "以前月份更正"),
    "books": ("books", "账簿"),
    "month_closed": ("closed month", "已结账月份"),
    "accrual": ("accrual basis", "权责发生制"),
    "cash_basis": ("cash basis", "收付实现制"),
    "ledger_account": ("ledger account", "会计科目"),
    "payable": ("payable", "应付款"),
    "receivable": ("receivable", "应收款"),
    "bank": ("bank", "银行存款"),
    "incurred": ("incurred", "实际发生"),
    "final": ("settled at the end", "结清调整"),
    "paid": ("paid in cash", "现金支付"),
    "recorded": ("paid elsewhere and recorded", "他处支付补录"),
    "allocated": ("allocated", "分摊"),
    "recorded_cost": ("recorded cost", "补录费用"),
    "rectification": ("rectification", "整改"),
    "finding": ("finding", "问题"),
    "budget_deviation": ("budget not kept to", "预算执行偏差"),
    "owner": ("owner", "整改责任人"),
    "answerer": ("one who answered", "整改答复人"),
    "deadline": ("deadline", "整改期限"),
    "measures": ("measures", "整改措施"),
    "follow_up": ("follow-up", "跟踪"),
    "escalation": ("escalation", "逐级上报"),
    "open": ("open", "待整改"),
    "answered": ("answered", "已答复"),
    "verified": ("verified", "已验证"),
    "followed_up": ("followed up", "已跟踪"),
    "sent_back": ("sent back", "已退回"),
    "extended": ("put off", "已延期"),
    "escalated": ("escalated", "已逐级上报"),
    "duty": ("returning duty", "定期职责"),
    "monitoring": ("monitoring of the budget", "预算执行监控"),
    "accounting": ("monthly accounts", "月度核算"),
    "audit": ("internal audit's work", "内部审计工作"),
    "overdue": ("overdue", "已逾期"),
    "missed": ("missed", "逾期未办"),
}
"""Every term with its English and its Chinese."""


def term(word: str, lang: str = "en") -> str:
    """A term in "en" or "zh"; a company's own word stands for itself."""
    english, chinese = TERMS.get(word, (word, word))
    return chinese if lang == "zh" else english
