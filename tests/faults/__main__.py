"""Tries all faults, not only the short form that the tests take; prints how many were answered, by kind.

``python -m tests.faults [KIND ...]`` tries all kinds, or some: ``memory``, ``kills``, ``damages``, ``steps``, or the
steps of one kind of work by its name, such as ``cube``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path

from tests.faults.damages import all_damages
from tests.faults.memory import LIMITS, WORK
from tests.faults.steps import ERRORS, SCENARIOS, count_steps, try_step
from tests.faults.test_kills import problem, steps_of
from tests.faults.test_memory import memory_problems
from tests.faults.trial import try_damage

KINDS = ("memory", "kills", "damages", "steps")
INSTRUMENTS = ("miri", "nirspec")
#: Limits of memory that one process tries: it keeps some of what it got once, so that not all can be tried in one.
_AT_ONCE = 3


class Tally:
    """Counts what was tried and answered; says at once what was not."""

    def __init__(self) -> None:
        self.tried, self.answered = Counter[str](), Counter[str]()

    def take(self, kind: str, wrong: str) -> None:
        """Take the outcome of a trial: what is wrong, empty when nothing is."""
        self.tried[kind] += 1
        self.answered[kind] += not wrong
        if wrong:
            print(f"[{kind}] {wrong}", flush=True)

    def tell(self) -> None:
        """Print the counts."""
        for kind, count in self.tried.items():
            print(f"{kind}: {self.answered[kind]} of {count} answered")
        print(f"all: {self.answered.total()} of {self.tried.total()} answered", flush=True)


def main(kinds: Collection[str] = KINDS, instruments: Collection[str] = INSTRUMENTS, seed: int = 1) -> int:
    """Try everything, or some kinds; the exit code is 1 when something was not answered."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ.setdefault("XDG_CACHE_HOME", str(folder / "cache"))
        try:
            if "memory" in kinds:
                _memory(folder, instruments, tally.take)
            if "kills" in kinds:
                _kills(folder, tally.take)
            if "damages" in kinds:
                _damages(folder, instruments, seed, tally.take)
            _steps(folder / "steps", kinds, tally.take)
        finally:
            tally.tell()
    return int(tally.answered != tally.tried)


def _damages(folder: Path, instruments: Collection[str], seed: int, take: Callable[[str, str], None]) -> None:
    for instrument in instruments:
        for damage in all_damages(instrument, seed, flips=300):
            verdict = try_damage(damage, instrument, folder)
            take(
                damage.kind, f"{instrument} {damage.name}: {verdict.wrong} {verdict.sentence}" if verdict.wrong else ""
            )


def _steps(folder: Path, kinds: Collection[str], take: Callable[[str, str], None]) -> None:
    folder.mkdir()
    cache = os.environ["XDG_CACHE_HOME"]
    for scenario in SCENARIOS:
        if not {"steps", scenario.name} & set(kinds):
            continue
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache") if scenario.keeps_on else cache
        for at in range(1, count_steps(scenario, folder) + 1):
            take(f"steps of '{scenario.name}'", try_step(scenario, folder, at, ERRORS[at % len(ERRORS)]))
    os.environ["XDG_CACHE_HOME"] = cache


def _memory(folder: Path, instruments: Collection[str], take: Callable[[str, str], None]) -> None:
    for instrument in instruments:
        for what in WORK:
            groups = len(LIMITS) // _AT_ONCE
            for first in range(groups):
                limits = LIMITS[first::groups]
                kind, place = f"{what} of {instrument} without memory", folder / f"{what}-{instrument}-{first}"
                together = memory_problems(what, instrument, place, limits, 600)
                for limit in limits:  # each by itself, where there is something wrong
                    alone = folder / f"{what}-{instrument}-{limit}-alone"
                    take(kind, "; ".join(memory_problems(what, instrument, alone, (limit,), 600) if together else []))


def _kills(folder: Path, take: Callable[[str, str], None]) -> None:
    for what in ("products", "session", "cache"):
        for at in range(1, steps_of(what, folder / f"{what}-count") + 1):
            take(f"killed while writing {what}", problem(what, folder / f"{what}-{at}", at))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [*KINDS, *(scenario.name for scenario in SCENARIOS)]
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=", ".join(names))
    parser.add_argument("--instrument", choices=INSTRUMENTS, action="append", help="try this one alone")
    parser.add_argument("--seed", type=int, default=1, help="of the damages that are made at random")
    given = parser.parse_args()
    if unknown := set(given.kinds) - set(names):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}")
    sys.exit(main(given.kinds or KINDS, given.instrument or INSTRUMENTS, given.seed))
