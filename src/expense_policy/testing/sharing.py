"""Strategies of shared costs: rules of every basis and method, and costs that were paid elsewhere (R1.2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import strategies as st

from ..domain.accounting import RecordedCost
from ..domain.allocation import Method, Used
from ..domain.allocation_rule import AllocationBasis, AllocationTerms, Pool, Receiver
from ..domain.categories import REGISTER
from ..domain.money import Money
from ..domain.policy import Policy
from ..domain.project import Project
from . import founding
from .words import ids, labels, units

WEIGHTS = st.one_of(
    st.integers(0, 10**6).map(str), st.sampled_from(("0", "0.5", "12.000000000001", "9999999999999999"))
)
"""Weights and quantities as text, none of them among them."""
_BASES = tuple(AllocationBasis)


def allocation_terms(
    policy: Policy | None = None, *, projects: Sequence[Project] = (), today: date | None = None
) -> st.SearchStrategy[AllocationTerms]:
    """Rules that share costs among a policy's departments, and those projects of theirs that are given.

    In force from today, or the policy's first day, or some time before: one cost by weights, or pools by usage and any
    method. Whatever is allocated by them reaches somebody.
    """
    policy = policy or founding.kit_policy()
    return _terms(policy, tuple(projects), today or policy.effective)


def recorded_costs(
    policy: Policy | None = None, *, projects: Sequence[Project] = (), today: date | None = None
) -> st.SearchStrategy[RecordedCost]:
    """Costs that were paid elsewhere until today, or the policy's first day, and refunds of such (R1.1)."""
    policy = policy or founding.kit_policy()
    return _cost(policy, tuple(projects), today or policy.effective)


def _places(policy: Policy, projects: Sequence[Project]) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = [(department, None) for department in policy.departments]
    of = [(department, each.id) for each in projects for department in each.departments]
    return [*found, *[place for place in of if place[0] in policy.departments]]


@st.composite
def _terms(draw: st.DrawFn, policy: Policy, projects: Sequence[Project], today: date) -> AllocationTerms:
    places, basis = st.sampled_from(_places(policy, projects)), draw(st.sampled_from(_BASES))
    fit = st.lists(places.map(lambda place: Receiver(*place)), min_size=1, max_size=4, unique_by=lambda each: each.name)
    receivers = draw(fit)
    effective = today - timedelta(days=draw(st.integers(0, 400)))
    pooled = basis is AllocationBasis.USAGE and draw(st.booleans())
    if basis is not AllocationBasis.EQUAL and not pooled:
        # Somebody has to bear it.
        weights = [draw(WEIGHTS.filter(lambda text: float(text) > 0)), *[draw(WEIGHTS) for _ in receivers[1:]]]
        receivers = [
            Receiver(each.department, each.project, weight) for each, weight in zip(receivers, weights, strict=True)
        ]
    if not pooled:
        return AllocationTerms(draw(labels()), effective, basis, tuple(receivers))
    taken = {each.name for each in receivers}
    names = draw(st.lists(ids().filter(lambda id: id not in taken), min_size=1, max_size=3, unique=True))
    pools = tuple([Pool(name, *draw(places)) for name in names])
    method, order = draw(st.sampled_from(Method)), tuple(draw(st.permutations(names)))
    used = [
        # What reaches the first receiver of every pool reaches somebody whatever the method and the order.
        Used(pool, by, draw(WEIGHTS.filter(lambda text: float(text) > 0) if by == receivers[0].name else WEIGHTS))
        for pool in names
        for by in (*[each.name for each in receivers], *names)
        if by not in names or draw(st.booleans())
    ]
    stepped = order if draw(st.booleans()) else ()
    return AllocationTerms(draw(labels()), effective, basis, tuple(receivers), method, pools, tuple(used), stepped)


@st.composite
def _cost(draw: st.DrawFn, policy: Policy, projects: Sequence[Project], today: date) -> RecordedCost:
    on = today - timedelta(days=draw(st.integers(0, 400)))
    open_ = [each for each in projects if each.first <= on <= each.last]
    department, project = draw(st.sampled_from(_places(policy, open_)))
    amount = draw(units(10**12)) * draw(st.sampled_from((1, 1, 1, -1)))
    return RecordedCost(
        draw(ids()), on, department, draw(st.sampled_from(sorted(REGISTER))), Money(amount, policy.currency), project
    )
