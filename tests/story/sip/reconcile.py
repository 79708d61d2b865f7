#!/usr/bin/env python3
"""What billing the SiP work log in three rounds must come to, computed from the two CSV files and rules.json alone.

Usage: reconcile.py RULES TASK_INFO DATES
Prints one fact per line, "name|values", under the names that facts.sql uses for what the database says.
Knows nothing of the extension but the rules of billing: an edited quantity leaves the rest as non-chargeable. What it
shares with the other story is in ../log (PYTHONPATH).
"""

import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from work import (
    CHARGEABLE,
    COMPLIMENTARY,
    LEVELS,
    NON_CHARGEABLE,
    PRODUCTS,
    ZERO,
    Contract,
    Ledger,
    plain,
    read_work,
    rounded,
    split_amount,
)


class Milestone:
    def __init__(self, line, day, amount, tax):
        self.line = line
        self.date = day
        self.shares = split_amount(amount, tax, line.contract, 0)
        self.open = [customer for customer, _, _ in self.shares]  # not billed yet


@dataclass
class Draft:
    """An invoice to one customer of a contract; its sums are of what is chargeable."""

    contract: Contract
    amount: Decimal = ZERO
    tax: Decimal = ZERO
    added: Decimal = ZERO  # by edits

    def add(self, amount, tax):
        self.amount += amount
        self.tax += tax


def chargeable(sale):
    return sale.amount if sale.billing_type == CHARGEABLE else ZERO


# ----------------------------------------------------------------------------------------------------- billing


class Billing(Ledger):
    def __init__(self, rules, work):
        super().__init__(rules, work)
        self.milestones = [Milestone(*milestone) for milestone in self.milestones_of_rules()]
        self.invoices = defaultdict(lambda: [0, ZERO, ZERO])
        self.numbers = Counter()
        self.outcomes = Counter()

    def run(self):
        start = date.min
        for number, until in enumerate(self.rules["rounds"]):
            until = date.fromisoformat(until)
            self.round = number
            self.verbs = Counter()
            if number == 2:
                self.raise_limits()
            due = [w for w in self.work if start < w.completed <= until]
            for work in due:
                self.approve(work)
            self.verbs["submit changed"] = self.verbs["approve changed"] = len(due)
            self.bill(until)
            for verb, count in self.verbs.items():
                if count:
                    self.outcomes[f"round {number + 1}: {verb}"] = count
            start = until

    def raise_limits(self):
        for contract in self.contracts:
            for line in contract.lines:
                if "raised_limit" in line.rules:
                    line.limit = Decimal(line.rules["raised_limit"])
                    for sale in self.backlog:
                        if sale.line is line and sale.failed:
                            self.claim(sale)
                            self.verbs["reevaluate_nte " + ("failed" if sale.failed else "committed")] += 1

    # --- invoices

    def bill(self, until):
        self.drafts = {}  # (contract, customer): Draft
        self.mark_ready()
        self.draft_milestones(until)
        self.draft_products()
        taken = self.draft_sales()
        self.count_drafts()
        for sale in taken:
            page = self.draft(sale.line.contract, sale.customer)
            after = self.edited(sale)
            if self.hits_draft(sale, "take_off_draft"):
                self.verbs["edit: take_off_draft changed"] += 1
                self.backlog.append(sale)
            else:
                self.confirm(sale, after, page)
        self.confirm_drafts()
        self.backlog.sort(key=lambda sale: sale.position)

    def draft(self, contract, customer):
        return self.drafts.setdefault((contract.name, customer), Draft(contract))

    def refuse_mark(self, level):
        self.verbs[f"mark_ready_to_invoice refused (exceeds the not-to-exceed limit of the {LEVELS[level]})"] += 1

    def mark_ready(self):
        for sale in self.backlog:
            if sale.failed:
                self.refuse_mark(sale.failed)
            elif not sale.ready:
                sale.ready = True
                self.verbs["mark_ready_to_invoice changed"] += 1

    def draft_sales(self):
        """Takes what is ready out of the backlog, apart from what is held back."""
        taken, left = [], []
        for sale in self.backlog:
            if sale.ready and self.hits(sale.work, "hold_back"):
                sale.ready = False
                self.verbs["mark_not_ready_to_invoice changed"] += 1
            if sale.ready:
                self.draft(sale.line.contract, sale.customer)
            (taken if sale.ready else left).append(sale)
        self.backlog = left
        return taken

    def draft_products(self):
        for contract in self.contracts:
            for line in contract.lines:
                if line.rules["method"] == "product" and line.rules["round"] == self.round + 1:
                    self.verbs["mark_ready_to_invoice changed"] += 1
                    quantity, price = Decimal(line.rules["quantity"]), Decimal(line.rules["unit_price"])
                    amount, tax = rounded(quantity * price, contract.decimals), Decimal(line.rules["tax"])
                    self.add(f"{contract.name}, {contract.primary}: products", quantity, amount, tax)
                    self.draft(contract, contract.primary).add(amount, tax)
                    # Counts against the limits of customer and contract; a product line has none of its own.
                    contract.billed[PRODUCTS, contract.primary] += amount

    def draft_milestones(self, until):
        """Ready milestones go onto drafts; one that breaks a limit stays."""
        reserved = defaultdict(lambda: ZERO)
        for milestone in self.milestones:
            if milestone.date > until or not milestone.open:
                continue
            contract = milestone.line.contract
            for customer, amount, tax in milestone.shares:
                if customer not in milestone.open:
                    continue
                broken = contract.first_limit_broken(None, customer, amount + reserved[contract.name, customer])
                if broken:
                    self.refuse_mark(broken)
                    continue
                self.verbs["mark_ready_to_invoice changed"] += 1
                milestone.open.remove(customer)
                reserved[contract.name, customer] += amount
                contract.billed[milestone.line.name, customer] += amount
                self.add(f"{contract.name}, {customer}: milestones", Decimal(1), amount, tax)
                self.draft(contract, customer).add(amount, tax)

    def count_drafts(self):
        self.verbs["create_invoices unchanged (created by an earlier call with this run key)"] = len(self.drafts)
        again = sum(1 for page in self.drafts.values() if page.contract.rules.get("recreate_drafts"))
        self.verbs["delete_invoices changed"] = self.verbs["create_invoices again changed"] = again
        for page in self.drafts.values():
            if "manual_fee" in page.contract.rules:
                self.verbs["edit: manual_fee changed"] += 1
            if "reviewed" in page.contract.rules:
                self.verbs["review_invoices changed"] += 1

    def hits_draft(self, sale, choice):
        return sale.billing_type == CHARGEABLE and sale.quantity > 0 and self.hits(sale.work, choice)

    def edited(self, sale):
        """The sale as it stands on the draft after all edits."""
        decimals = sale.line.contract.decimals

        def change(choice, **fields):
            nonlocal after
            if self.hits_draft(sale, choice):
                self.verbs[f"edit: {choice} changed"] += 1
                after = replace(after, **fields)
                if "quantity" in fields or "price" in fields:
                    same = (after.quantity, after.price) == (sale.quantity, sale.price)
                    after.amount = sale.amount if same else rounded(after.quantity * after.price, decimals)
                if not after.quantity and "tax" not in fields:
                    after.tax = ZERO

        after = replace(sale)
        change("edit_quarter_of_an_hour", quantity=Decimal("0.25"))
        change("edit_price", price=Decimal(self.rules["edited_price"]))
        change("edit_complimentary", billing_type=COMPLIMENTARY)
        if not sale.line.contract.has_limit():
            change("edit_three_hours", quantity=Decimal(3))
        change("edit_nothing_billable", quantity=ZERO)
        change("edit_without_tax", tax=ZERO)
        change("edit_text")
        return after

    def confirm(self, sale, after, page):
        """What was edited on the draft is billed; what it leaves of the quantity is billed, too, but costs nothing."""
        contract = sale.line.contract
        key = f"{contract.name}, {sale.customer}"
        page.added += chargeable(after) - chargeable(sale)
        if after.quantity or after == sale:
            self.add(f"{key}: {after.billing_type} work billed", after.quantity, after.amount, after.tax)
        if after.quantity < sale.quantity:
            rest = sale.quantity - after.quantity
            # All of a sale is its own amount, with the cents that splitting it left.
            amount = rounded(rest * sale.price, contract.decimals) if after.quantity else sale.amount
            self.add(f"{key}: {NON_CHARGEABLE} work billed", rest, amount, ZERO)
        if sale.committed:
            contract.committed[sale.line.name, sale.customer] -= sale.amount
        if after.billing_type == CHARGEABLE:
            contract.billed[sale.line.name, sale.customer] += after.amount
            page.add(after.amount, after.tax)

    def confirm_drafts(self):
        # On the first draft of a contract with a limit stands a detail too many; without it, it goes through, too.
        refused = sorted(key for key, page in self.drafts.items() if "manual_too_much" in page.contract.rules)[:1]
        for key in refused:
            self.verbs[
                f"confirm_invoices refused (edits and manual details add {plain(self.drafts[key].added + 1000000)}, "
                "more than the not-to-exceed limit of the contract leaves)"
            ] = 1
        self.verbs["confirm_invoices changed"] = len(self.drafts) - len(refused)
        self.verbs["confirm_invoices again changed"] = self.verbs["remove_invoice_details changed"] = len(refused)
        for (name, customer), page in self.drafts.items():
            contract = page.contract
            if "manual_fee" in contract.rules:
                fee, tax = Decimal(contract.rules["manual_fee"]), Decimal("10.01")
                self.add(f"{name}, {customer}: fees by hand", Decimal(1), fee, tax)
                contract.billed[contract.lines[0].name, customer] += fee
                page.add(fee, tax)
            total = self.invoices[name, customer]
            for i, value in enumerate((1, page.amount, page.tax)):
                total[i] += value
            self.numbers[contract.series] += 1

    # --- the result

    def facts(self):
        facts = dict(self.outcomes)
        for name, (quantity, amount, tax) in self.sums.items():
            facts[name] = f"hours {plain(quantity)}, amount {plain(amount)}, tax {plain(tax)}"
        facts["all work: cost"] = f"entries {len(self.work)}, hours {plain(sum(w.hours for w in self.work))}"
        left = defaultdict(list)
        for sale in self.backlog:
            state = "ready_to_invoice" if sale.ready else "not_ready_to_invoice"
            if sale.failed:
                state = f"failed by {sale.failed} limit"
            left[f"{sale.line.contract.name}, {sale.customer}: {state}"].append(sale)
        for name, sales in left.items():
            sums = [plain(sum((getattr(s, f) for s in sales), ZERO)) for f in ("quantity", "amount", "tax")]
            facts[name] = "rows %d, hours %s, amount %s, tax %s" % (len(sales), *sums)
        waiting = defaultdict(list)
        for milestone in self.milestones:
            for customer, amount, tax in milestone.shares:
                if customer in milestone.open:
                    waiting[f"{milestone.line.contract.name}, {customer}: milestones not billed"].append((amount, tax))
        for name, shares in waiting.items():
            sums = [plain(sum((s[i] for s in shares), ZERO)) for i in range(2)]
            facts[name] = "shares %d, amount %s, tax %s" % (len(shares), *sums)
        for (name, customer), (count, amount, tax) in self.invoices.items():
            facts[f"{name}, {customer}: invoices"] = (
                f"invoices {count}, amount {plain(amount)}, tax {plain(tax)}, total {plain(amount + tax)}"
            )
        for contract in self.contracts:
            for line in contract.lines:
                for party in contract.parties:
                    committed = contract.committed[line.name, party.name]
                    billed = contract.billed[line.name, party.name]
                    if committed or billed:
                        facts[f"{contract.name}, {line.name}, {party.name}: limits"] = (
                            f"committed {plain(committed)}, billed {plain(billed)}"
                        )
        for series, count in self.numbers.items():
            facts[f"series {series}: numbers"] = f"from 1 to {count} without a gap"
        return facts


def main():
    rules_file, task_file, date_file = sys.argv[1:]
    with open(rules_file, encoding="utf-8") as file:
        rules = json.load(file)
    billing = Billing(rules, read_work(task_file, date_file))
    billing.run()
    for name, values in sorted(billing.facts().items()):
        print(f"{name}|{values}")


if __name__ == "__main__":
    main()
