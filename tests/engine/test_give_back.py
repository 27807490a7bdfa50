"""Memory that arrays have left is taken again, also in processes that begin with Dask's settings."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

SCRIPT = """
import resource
import numpy as np
from atm_viewer.engine.give_back import reuse_memory
reuse_memory()
for _ in range(40):
    np.ones(1_000_000)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_arrays_take_memory_that_earlier_ones_have_left():
    surroundings = {**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"}  # as workers of Dask begin
    faults = subprocess.run([sys.executable, "-c", SCRIPT], env=surroundings, capture_output=True, check=True).stdout
    assert int(faults) < 40_000  # 40 arrays that were new to the process would take 78,000
