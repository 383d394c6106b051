"""How the year's figures are shown beyond its applications: budgets, claims, books, what was put right."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from expense_policy.domain.vocabulary import term

from .tables import cny, hundredths, lines, title, told

_WORDS: dict[str, dict[str, Any]] = {
    "en": {
        "budgets": "Budgets: drafts and changes",
        "budget": ("budget", "rounds", "estimated", "approved"),
        "negotiation": "How the next year's draft was negotiated",
        "bargain": ("line, round", "asked", "offered", "countered", "agreed"),
        "execution": "Budget execution on 31 December",
        "executed": ("line", "in force", "planned", "spent", "left", "burn rate"),
        "year_end": "{department}: {lapse} lapsed, {balance} carried into 2027, {commitment} kept for whom it is held",
        "claims": "Claims: {count}, {without_application} of them without an application",
        "claimed": "{outcomes}. {approved} approved, {paid} paid, {returned} of it returned; {late} paid late.",
        "advances": "{advances} paid ahead, {advances_cleared} set against it, {advances_returned} returned.",
        "vouchers": "{vouchers} vouchers, {genuine} found genuine; a signer vouched for some of {stated} claims.",
        "accounts": "Monthly accounts ({method})",
        "month": ("month", "cost", "of it corrections", "paid", "set off"),
        "category": ("category", "cost of the year"),
        "sources": "What the postings come to",
        "source": ("source", "of the year"),
        "allocations": "Shared costs",
        "allocation": "{month} {rule}, version {version}, {basis}, {method}: {amount} {type}{undone}",
        "undone": ", undone",
        "rectifications": "Rectifications: {opened}",
        "rectified": "{outcomes}; {turns}.",
        "escalated": "{about} of {department} went up:",
        "duties": "Duties that return",
        "duty": ("duty", "every days", "done", "missed"),
        "and": ", ",
    },
    "zh": {
        "budgets": "预算：草案与调整",
        "budget": ("预算", "轮次", "测算金额", "获批金额"),
        "negotiation": "下年度预算的协商过程",
        "bargain": ("预算明细、轮次", "申请", "财务意见", "部门答复", "商定"),
        "execution": "12月31日预算执行情况",
        "executed": ("预算明细", "生效预算", "计划", "已支出", "余额", "执行率"),
        "year_end": "{department}：{lapse}失效，{balance}结转下年，{commitment}为在途单据保留",
        "claims": "费用报销单{count}份，其中无申请{without_application}份",
        "claimed": "{outcomes}。获批{approved}，支付{paid}，其中退回{returned}；逾期支付{late}份。",
        "advances": "预付{advances}，已冲抵{advances_cleared}，退回{advances_returned}。",
        "vouchers": "凭证{vouchers}张：查验为真{genuine}张；{stated}份报销单的部分凭证以审批人意见为准。",
        "accounts": "月度核算（{method}）",
        "month": ("月份", "费用", "其中以前月份更正", "现金支付", "抵减"),
        "category": ("费用类别", "全年费用"),
        "sources": "入账合计",
        "source": ("来源", "全年"),
        "allocations": "共同费用分摊",
        "allocation": "{month} {rule}（第{version}版，{basis}，{method}）：{type}{amount}{undone}",
        "undone": "，已冲销",
        "rectifications": "整改{opened}项",
        "rectified": "{outcomes}；{turns}。",
        "escalated": "{department}的{about}逐级上报：",
        "duties": "定期职责",
        "duty": ("职责", "间隔天数", "已办", "逾期"),
        "and": "、",
    },
}


def show_year(console: Console, found: dict[str, Any], lang: str) -> None:
    """Prints what `outcome_year` says, in "en" or "zh"."""
    words = _WORDS[lang]
    for part in (_budgets, _execution, _claims, _accounts, _allocations, _rectifications, _duties):
        part(console, words, found, lang)


def _counts(words: dict[str, Any], counts: dict[str, int], lang: str) -> str:
    return str(words["and"].join(f"{term(name, lang)} × {n}" for name, n in counts.items() if n))


def _budgets(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    title(console, words["budgets"])
    rows = []
    for each in found["budgets"]:
        names = (str(each["year"]), term(each["department"], lang), term(each["kind"], lang))
        name = " · ".join((*names, *[term(mark, lang) for mark in each["marks"]]))
        rows.append((name, str(each["rounds"]), cny(each["estimated"]), cny(each["amount"])))
    lines(console, words["budget"], rows)
    title(console, words["negotiation"])
    amounts, bargained = ("asked", "reviewed", "countered", "agreed"), found["negotiation"]
    shown = [
        (f"{each['line']} · {each['round']}", *["" if each[n] is None else cny(each[n]) for n in amounts])
        for each in bargained
    ]
    lines(console, words["bargain"], shown)
    for each in bargained:
        for text in (each["answer"], each["reason"]):
            if text:
                told(console, f"{each['line']} · {each['round']}: {text}")


def _execution(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    title(console, words["execution"])
    amounts = ("in_force", "planned", "spent", "available")
    rows = [
        (
            each["id"],
            *(cny(each[name]) for name in amounts),
            "" if each["burn_bp"] is None else f"{hundredths(each['burn_bp'])} %",
        )
        for each in found["execution"]
    ]
    lines(console, words["executed"], rows)
    for each in found["year_end"]:
        said = {name: cny(each.get(name, 0)) for name in ("lapse", "balance", "commitment")}
        console.print(Text(words["year_end"].format(department=term(each["department"], lang), **said)))


def _claims(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    claims = found["claims"]
    counts = ("count", "without_application", "late", "vouchers", "genuine", "stated")
    said = {name: claims[name] for name in counts}
    said |= {name: cny(n) for name, n in claims.items() if name not in (*counts, "outcomes")}
    said["outcomes"] = _counts(words, claims["outcomes"], lang)
    title(console, words["claims"].format(**said))
    for name in ("claimed", "advances", "vouchers"):
        console.print(Text(words[name].format(**said)))


def _accounts(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    accounts = found["accounts"]
    title(console, words["accounts"].format(method=term(accounts["method"], lang)))
    rows = [
        (
            each["month"],
            *[cny(units) for units in (each["total"], sum(each["corrections"].values()))],
            *[cny(each["sources"][name]) for name in ("paid", "set_off")],
        )
        for each in accounts["months"]
    ]
    lines(console, words["month"], rows)
    lines(console, words["category"], [(term(name, lang), cny(n)) for name, n in accounts["categories"].items()])
    lines(console, words["source"], [(term(name, lang), cny(n)) for name, n in accounts["sources"].items()])


def _allocations(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    title(console, words["allocations"])
    for each in found["allocations"]:
        said = {name: term(each[name], lang) for name in ("basis", "method", "type")}
        said |= {"amount": cny(each["amount"]), "undone": words["undone"] if each["reversed"] else ""}
        said |= {name: each[name] for name in ("month", "rule", "version")}
        console.print(Text(words["allocation"].format(**said)))
        parts = [f"{term(name, lang)} {cny(units)}" for name, units in each["parts"].items()]
        told(console, words["and"].join(parts))


def _rectifications(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    cards = found["rectifications"]
    title(console, words["rectifications"].format(opened=cards["opened"]))
    counts = {name: _counts(words, cards[name], lang) for name in ("outcomes", "turns")}
    console.print(Text(words["rectified"].format(**counts)))
    for each in cards["escalated"]:
        console.print(Text(words["escalated"].format(about=each["about"], department=term(each["department"], lang))))
        for step in each["steps"]:
            told(console, f"{step['on']} {term(step['what'], lang)} ({step['by']}): {term(step['text'], lang)}")


def _duties(console: Console, words: dict[str, Any], found: dict[str, Any], lang: str) -> None:
    title(console, words["duties"])
    rows = [(term(x["name"], lang), str(x["days"]), str(x["done"]), str(x["missed"])) for x in found["duties"]]
    lines(console, words["duty"], rows)
