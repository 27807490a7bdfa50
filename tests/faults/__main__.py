"""Tries all faults, not only the short form that the tests take; prints how many were answered, by kind."""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.faults.damages import all_damages
from tests.faults.steps import ERRORS, SCENARIOS, count_steps, try_step
from tests.faults.test_kills import problem, steps_of
from tests.faults.trial import try_damage


def main(seed: int = 1) -> int:
    """Try everything; the exit code is 1 when something was not answered."""
    tried, answered = Counter[str](), Counter[str]()

    def take(kind: str, wrong: str) -> None:
        tried[kind] += 1
        answered[kind] += not wrong
        if wrong:
            print(f"[{kind}] {wrong}", flush=True)

    with tempfile.TemporaryDirectory() as name:
        os.environ.setdefault("XDG_CACHE_HOME", str(Path(name) / "cache"))
        try:
            _kills(Path(name), take)
            _damages(Path(name), seed, take)
            _steps(Path(name) / "steps", take)
        finally:
            for kind, count in tried.items():
                print(f"{kind}: {answered[kind]} of {count} answered")
            print(f"all: {answered.total()} of {tried.total()} answered")
    return int(answered != tried)


def _damages(folder: Path, seed: int, take) -> None:
    for instrument in ("miri", "nirspec"):
        for damage in all_damages(instrument, seed, flips=300):
            verdict = try_damage(damage, instrument, folder)
            take(
                damage.kind, f"{instrument} {damage.name}: {verdict.wrong} {verdict.sentence}" if verdict.wrong else ""
            )


def _steps(folder: Path, take) -> None:
    folder.mkdir()
    cache = os.environ["XDG_CACHE_HOME"]
    for scenario in SCENARIOS:
        os.environ["XDG_CACHE_HOME"] = str(folder / "cache") if scenario.keeps_on else cache
        for at in range(1, count_steps(scenario, folder) + 1):
            take(f"steps of '{scenario.name}'", try_step(scenario, folder, at, ERRORS[at % len(ERRORS)]))
    os.environ["XDG_CACHE_HOME"] = cache


def _kills(folder: Path, take) -> None:
    for what in ("products", "session", "cache"):
        for at in range(1, steps_of(what, folder / f"{what}-count") + 1):
            take(f"killed while writing {what}", problem(what, folder / f"{what}-{at}", at))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
