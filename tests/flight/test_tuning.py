"""The automatic recipe on flight geometry, judged by the scene itself: as good as the best settings found by hand."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from atm_viewer import cli
from tests.flight.pipeline_reference import FLIGHT, cache_folder, why_absent

pytestmark = pytest.mark.skipif(why_absent() is not None, reason=str(why_absent()))

#: Settings by hand that an automatic recipe must not be worse than.
FIXED = {"default": "", "slope0": "slope_limit = 0.0", "psf": "psf_optimal = true"}


def clean_exposures(case: str) -> list[str]:
    """Paths of the exposures of a case without noise, made on first use."""
    folder = cache_folder() / "clean" / case
    if not list(folder.glob("*_asn.json")):
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([sys.executable, str(FLIGHT / "simulate.py"), str(folder), case, "--clean"], check=True)
    return [str(path) for path in sorted(folder.glob("*_cal.fits"))]


def scores(case: str, cubes: list[str]) -> dict[str, tuple[float, float]]:
    """Median and 90th percentile of the oscillation left [%], by name of the cube."""
    told = subprocess.run([sys.executable, str(FLIGHT / "truth.py"), case, *cubes], check=True, capture_output=True)
    rows = re.findall(r"^(\S+)_ch\S+ +([\d.]+) +([\d.]+)", told.stdout.decode(), re.MULTILINE)
    return {name: (float(median), float(high)) for name, median, high in rows}


@pytest.mark.timeout(1800)
def test_a_stars_recipe_is_as_good_as_the_best_by_hand(tmp_path, capsys, record_property):
    case, cubes = "mrs12A-starW-1", {}
    files = clean_exposures(case)
    assert cli.run(["tune", *files, "-o", str(tmp_path / "tune.toml")]) == 0
    assert "1 exposure: spline used in" in capsys.readouterr().out
    for name, text in FIXED.items():
        (tmp_path / f"{name}.toml").write_text(f"version = 1\n[global]\noversample = 3\n{text}\n")
    for name in (*FIXED, "tune"):
        recipe = str(tmp_path / f"{name}.toml")
        which = "after" if cubes else "both"
        options = ["--channel", "2", "-o", str(tmp_path), "--product", name, "--which", which]
        assert cli.run(["cube", *files, "--recipe", recipe, *options]) == 0
        if not cubes:
            cubes["before"] = str(tmp_path / f"{name}_ch2-short_s3d.fits")
        cubes[name] = str(tmp_path / f"{name}-atm_ch2-short_s3d.fits")
    found = scores(case, list(cubes.values()))
    record_property("scores", str(found))
    for k in range(2):
        best = min(found[f"{name}-atm"][k] for name in FIXED)
        assert found["tune-atm"][k] <= 1.05 * best + 0.01
        assert found["tune-atm"][k] <= 0.7 * found["default-atm"][k]
