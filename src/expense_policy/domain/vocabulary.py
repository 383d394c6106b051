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
    """The documents of the policy that exist so far."""

    BUDGET_PLAN = "budget_plan"
    APPLICATION = "application"


class Space(StrEnum):
    """What a key that is taken once is a key of."""

    PAYMENT = "payment"
    PLAN = "plan"
    LINE = "line"
    VOUCHER = "voucher"


class Office:
    """The offices the policy names; a company may add others."""

    DEPARTMENT_HEAD = "department_head"
    FINANCE_OFFICER = "finance_officer"
    FINANCE_HEAD = "finance_head"
    DEPUTY = "deputy_in_charge"
    GENERAL_MANAGER = "general_manager"
    BOARD_DELEGATE = "board_delegate"
    CASHIER = "cashier"


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

TYPES: dict[str, str] = {"holiday_gift": "care_gifts", "sms": "communication"}
"""The expense types worked out so far, with the category each belongs to."""

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
    "holiday_gift": ("holiday gift", "节日礼品"),
    "sms": ("SMS", "短信"),
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
    "issue_window": ("issue window", "发放期间"),
    "festival": ("festival", "节日"),
    "segments": ("segments", "计费条数"),
    "before_approval": ("use before approval", "批准前使用"),
    "messages_a_month": ("messages a month", "每月短信次数"),
    "bank_transfer": ("bank transfer", "银行转账"),
}
"""Every term with its English and its Chinese."""


def term(word: str, lang: str = "en") -> str:
    """A term in "en" or "zh"; a company's own word stands for itself."""
    english, chinese = TERMS.get(word, (word, word))
    return chinese if lang == "zh" else english
