#!/usr/bin/env python3
"""Plays random sequences of all verbs against the database named by PGDATABASE and checks every step against the model.

Usage: play.py SEED STEPS [VERIFY_EVERY]
Prints TAP: one test, and if it fails the step, the last calls and how to play only this seed again.
"""
import random
import sys
from collections import Counter, deque
from contextlib import contextmanager

import discount_steps
import partial_fit_steps
from database import Database, compare, key
from model import Refused, Thing
from start import Builder
from steps import STEPS, Call, Chance, Skip
import journal_steps  # noqa: F401  registers steps of its own
import price_steps  # noqa: F401  registers steps of its own
import progress_steps  # noqa: F401  registers steps of its own
import together_steps  # noqa: F401  registers steps of its own

SHOWN_STEPS, SHOWN_DIFFERENCES = 6, 8


class Play:
    def __init__(self, seed, verify_every):
        self.rng, self.seed, self.verify_every = random.Random(seed), seed, verify_every
        self.database = Database()
        self.world = Builder(self.rng, self.database).build()
        self.chance = Chance(self.rng, self.world)
        self.number, self.refused = 0, 0
        self.moments = []
        self.history, self.count = deque(maxlen=SHOWN_STEPS), Counter()
        self.weights, self.steps = zip(*STEPS)

    @contextmanager
    def refusal(self, sql):
        """What the model refuses inside is expected of this SQL."""
        try:
            yield
        except Refused as refused:
            raise Refused(refused.sqlstate, sql) from None

    def choose(self):
        """(name, call, expected SQLSTATE)"""
        while True:
            step = self.rng.choices(self.steps, self.weights)[0]
            try:
                return step.__name__, step(self), "00000"
            except Skip:
                continue
            except Refused as refused:
                self.refused += 1
                return step.__name__, Call(refused.sql), refused.sqlstate

    def play_one(self, last):
        """Differences after one more step."""
        self.number += 1
        name, call, expected = self.choose()
        self.count[name] += 1
        self.history.append(f"{self.number} {name}: {call.sql}")
        verify = last or self.number % self.verify_every == 0
        result, sqlstate, message, state, findings = self.database.step(call.sql, verify)
        differences = []
        if sqlstate != expected:
            differences.append(f"expected SQLSTATE {expected}, got {sqlstate} {message}")
        differences += compare(self.world, state)
        if sqlstate == expected and call.of:
            differences += self.compare_result(call, call.of(result[0]))
        differences += [f"verify(): {finding}" for finding in findings]
        return differences

    @staticmethod
    def compare_result(call, found):
        # New rows that are expected in the result have their ids by now.
        expected = {key(f.id if isinstance(f, Thing) else f for f in row) for row in call.expected}
        found = {key(row) for row in found}
        return ([f"result: expected, not there: {row}" for row in sorted(expected - found)]
                + [f"result: there, not expected: {row}" for row in sorted(found - expected)])


def report(play, differences):
    print(f"# step {play.number}: the database is not what the model expects")
    for text in differences[:SHOWN_DIFFERENCES]:
        print(f"#   {text}")
    print("# the last steps:")
    for text in play.history:
        print(f"#   {text[:1000]}")
    print(f"# replay: BILLING_SEED={play.seed} BILLING_STEPS={play.number} bash tests/run.sh model")


def main(seed, steps, verify_every=1):
    print(f"# seed {seed}", flush=True)
    name = f"1 - seed {seed}: {steps} steps do what the model says"
    play = Play(seed, verify_every)
    for number in range(1, steps + 1):
        differences = play.play_one(number == steps)
        if differences:
            print(f"not ok {name}")
            report(play, differences)
            return 1
    print(f"ok {name}")
    print(f"# {play.refused} calls refused as expected, {len(play.world.everything('actuals'))} actuals, "
          f"{len(play.world.everything('invoices'))} invoices")
    print("# " + ", ".join(f"{step.__name__} {play.count[step.__name__]}" for step in play.steps))
    return 0


if __name__ == "__main__":
    print("1..1")
    sys.exit(main(*map(int, sys.argv[1:])))
