"""Progress billing: milestones that are billed slice by slice (domain.md 2.7 and 8.7, X-08 to X-11).

A milestone is a set of shares that always total it. What has not been cut off yet is one share for each customer, not
ready and never billed: uncut. Marking cuts the next slice off it for all customers; taking a slice back merges it again.
What was billed once has a history: it is a slice of its own for ever.
"""
from model import CHANGED, CREATED, LEVELS, NOT_READY, POSTED, READY, REFUSED, UNCHANGED, ZERO, Refused, Thing
from rules import rounded

PERCENT_SCALE = 4


def percentage(amount, whole):
    return rounded(100 * amount / whole, PERCENT_SCALE) if whole else None


def within(value, left):
    """Neither more than is left, nor of the other sign: a rounding customer may be left with a cent too much."""
    return max(min(value, max(left, ZERO)), min(left, ZERO))


def with_tax(things):
    return sum((thing.amount + thing.tax for thing in things), ZERO)


def is_uncut(share):
    return share.status == NOT_READY and not share.history


def uncut(milestone):
    return sorted((s for s in milestone.splits if is_uncut(s)), key=lambda s: s.customer)


def under_way(milestone):
    """The slices cut of which the last customer's invoice is not confirmed yet. What a credit returned is none."""
    return [s for s in milestone.splits if s.status in (READY, CREATED) and not s.history]


class Progress:
    """What the world does with slices."""

    # ---------------------------------------------------------------------------------------- what the views show

    @staticmethod
    def header_status(milestone):
        if all(s.status == POSTED for s in milestone.splits):
            return "completed"
        return "not_started" if all(is_uncut(s) for s in milestone.splits) else "in_progress"

    @staticmethod
    def progress_of(milestone):
        """What progress_milestones shows: header, next percentage, amount and status, invoiced, remaining, uncut."""
        whole, shares = milestone.amount + milestone.tax, milestone.splits
        waiting = [s for s in shares if s.status in (READY, CREATED)]
        ahead = milestone.next or (with_tax(waiting) if waiting else None)
        status = next((status for status in (CREATED, READY) if any(s.status == status for s in waiting)), NOT_READY)
        invoiced = with_tax(s for s in shares if s.status == POSTED)
        return [Progress.header_status(milestone), None if ahead is None else percentage(ahead, whole), ahead, status,
                percentage(invoiced, whole), invoiced, percentage(whole - invoiced, whole), whole - invoiced,
                with_tax(uncut(milestone))]

    # ---------------------------------------------------------------------------------------- what is billed next

    def set_progress(self, numbers, percent=None, amount=None, ready=False):
        """Milestones in the order of their ids, each with its outcome. A milestone that cannot is as it was."""
        asked = percent if amount is None else amount
        if (percent is None) == (amount is None) or asked < 0 or (percent or 0) > 100 or (ready and not asked):
            raise Refused("22023")
        if numbers is None:
            raise Refused("22023")
        milestones = {m.id: m for m in self.everything("milestones")}
        return {n: self.take_step(milestones[n], percent, amount, ready) if n in milestones else REFUSED
                for n in sorted(set(numbers))}

    def take_step(self, milestone, percent, amount, ready):
        if self.cannot_step(milestone):
            return REFUSED
        ahead = self.amount_ahead(milestone, percent, amount)
        if ahead is None or (ready and self.cut(milestone, ahead) is None):
            return REFUSED
        if ready:
            return CHANGED
        before, milestone.next = milestone.next, ahead or None
        return UNCHANGED if before == milestone.next else CHANGED

    @staticmethod
    def cannot_step(milestone):
        line = milestone.line
        return line.contract.status == "closed" or not line.progress or under_way(milestone)

    @staticmethod
    def amount_ahead(milestone, percent, amount):
        """What a percentage or an amount asks for, never more than is left; None if there is no such amount. The
        percentage shown as what is left is all that is left."""
        whole, left, scale = milestone.amount + milestone.tax, with_tax(uncut(milestone)), milestone.line.contract.scale
        if amount is not None:
            return amount if amount <= max(left, ZERO) and rounded(amount, scale) == amount else None
        if percent == 0:
            return ZERO
        left_percent = percentage(left, whole) or ZERO
        if percent >= left_percent:
            return left if percent == left_percent else None
        return min(rounded(whole * percent / 100, scale), left) or None

    # ---------------------------------------------------------------------------------------- cutting

    def cut(self, milestone, ahead):
        """Cuts the slice off what is uncut, ready: returns its shares, or None if it cannot be marked. All customers have
        room for it, or none is billed. The last slice is exactly what is left."""
        parts = self.parts_of_slice(milestone, ahead)
        if not self.is_agreed(milestone.line) or not self.has_room(milestone, parts):
            return None
        marked = []
        for share, amount, tax in parts:
            if (amount, tax) != (share.amount, share.tax):
                share.amount, share.tax = share.amount - amount, share.tax - tax
                share = Thing(milestone=milestone, customer=share.customer, amount=amount, tax=tax, history=False,
                              claim=None, cut_from=share, credited=None)
                milestone.splits.append(share)
            share.status = READY
            marked.append(share)
        milestone.next = None
        return marked

    def is_agreed(self, line):
        """The milestones of a line total what was contracted, the percentages of its customers 100."""
        agreed = sum(m.amount for m in line.contract.milestones if m.line is line)
        return self.is_sound(line) and line.contracted in (None, agreed)

    def parts_of_slice(self, milestone, ahead):
        """(share, amount, tax) of all customers concerned."""
        open_shares, scale = uncut(milestone), milestone.line.contract.scale
        left = sum((s.amount for s in open_shares), ZERO), sum((s.tax for s in open_shares), ZERO)
        if ahead == sum(left):
            return [(s, s.amount, s.tax) for s in open_shares]
        tax = within(rounded(milestone.tax * ahead / (milestone.amount + milestone.tax), scale), left[1])
        amount = within(ahead - tax, left[0])
        amounts = self.by_customer(milestone, amount, "amount")
        taxes = self.by_customer(milestone, ahead - amount, "tax")
        return [part for part in zip(open_shares, amounts, taxes) if part[1] or part[2]]

    @staticmethod
    def by_customer(milestone, total, what):
        """By the percentages of now; no customer is asked for more than is left of its share. The rounding customer takes
        the rest, and of what it has no room for the others, in the order of their ids."""
        payers, scale = milestone.line.payers, milestone.line.contract.scale
        left = {s.customer: getattr(s, what) for s in uncut(milestone)}
        parts = {c: ZERO if payers[c].rounding else within(rounded(total * payers[c].percent / 100, scale), left[c])
                 for c in left}
        for c in sorted(left, key=lambda c: (not payers[c].rounding, c)):
            parts[c] += within(parts[c] + total - sum(parts.values()), left[c]) - parts[c]
        return list(parts.values())

    def has_room(self, milestone, parts):
        """X-08: at the limits of customer and contract, beside what is ready, on drafts or billed."""
        line, contract, taken = milestone.line, milestone.line.contract, []
        for share, amount, _ in parts:
            for level, limit, _, customer in self.scopes(contract, line, share.customer):
                beside = sum((a for c, a in taken if customer in (None, c)), ZERO)
                if level in LEVELS[2:] and amount > 0 and self.used(contract, None, customer) + beside + amount > limit:
                    return False
            taken.append((share.customer, amount))
        return True

    # ---------------------------------------------------------------------------------------- marking

    def mark_shares(self, ready, numbers):
        """Shares by id: uncut ones of progress-based milestones stand for the next slice of all customers, ready slices
        are merged on their way back, and all others stand for themselves. A slice without an id yet is named by itself."""
        numbers, concerns = set(numbers), self.stands_for_slice if ready else self.can_be_merged
        shares = sorted((s for s in self.splits() if s.id in numbers and concerns(s)), key=lambda s: s.id)
        outcome = self.cut_named(shares) if ready else self.merge_named(shares)
        for number in sorted(numbers - {s.id for s in shares}):
            outcome["milestone", number] = self.mark_milestone(number, ready)
        return outcome

    @staticmethod
    def stands_for_slice(share):
        return is_uncut(share) and share.milestone.line.progress

    def cut_named(self, shares):
        """The next slice of each milestone, once, however many of its shares are named."""
        outcome = {}
        for milestone in sorted({s.milestone for s in shares}, key=lambda m: m.id):
            marked = self.cut_next(milestone)
            if marked is None:
                outcome.update({("milestone", s.id): REFUSED for s in shares if s.milestone is milestone})
            else:
                outcome.update({("milestone", s.id or s): CHANGED for s in marked})
        return outcome

    def cut_next(self, milestone):
        left = with_tax(uncut(milestone))
        if self.cannot_step(milestone) or (left > 0 and not milestone.next) or (milestone.next or ZERO) > max(left, ZERO):
            return None
        return self.cut(milestone, milestone.next or left)

    @staticmethod
    def can_be_merged(share):
        return share.status == READY and not share.history and share.milestone.line.contract.status != "closed"

    def merge_named(self, slices):
        """X-11. What is taken back is next again, unless another customer's part of it stays under way. Where a customer
        has nothing uncut the first slice becomes it."""
        for milestone in dict.fromkeys(s.milestone for s in slices):
            back = [s for s in slices if s.milestone is milestone]
            if milestone.line.progress and set(under_way(milestone)) == set(back):
                milestone.next = max(with_tax(back), ZERO) or None
        for share in slices:
            rest = next((s for s in uncut(share.milestone) if s.customer == share.customer), None)
            if rest:
                self.merge(share, rest)
            else:
                share.status = NOT_READY
        return {("milestone", s.id): CHANGED for s in slices}

    @staticmethod
    def merge(share, rest):
        rest.amount, rest.tax = rest.amount + share.amount, rest.tax + share.tax
        share.milestone.splits.remove(share)
        for other in share.milestone.splits:
            if other.cut_from is share:
                other.cut_from = None

    def is_waiting(self, share):
        """Whether marking its whole contract concerns it: not what is uncut while nothing is set to be billed next."""
        return share.status in (NOT_READY, READY) and (not self.stands_for_slice(share) or share.milestone.next is not None)
