"""Programmes keep a cluster busy: with Dask's own scheduler and workers, which wait instead of computing."""

from __future__ import annotations

import re
import subprocess
import sys


def test_a_programme_of_500_exposures_keeps_a_cluster_busy():
    # In a process of its own: Dask leaves threads behind.
    command = [sys.executable, "-m", "tests.benchmarks.batch", "simulate", "--workers", "16"]
    said = subprocess.run(command, capture_output=True, text=True, timeout=500)
    assert said.returncode == 0, said.stderr
    (part,) = re.findall(r"^ 16 workers: .* s, ([0-9.]+) % of linear", said.stdout, re.MULTILINE)
    assert float(part) > 90, said.stdout
