"""The proofs are proved: each bug below, sown in one place of a copy of `src`, makes the named test fail.

A bug that no test sees, or whose place is not there any more, is a failed build.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

ROOT = Path(__file__).parent.parent
MACHINE = "test_machine.py::test_the_laws_hold_on_memory"


@attrs.frozen
class Bug:
    """A change of one place, the law it breaks, the test that has to see it, and what that test then says."""

    law: str
    file: str
    old: str
    new: str
    seen_by: str = MACHINE
    said: str = "Error"


DOMAIN, SERVICES, TESTS = "expense_policy/domain", "expense_policy/services", "test_proofs.py::test_"
YEAR = "test_generated_year.py::test_a_year_is_what_was_reckoned"
SQL, KIT = "expense_adapters/sql", "conformance/test_"
BUGS = {
    "the gate passes what lacks a signature": Bug(
        "I1", f"{DOMAIN}/documents.py", "    if missing:\n", "    if False:\n", f"{TESTS}the_gate_trusts_no_status"
    ),
    "a statement leaves the content out": Bug(
        "I2",
        f"{DOMAIN}/approval.py",
        "head = (document, kind, revision, number, content,",
        "head = (document, kind, revision, number, '',",
        f"{TESTS}every_part_of_a_statement_counts",
    ),
    "a new round keeps the old signatures": Bug(
        "I3",
        f"{DOMAIN}/documents.py",
        "        round_,\n        before=before,\n",
        "        round_,\n        previous.signatures if previous else (),\n        before=before,\n",
    ),
    "a delegation counts for every office": Bug(
        "I4", f"{DOMAIN}/organisation.py", "                    and d.office == office\n", ""
    ),
    "a delegation counts beyond its end": Bug(
        "I4",
        f"{DOMAIN}/organisation.py",
        "d.since <= self.at < d.until",
        "d.since <= self.at <= d.until",
        "test_files.py::test_a_delegation_counts_in_its_interval",
    ),
    "the applicant may sign": Bug("I5", f"{DOMAIN}/approval.py", '    parts[applicant] = "applicant"\n', ""),
    "whom somebody signed for may sign again": Bug(
        "I6",
        f"{DOMAIN}/approval.py",
        "for person in signature.people}",
        "for person in (signature.signer,)}",
    ),
    "a signer may pay": Bug(
        "I7",
        f"{SERVICES}/paying.py",
        "        part = document.bars.part(self.actor)\n",
        "        part = None\n",
    ),
    "the limit belongs to the general manager": Bug(
        "I8", f"{DOMAIN}/policy.py", "units <= self.up_to", "units < self.up_to"
    ),
    "what was paid of an ended one does not count": Bug(
        "I9",
        f"{DOMAIN}/document.py",
        "return self.units if self.status in OPEN else self.drawn",
        "return self.units if self.status in OPEN else 0",
    ),
    "slices are not guarded": Bug(
        "I9",
        f"{SERVICES}/applying.py",
        "guards=(*guards, *self._vouching.bumped(scene))",
        "guards=tuple(self._vouching.bumped(scene))",
        "test_together.py::test_slices_at_the_same_instant_count_as_one",
    ),
    "commitments do not count as used": Bug(
        "I10",
        f"{DOMAIN}/holds.py",
        "return self.in_force - self.reserved - self.committed - self.spent",
        "return self.in_force - self.reserved - self.spent",
    ),
    "a release leaves its commitment behind": Bug(
        "I11",
        f"{DOMAIN}/holds.py",
        "reserved=-h.reserved, committed=-h.committed, expected=expected)",
        "reserved=-h.reserved, committed=0, expected=expected)",
        said="I11",
    ),
    "a payment is spent and stays committed": Bug(
        "I12",
        f"{DOMAIN}/holds.py",
        "Move(line, 0, 0, -units, units, month, expected)",
        "Move(line, 0, 0, 0, units, month, expected)",
        said="I11, I12",
    ),
    "each instalment may be the whole": Bug(
        "I13", f"{DOMAIN}/payment.py", "left = approved.units - drawn", "left = approved.units"
    ),
    "a payment is reversed twice": Bug(
        "I13", f"{DOMAIN}/payment.py", "back = -sum(p.units for p in undone)", "back = 0"
    ),
    "what bounced after the end is committed again": Bug(
        "I14",
        f"{DOMAIN}/documents.py",
        "spend = holds.spend if document.ended_at is None else holds.give_back",
        "spend = holds.spend",
    ),
    "a claim's use waits for its approval": Bug(
        "R2.4",
        f"{SERVICES}/using.py",
        "document.approved_at if document.kind is Kind.APPLICATION else None",
        "document.approved_at",
        "test_claims.py::test_what_is_claimed_alone_was_spent_before[memory]",
        "Refused",
    ),
    "a settled document takes more use": Bug(
        "I14", f"{SERVICES}/using.py", "document.status is Status.CLOSED and", "document.ended_at is not None and"
    ),
    "a stale statement is signed": Bug(
        "I15", f"{DOMAIN}/documents.py", "    if seen != document.statement or ", "    if ", said="sign_what_was"
    ),
    "anybody withdraws": Bug(
        "I16",
        f"{SERVICES}/ending.py",
        "found = own(document, self.actor)\n        office",
        "found = []\n        office",
    ),
    "a dry run is done": Bug(
        "I17",
        f"{SERVICES}/engine.py",
        "            effects = act.decide(self.scene(partial(looked, act, None, more), act.subject))\n",
        "            self.perform(act)\n"
        "            effects = act.decide(self.scene(partial(looked, act, None, more), act.subject))\n",
        said="I17",
    ),
    "the journal leaves moves out": Bug(
        "I19", f"{SERVICES}/engine.py", "    for m in e.moves:\n", "    for m in e.moves[:0]:\n", said="I19"
    ),
    "a key serves two requests": Bug(
        "I20", f"{SERVICES}/engine.py", "    if asked != wanted.asked:\n", "    if False:\n", said="I20"
    ),
    "a conflict is taken for success": Bug(
        "I21",
        f"{SERVICES}/engine.py",
        "if lines else more\n                continue\n",
        "if lines else more\n",
        "test_together.py::test_the_last_money_goes_once",
    ),
    "a group forgets what its acts move": Bug(
        "I10",
        f"{SERVICES}/ahead.py",
        "            if move.line in self._lines:\n",
        "            if False:\n",
        "test_bulk.py::test_whatever_a_batch_does_is_foretold",
    ),
    "a group's slices do not count as one": Bug(
        "I9",
        f"{SERVICES}/ahead.py",
        "(changing or not bumped.isdisjoint(guards))",
        "changing",
        "test_bulk.py::test_bulk_is_the_fold_of_single_acts",
    ),
    "a group that met a rival is taken for done": Bug(
        "I21",
        f"{SERVICES}/bulk.py",
        "            except (Conflict, AlreadyDone):\n                continue\n",
        "            except (Conflict, AlreadyDone):\n                pass\n",
        "test_bulk.py::test_a_rival_in_between",
    ),
    "an entry's digest leaves its actor out": Bug(
        "I23",
        f"{DOMAIN}/journal.py",
        "head = (subject, str(seq), prev, act, actor,",
        "head = (subject, str(seq), prev, act, '',",
        f"{TESTS}every_part_of_an_entry_counts",
    ),
    "a split loses the odd units": Bug(
        "I24", f"{DOMAIN}/money.py", "        for i in order[:left]:\n", "        for i in order[:0]:\n", said="I12"
    ),
    "exact shares lose the odd units": Bug(
        "I24",
        f"{DOMAIN}/money.py",
        "reverse=True)[: abs(left)]:",
        "reverse=True)[:0]:",
        "test_allocation.py::test_nothing_is_lost",
        "assert",
    ),
    "the odd unit goes to whoever is listed first": Bug(
        "I24",
        f"{DOMAIN}/allocation.py",
        "names = sorted(exact)",
        "names = list(exact)",
        "test_allocation.py::test_the_order_of_the_list_counts_for_nothing",
        "assert",
    ),
    "a step goes back to a pool before it": Bug(
        "I24",
        f"{DOMAIN}/allocation.py",
        "*costs.steps[step:]))",
        "*costs.steps[step - 1 :], *costs.steps[: step - 1]))",
        "test_allocation.py::test_nothing_is_lost",
        "assert",
    ),
    "what a pool uses of itself counts": Bug(
        "I24",
        f"{DOMAIN}/allocation.py",
        "u.pool == pool and u.by != pool and u.by in among",
        "u.pool == pool and u.by in among",
        "test_allocation.py::test_the_reciprocal_solution_fits_its_equations",
        "assert",
    ),
    "any shares pass for the rule's": Bug(
        "I24",
        f"{DOMAIN}/allocation_rule.py",
        "    if found == expected:\n",
        "    if sum(part.units for part in found.values()) == amount.units:\n",
        "test_allocation_rules.py::test_the_shares_are_the_rules[memory]",
        "DID NOT RAISE",
    ),
    "an allocation is undone twice": Bug(
        "I30",
        f"{SERVICES}/allocating.py",
        "        if scene.seen.taken:\n",
        "        if False:\n",
        "test_allocation_rules.py::test_a_result_is_undone_whole_and_once[memory]",
        "Conflict",
    ),
    "a cost is allocated twice": Bug(
        "I24",
        f"{SERVICES}/allocating.py",
        "            if not min(0, borne[place]) <= units <= max(0, borne[place])\n",
        "            if False\n",
        "test_allocation_rules.py::test_no_more_is_allocated_than_was_borne[memory]",
        "DID NOT RAISE",
    ),
    "a closed month takes a share": Bug(
        "I26",
        f"{SERVICES}/allocating.py",
        "month_of(self.month, closed_through(scene.seen))",
        "month_of(self.month, None)",
        "test_allocation_rules.py::test_a_closed_month_is_corrected_in_the_next[memory]",
        "RepositoryError",
    ),
    "more is claimed than an application has": Bug(
        "I13",
        f"{DOMAIN}/claiming.py",
        "        if asked.units > most:\n",
        "        if False:\n",
        "test_claims.py::test_a_claim_never_exceeds_its_application[memory]",
    ),
    "what is claimed is held twice": Bug(
        "I11",
        f"{DOMAIN}/claiming.py",
        "h.committed - lines.get(h.line, 0), h.spent)",
        "h.committed, h.spent)",
        "test_claims.py::test_a_claim_goes_its_way[memory]",
    ),
    "an advance is returned that claims are set against": Bug(
        "I13",
        f"{SERVICES}/paying.py",
        "-undone.units > document.paid - document.cleared:",
        "-undone.units > document.paid:",
        "test_claims.py::test_an_advance_is_cleared_once[memory]",
    ),
    "a voucher stays with what was withdrawn": Bug(
        "I27",
        f"{SERVICES}/vouching.py",
        "_FREE = (Status.REJECTED, Status.WITHDRAWN, Status.EXPIRED)",
        "_FREE = (Status.REJECTED, Status.EXPIRED)",
        "test_vouchers.py::test_what_was_given_back_is_free[memory]",
    ),
    "a number is another one in another hand": Bug(
        "I27",
        f"{DOMAIN}/folding.py",
        ".translate(_LOOK_ALIKES).translate(_DIGITS)",
        ".translate(_LOOK_ALIKES)",
        "test_vouchers.py::test_a_voucher_is_one_however_it_is_written",
    ),
    "a mark makes another payee": Bug(
        "I10",
        f"{DOMAIN}/folding.py",
        " and beside != 1 and beside < 200",
        "",
        "test_attacks.py::test_a_mark_makes_no_other_payee",
    ),
    "an invoice is another one as a receipt": Bug(
        "I27",
        f"{DOMAIN}/voucher.py",
        "return (whole, issued) if code else (whole,)",
        "return (whole,)",
        "test_vouchers.py::test_a_voucher_stands_in_one_document[memory]",
        "DID NOT RAISE",
    ),
    "a look-alike is another one under another name": Bug(
        "I27",
        f"{SERVICES}/vouching.py",
        "for column, who in by.items() if who}",
        "for column, who in by.items() if who == payee.id}",
        "test_vouchers.py::test_look_alikes_need_a_name",
        "DID NOT RAISE",
    ),
    "a claimant confirms his own look-alike": Bug(
        "I27",
        f"{SERVICES}/vouching.py",
        "own = {self.applicant, None if",
        "own = {None if",
        "test_vouchers.py::test_nobody_confirms_his_own[memory]",
        "DID NOT RAISE",
    ),
    "two who may not confirm keep out who may": Bug(
        "R2.2",
        f"{DOMAIN}/voucher.py",
        "for n in range(3))",
        "for n in range(2))",
        "test_vouchers.py::test_nobody_confirms_his_own[memory]",
        "voucher_looks_alike",
    ),
    "a split claim is below the limit": Bug(
        "R2.4",
        f"{DOMAIN}/claim.py",
        "form.amount.units + others.units > limit",
        "form.amount.units > limit",
        "test_claims.py::test_splitting_raises_no_limit[memory]",
        "DID NOT RAISE",
    ),
    "an application raises the limit of claims": Bug(
        "R2.4",
        f"{SERVICES}/applying.py",
        "self._related_units(scene, previous, policy, Kind.CLAIM)",
        "self._related_units(scene, previous, policy, *Kind)",
        "test_claims.py::test_splitting_raises_no_limit[memory]",
        "claim_needs_application",
    ),
    "whoever signs says that vouchers are genuine": Bug(
        "R2.1",
        f"{SERVICES}/vouching.py",
        "for step in document.round.chain if step.office == Office.FINANCE_OFFICER]",
        "for step in document.round.chain]",
        "test_vouchers.py::test_an_officer_says_that_a_voucher_is_genuine",
        "DID NOT RAISE",
    ),
    "an invoice has any code": Bug(
        "I27",
        f"{DOMAIN}/voucher.py",
        "for name, shape in _SHAPES.get(voucher.kind, {}).items():",
        "for name, shape in _SHAPES.get(voucher.number, {}).items():",
        "test_vouchers.py::test_what_is_wrong_with_a_voucher",
    ),
    "verify takes what is claimed for granted": Bug(
        "I11",
        f"{SERVICES}/lawfulness.py",
        "if self.said.get(id, (0, 0)) != tuple(self.taken.get(id, (0, 0)))]",
        "if False]",
        "test_claims.py::test_verify_holds_claims_to_their_application",
    ),
    "look-alikes at once do not see each other": Bug(
        "I27",
        f"{SERVICES}/applying.py",
        "guards=(*guards, *self._vouching.bumped(scene)),",
        "guards=guards,",
        "test_interleavings.py::test_two_acts_in_every_order[memory]",
        "look-alikes, two claims",
    ),
    "verify takes vouchers for granted": Bug(
        "I27",
        f"{SERVICES}/lawfulness.py",
        '"once")] == 1 for key in held(d)):',
        '"once")] == 1 for key in ()):',
        "test_claims.py::test_verify_holds_claims_to_their_application",
    ),
    "the rule of the day is no condition": Bug(
        "I27",
        f"{SERVICES}/applying.py",
        "(*_related(self._asked), *self._rule)",
        "_related(self._asked)",
        "test_allocation_rules.py::test_the_rule_of_the_day_is_a_condition[memory]",
        "DID NOT RAISE",
    ),
    "verify takes parts for granted": Bug(
        "I24",
        f"{SERVICES}/replay.py",
        "fact.allocation != _again(fact.allocation)",
        "fact.allocation != fact.allocation",
        "test_allocation_rules.py::test_an_allocation_that_does_not_add_up_is_found[memory]",
        "assert",
    ),
    "numbers of the books change places": Bug(
        "I26",
        f"{SERVICES}/booklaws.py",
        ">= played.closings[month]:",
        "> len(told):",
        "test_tampering.py::test_numbers_of_the_books_are_those_that_closings_gave",
        "assert []",
    ),
    "plain SQL posts into a closed month": Bug(
        "I26",
        f"{SQL}/laws.py",
        "NEW.units = 0 OR NEW.book_number IS NOT NULL OR {closed}",
        "NEW.units = 0 OR NEW.book_number IS NOT NULL",
        "test_verify.py::test_the_store_refuses_from_plain_sql",
        "DID NOT RAISE",
    ),
    "plain SQL refunds more than was paid": Bug(
        "I30",
        f"{SQL}/laws.py",
        "AND -NEW.units <= p.units + ({refunded})",
        "AND ({refunded}) <= 0",
        "test_verify.py::test_the_store_refuses_from_plain_sql",
        "DID NOT RAISE",
    ),
    "plain SQL frees a voucher that was paid": Bug(
        "I27",
        f"{SQL}/laws.py",
        """f"OLD.ever = 1 OR {spent}\"""",
        '"OLD.ever = 1"',
        "test_verify.py::test_the_store_refuses_from_plain_sql",
        "DID NOT RAISE",
    ),
    "a payment that was never posted can't be undone": Bug(
        "I30",
        f"{SERVICES}/booklaws.py",
        "            for line, units in payment.parts:\n",
        "            for line, units in ():\n",
        "conformance/test_migrations.py::test_a_payment_of_before_can_be_undone",
        "more was undone",
    ),
    "True is an amount": Bug(
        "I25",
        f"{DOMAIN}/money.py",
        '    if type(value) is not int:\n        raise TypeError(f"units',
        '    if not isinstance(value, int):\n        raise TypeError(f"units',
        "test_values.py::test_money_takes_no_float",
        "DID NOT RAISE TypeError",
    ),
    "a version decides before its day": Bug(
        "I28", f"{SERVICES}/engine.py", "if policy.begins <= at:", "if True:", said="step"
    ),
    "a version in force says who adopts an earlier text": Bug(
        "I28",
        f"{SERVICES}/policies.py",
        "            offices, adopters = same.offices, same.adopters\n",
        "            adopters = same.adopters\n",
        "test_adoption.py::test_what_is_adopted_stays_adopted",
    ),
    "a stored text is not held to its digest": Bug(
        "I28",
        f"{SERVICES}/engine.py",
        "    if text_digest(record.text) != record.digest:\n",
        "    if False:\n",
        "test_adoption.py::test_a_text_that_nobody_adopted_decides_nothing",
    ),
    "a chain with a gap loads": Bug(
        "I8",
        "expense_policy/policy_checks.py",
        "end[rule.up_to] > begin[rule.up_to]",
        "end[rule.up_to] < begin[rule.up_to]",
        "test_policy_file.py::test_a_chain_has_a_fault_or_never_weakens",
    ),
    "a failed notice counts as delivered": Bug(
        "I31",
        f"{SERVICES}/tending.py",
        "repository.put_off(notice.key, now if poison else now + wait, poison)",
        "repository.delivered(notice.key)",
        said="I31",
    ),
    "a notice is told of before it is sent": Bug(
        "I31",
        f"{SERVICES}/tending.py",
        "                self._notifier.notify(notice)\n",
        "                repository.delivered(notice.key)\n                self._notifier.notify(notice)\n",
        "test_outbox.py::test_a_dispatcher_may_be_killed_anywhere",
        "stopped after delivered",
    ),
    "a notice that fails stops the sweep": Bug(
        "I31",
        f"{SERVICES}/tending.py",
        "                failed, parked = failed + 1, parked + poison\n",
        "                return sent, failed + 1, parked + poison\n",
        "test_outbox.py::test_a_poison_notice_holds_up_nobody",
    ),
    "a notice waits ever longer": Bug(
        "I31",
        f"{SERVICES}/tending.py",
        "min(timedelta(seconds=2 ** min(tried, 12)), _RETRY_MAX)",
        "timedelta(seconds=2**tried)",
        "test_outbox.py::test_a_notice_waits_ever_longer_and_at_most_an_hour",
    ),
    "a seal is set aside": Bug(
        "I31",
        f"{SERVICES}/tending.py",
        "poison = tried + 1 == ATTEMPTS_MAX and notice.about != SEALS",
        "poison = tried + 1 == ATTEMPTS_MAX",
        "test_outbox.py::test_a_seal_is_tried_for_ever",
    ),
    "a tuple is encoded without its mark": Bug(
        "I32",
        f"{DOMAIN}/content.py",
        'return ["()", *[v',
        "return [*[v",
        "test_values.py::test_no_value_is_encoded_as_the_parts_of_another",
    ),
    "a cost that no payment follows stays": Bug(
        "I26",
        f"{SERVICES}/booking.py",
        "    return bookkeeping.incurred(before) != bookkeeping.incurred(after)\n",
        "    return False\n",
        "test_accounts.py::test_accounts_are_what_documents_say",
    ),
    "a settlement leaves its rest unposted": Bug(
        "I26",
        f"{DOMAIN}/bookkeeping.py",
        "(d.status is not Status.SETTLED and d.used",
        "(d.used",
        "test_accounts.py::test_what_was_paid_and_not_used_is_a_cost_once_it_is_settled",
    ),
    "each use is split by itself": Bug(
        "I26",
        f"{DOMAIN}/bookkeeping.py",
        "each[0].on, _more(so_far, then))",
        "each[0].on, _shared(self.form, sum(row.units for row in each)).items())",
        "test_accounts.py::test_accounts_are_what_documents_say",
    ),
    "a late cost enters a closed month": Bug(
        "R1.3",
        f"{DOMAIN}/bookkeeping.py",
        "if closed is None or month > closed else",
        "if True else",
        "test_closing.py::test_what_comes_late_corrects_the_closed_month[memory]",
        "Conflict",
    ),
    "a line is opened in a closed month": Bug(
        "R1.3",
        f"{SERVICES}/booking.py",
        "closed_through=through) for line",
        "closed_through=None) for line",
        "test_closing.py::test_a_line_is_opened_as_closed_as_the_others[memory]",
        "AssertionError",
    ),
    "a change cuts into what is held": Bug(
        "I10",
        f"{DOMAIN}/adjustment.py",
        "    if change.after < held:\n",
        "    if False:\n",
        "test_adjustments.py::test_nothing_is_taken_that_is_held_or_spent[memory]",
        "DID NOT RAISE",
    ),
    "a change rests on what was in force once": Bug(
        "B1.6",
        f"{DOMAIN}/adjustment.py",
        "    if change.before != stands:\n",
        "    if False:\n",
        "test_adjustments.py::test_a_change_rests_on_what_is_in_force[memory]",
        "DID NOT RAISE",
    ),
    "a change is not looked at again": Bug(
        "B1.6",
        f"{SERVICES}/drafting.py",
        "    return tuple(_check(form, policy, scene)) or InForce(",
        "    return InForce(",
        "test_adjustments.py::test_a_change_after_the_year_is_none[memory]",
        "DID NOT RAISE",
    ),
    "two changes rest on one state": Bug(
        "B1.6",
        f"{SERVICES}/drafting.py",
        "        (Guard(guard, seen.guards[guard]),), lines, moves,",
        "        (), lines, moves,",
        "test_adjustments.py::test_two_changes_of_one_line_come_one_after_the_other[memory]",
        "AssertionError",
    ),
    "what is planned is added to what was": Bug(
        "B1.3",
        f"{SERVICES}/drafting.py",
        "units - now.get((at[0], str(at[1])), 0) for",
        "units for",
        "test_adjustments.py::test_months_move_within_a_line[memory]",
        "AssertionError",
    ),
    "an adjustment asks for more": Bug(
        "B2.2",
        f"{DOMAIN}/adjustment.py",
        "form.kind is Kind.BUDGET_ADJUSTMENT and more > less",
        "form.kind is Kind.BUDGET_ADJUSTMENT and more < less",
        "test_adjustments.py::test_a_change_that_is_not_to_be_is_refused[memory-more than there is]",
        "DID NOT RAISE",
    ),
    "a balance is carried and lost": Bug(
        "I10",
        f"{DOMAIN}/year_end.py",
        "            found[each.to] += each.amount.units\n",
        "            found[each.to] += 0\n",
        "test_budgets.py::test_nothing_is_created_or_lost_at_the_end_of_a_year",
        "AssertionError",
    ),
    "verify takes what is planned for granted": Bug(
        "I10",
        f"{SERVICES}/budgetlaws.py",
        "any(stands[each] != units for each, units in said.items())",
        "False",
        "test_adjustments.py::test_what_is_planned_is_what_was_signed[memory]",
    ),
    "verify lets a year's end say anything": Bug(
        "I10",
        f"{SERVICES}/budgetlaws.py",
        "    for subject in sorted({*played.opened, *played.carried}):\n",
        "    for subject in ():\n",
        "test_adjustments.py::test_what_is_in_force_was_signed_or_is_the_end_of_a_year[memory]",
        "AssertionError",
    ),
    "a revised form holds in the month it named before": Bug(
        "I11",
        f"{DOMAIN}/documents.py",
        "holds.release(previous.held, previous.expected)[1]",
        "holds.release(previous.held, expected(content))[1]",
        "test_execution.py::test_execution_by_line_and_month[memory]",
        "AssertionError",
    ),
    "a draft of the due day's end is late": Bug(
        "B1.1",
        f"{SERVICES}/drafting.py",
        "policy.calendar.day(scene.at) > budget.due(",
        "policy.calendar.day(scene.at) >= budget.due(",
        "test_budgets.py::test_a_late_draft_is_taken_and_marked[memory-False]",
        "AssertionError",
    ),
    "a month is planned all at once": Bug(
        "B2.3",
        f"{DOMAIN}/execution.py",
        "(min(max(at, begins), ends) - begins) // _TICK",
        "(ends - begins) // _TICK * (at > begins)",
        "test_execution.py::test_a_plan_runs_from_nothing_to_all_of_it",
        "AssertionError",
    ),
    "a month is closed before its end": Bug(
        "R1.3",
        f"{SERVICES}/closing.py",
        "if month >= policy.calendar.month(scene.at):",
        "if month > policy.calendar.month(scene.at):",
        "test_closing.py::test_a_month_is_closed_once_in_order_after_its_end[memory]",
        "DID NOT RAISE",
    ),
    "a claim leaves its application's commitment": Bug(
        "I11",
        f"{DOMAIN}/claiming.py",
        "Held(h.line, h.reserved, h.committed - lines.get(h.line, 0), h.spent) for h in held",
        "Held(h.line, h.reserved, h.committed, h.spent) for h in held",
        f"{YEAR}[claims-0]",
        "I11",
    ),
    "a closing skips a posting": Bug(
        "I26",
        "expense_adapters/memory.py",
        "for number, at in enumerate(waiting, len(numbers) + 1):",
        "for number, at in enumerate(waiting[1:], len(numbers) + 1):",
        f"{YEAR}[allocations-0]",
        "I26",
    ),
    "an allocation loses a unit": Bug(
        "I24",
        f"{SERVICES}/allocating.py",
        "(terms.places[name], part.units) for name, part in",
        "(terms.places[name], part.units - (part.units > 1)) for name, part in",
        f"{YEAR}[allocations-0]",
        "I24",
    ),
    "a new round takes back what it never cost": Bug(
        "I12",
        f"{DOMAIN}/bookkeeping.py",
        "(after if before is None else before).content, policy",
        "after.content, policy",
        "test_claims.py::test_a_new_round_takes_back_what_the_last_one_cost",
        "autumn",
    ),
    "a claim's cost is its present application's": Bug(
        "I26",
        f"{SERVICES}/replay.py",
        "        application = self.under.get(entry.subject)\n",
        "        at = [f.content for f in facts if isinstance(f, Submission) and isinstance(f.content, Claim)]\n"
        "        application = at[0].application if at else self.under.get(entry.subject)\n",
        f"{YEAR}[claims-0]",
        "I26",
    ),
    "a refund is not posted": Bug(
        "I12",
        f"{DOMAIN}/bookkeeping.py",
        "isinstance(fact, Payment) and fact.document == after.id]",
        "isinstance(fact, Payment) and fact.document == after.id and fact.reverses is None]",
        f"{YEAR}[claims-0]",
        "I12",
    ),
    "a returned claim frees its vouchers": Bug(
        "I27",
        f"{SERVICES}/vouching.py",
        "_FREE = (Status.REJECTED,",
        "_FREE = (Status.RETURNED, Status.REJECTED,",
        f"{YEAR}[claims-0]",
        "voucher_taken",
    ),
    "a refund is the same entry": Bug(
        "I26",
        f"{DOMAIN}/accounting.py",
        "    if posting.units < 0:\n",
        "    if False:\n",
        "test_accounts.py::test_debits_are_credits",
        "AssertionError",
    ),
    "a cell is a formula": Bug(
        "R1.4",
        "expense_adapters/books.py",
        "text.lstrip()[:1] in _FORMULA",
        "text[:1] in _FORMULA",
        "test_accounts.py::test_no_cell_is_a_formula",
        "AssertionError",
    ),
    "a guard is bumped wherever it stands": Bug(
        "I21",
        f"{SQL}/statements.py",
        '(guards.key == bind("the_key"), guards.version == bind("expected"))',
        '(guards.key == bind("the_key"),)',
        f"{KIT}sqlite.py::TestSqlite::test_a_guard_that_moved_on_is_refused",
    ),
    "a transaction a batch": Bug(
        "I22",
        f"{SQL}/repository.py",
        "self._database.do(*[stage for batch in batches for stage in stages(batch, self._q)])",
        "[self._database.do(*stages(batch, self._q)) for batch in batches]",
        f"{KIT}sqlite.py::TestSqlite::test_several_batches_are_all_or_nothing",
    ),
    "a record is written over whatever stands there": Bug(
        "I21",
        f"{SQL}/statements.py",
        'at = (table.c.id == bind("the_id"), table.c.version == bind("expected"))',
        'at = (table.c.id == bind("the_id"),)',
        "test_interleavings.py::test_two_acts_in_every_order[sqlite]",
    ),
    "an old snapshot is looked at again and again": Bug(
        "I21",
        f"{SQL}/postgres_connections.py",
        "if isinstance(error, SerializationFailure | DeadlockDetected):",
        "if False:",
        "test_hosts.py::test_hosts_that_wait_for_each_other_come_apart",
    ),
    "an ended session did nothing": Bug(
        "I22",
        f"{SQL}/postgres_connections.py",
        "outcome_known=not (sent and _ended(error))",
        "outcome_known=bool(state) or not sent",
        "test_server_lost.py::test_a_session_that_is_ended_in_its_commit_is_not_known",
    ),
    "a removed file is written on": Bug(
        "I22",
        f"{SQL}/sqlite.py",
        "if self._place is not None and self._stands() != self._place:",
        "if False:",
        "test_failures.py::test_what_fails_around_a_file_leaves_nothing",
    ),
    "nothing is taken back": Bug(
        "I22",
        "expense_adapters/memory.py",
        "                undo.back()\n",
        "",
        f"{KIT}memory.py::TestMemory::test_several_batches_are_all_or_nothing",
    ),
    "a page's first entry loses its facts": Bug(
        "I23",
        f"{SQL}/history.py",
        "at >= first",
        "at > first",
        f"{KIT}sqlite.py::TestSqlite::test_facts_come_with_the_entry_that_wrote_them",
    ),
    "a check that no attempt would pass is a lost race": Bug(
        "I29",
        f"{SQL}/sqlite.py",
        "if fired or error.sqlite_errorname in _UNIQUE:",
        "if True:",
        f"{KIT}sqlite.py::TestSqlite::test_no_line_opens_overdrawn",
    ),
    "an upgrade covers up a loss": Bug(
        "I19",
        f"{SQL}/migrations/upgrading.py",
        "    if lacks:\n",
        "    if False:\n",
        f"{KIT}migrations.py::test_what_is_no_whole_schema_is_refused",
        "DID NOT RAISE",
    ),
    "an upgrade that falls short is kept": Bug(
        "I22",
        f"{SQL}/migrations/upgrading.py",
        "if differs or database.version() != s.VERSION:",
        "if False:",
        f"{KIT}migrations.py::test_an_upgrade_that_ends_in_the_middle_was_none[sqlite-forget]",
    ),
    "the application may take entries out": Bug(
        "I23",
        f"{SQL}/roles.py",
        'DELETED = ("taken",',
        'DELETED = ("journal", "taken",',
        f"{KIT}postgres_roles.py::test_what_acts_write_is_what_the_application_may",
    ),
    "a law may look at a table of somebody's own": Bug(
        "I1",
        f"{SQL}/roles.py",
        "REVOKE CREATE, TEMPORARY ON DATABASE",
        "REVOKE CREATE ON DATABASE",
        f"{KIT}postgres_roles.py::test_nobody_takes_the_laws_away",
        "could still make temporary tables",
    ),
    "a joined store binds as its host does": Bug(
        "I29",
        f"{SQL}/postgres_connections.py",
        "(str, StrDumperUnknown), ",
        "",
        f"{KIT}postgres_work.py::test_a_joined_store_reads_as_its_own",
    ),
    "a commit that may be lost is told": Bug(
        "I22",
        f"{SQL}/postgres_connections.py",
        'if found["synchronous_commit"] == "off":',
        "if False:",
        f"{KIT}postgres_server.py::test_a_surprise_is_refused",
        "DID NOT RAISE",
    ),
    "its owner verifies a rectification": Bug(
        "B2.4",
        f"{DOMAIN}/rectification.py",
        "    if what in _BY_OTHERS and next_.by in part:\n",
        '    if what in _BY_OTHERS and part.get(next_.by) == "answerer":\n',
        "test_rectification.py::test_nobody_judges_or_puts_off_his_own[memory]",
        "DID NOT RAISE",
    ),
    "a deadline moves when it is escalated": Bug(
        "B2.4",
        f"{DOMAIN}/rectification.py",
        "deadline=next_.until if next_.what is Turn.EXTENDED and next_.until else card.deadline,",
        "deadline=next_.until or card.deadline,",
        "test_rectification.py::test_in_whatever_order_it_is_right[memory]",
    ),
    "two sweeps escalate twice": Bug(
        "B2.4",
        f"{SERVICES}/rectifying.py",
        "if card.due is None or card.due > scene.at:",
        "if card.due is None:",
        "test_rectification.py::test_two_ticks_at_once_escalate_and_report_once[memory]",
    ),
    "a missed duty is reported at every tick": Bug(
        "G3.5",
        f"{SERVICES}/duties.py",
        "if now.missed <= now.reported:",
        "if not now.missed:",
        "test_duties.py::test_two_at_once_report_an_interval_once[memory]",
        "DID NOT RAISE",
    ),
    "a duty is missed on its last day": Bug(
        "G3.5",
        f"{DOMAIN}/duty.py",
        ".days - 1) // days)",
        ".days) // days)",
        "test_duties.py::test_missed_intervals_are_those_that_ended",
    ),
    "a message is billed for its length alone": Bug(
        "C3.3",
        f"{DOMAIN}/categories/sms.py",
        "count + 1, joined\n",
        "count + 1, joined + room\n",
        "test_sms_segments.py::test_the_vectors",
    ),
    "a company type's limit is refused": Bug(
        "C8",
        f"{DOMAIN}/categories/company.py",
        "figure > field.most",
        "figure >= field.most",
        "test_company_types.py::test_its_limits",
    ),
    "a company type's fields may hold anything": Bug(
        "C8",
        f"{DOMAIN}/categories/company.py",
        "if name not in known or not _fits(known[name], value, currency):",
        "if name not in known:",
        "test_company_types.py::test_its_fields_are_those_of_the_policy",
    ),
    "a company type's uses before this call are not counted": Bug(
        "C8",
        f"{DOMAIN}/categories/__init__.py",
        "        return month_of if name else None\n",
        "        return None\n",
        "test_company_types.py::test_a_standard_broken_in_use_is_kept_and_flagged",
    ),
    "a date of a company's plan comes back as text": Bug(
        "I2",
        "expense_policy/codec.py",
        'return {"date": value.isoformat()} if isinstance(value, date) else value',
        "return value.isoformat() if isinstance(value, date) else value",
        "test_company_types.py::test_a_plan_adds_up_and_is_kept",
    ),
    "a paper among other facts does not say its kind": Bug(
        "I2",
        "expense_policy/codec.py",
        'lambda value: {"kind": value.kind, **plain[type(value)](value)}',
        "lambda value: plain[type(value)](value)",
        "test_values.py::test_a_fact_among_others_is_read_as_what_it_is",
    ),
    "a company type is judged by the version in force": Bug(
        "X2",
        f"{SERVICES}/using.py",
        "        kind = kind_of(form.type, policy)\n",
        "        kind = kind_of(form.type, scene.policy)\n",
        "test_company_types.py::test_a_later_version_without_it",
        "type_unknown",
    ),
    "a product in an order is what its words make": Bug(
        "C1.1",
        f"{DOMAIN}/categories/recording.py",
        'line_digest(("once", type_, *name))',
        'line_digest(("once", type_, " ".join(name)))',
        "types/test_orders.py::test_a_product_of_an_order_is_discounted_once",
    ),
    "a customer may cost a part of a unit more": Bug(
        "G3.1",
        f"{DOMAIN}/categories/_customers.py",
        "-(-total.units // plan.reach)",
        "total.units // plan.reach",
        "types/test_plan_limits.py::test_a_plan_at_its_limit[customer among several]",
    ),
    "a flag shows whose it is": Bug(
        "G2.1",
        f"{DOMAIN}/categories/_customers.py",
        '"existing_customer", masked(part.recipient), months',
        '"existing_customer", part.recipient, months',
        "types/test_laws.py::test_customers_are_shown_to_nobody[giveaway]",
    ),
    "a birthday gift counts in its month": Bug(
        "C2.2",
        f"{DOMAIN}/categories/_shape.py",
        '4 if self.counted == "year" else 7',
        "7",
        "types/test_use_limits.py::test_a_birthday_gift_is_given_once_a_year",
    ),
}


@pytest.mark.clause("G3.3")
@pytest.mark.parametrize("name", BUGS)
def test_a_sown_bug_is_caught(name: str, tmp_path: Path) -> None:
    """The bug makes the test fail that holds its law, and for that reason."""
    catch(BUGS[name], tmp_path)


def catch(bug: Bug, tmp_path: Path) -> None:
    """Sows a bug in a copy of the library: the test that has to see it fails, and says why."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    place = tmp_path / "src" / bug.file
    text = place.read_text(encoding="utf-8")
    assert text.count(bug.old) == 1, f"the place of this bug stands {text.count(bug.old)} times in {bug.file}"
    place.write_text(text.replace(bug.old, bug.new), encoding="utf-8")
    # The copy comes first on the path, and the installed library is what a run without it would find.
    env = {**os.environ, "PYTHONPATH": str(tmp_path / "src"), "EXPENSE_POLICY_NO_SHRINKING": "1"}
    run = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", "-o", "addopts="]
    done = subprocess.run([*run, f"tests/{bug.seen_by}"], cwd=ROOT, env=env, capture_output=True, text=True)
    assert done.returncode == 1, f"{bug.law}: not seen\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    assert bug.said in done.stdout, done.stdout[-3000:]


def test_the_bugs_break_different_laws() -> None:
    """At least twelve invariants have a bug of their own."""
    assert len({bug.law for bug in BUGS.values()}) >= 12
