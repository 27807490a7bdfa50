"""Caches are a convenience: damaged, unreadable or not to be written, they cost time alone."""

from __future__ import annotations

import logging
from pathlib import Path
from types import FunctionType

import numba
import numpy as np
import pytest

from atm_viewer.engine.io.coordinate_cache import KeptGeometry, cache_folder
from atm_viewer.engine.kernels import compiled
from atm_viewer.engine.kernels.compiled import njit


def add_one(x):
    return x + 1


def compiled_in(folder: Path, monkeypatch, add_one=add_one) -> tuple[int, int]:
    """Compile and call a function; how often its code was found and not found in the cache."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(folder))
    function = njit(cache=True)(add_one)
    assert function(1) == 2
    stats = function.stats
    return sum(stats.cache_hits.values()), sum(stats.cache_misses.values())


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:40])


def garbage(path: Path) -> None:
    path.write_bytes(b"\x80garbage" * 30)


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


@pytest.mark.parametrize("damage", [emptied, cut, garbage, flipped])
@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_damaged_code_is_compiled_again_and_replaced(damage, ending, tmp_path, monkeypatch, caplog):
    assert compiled_in(tmp_path, monkeypatch) == (0, 1)
    assert compiled_in(tmp_path, monkeypatch) == (1, 0)
    (path,) = tmp_path.rglob(f"*.{ending}")
    damage(path)
    with caplog.at_level(logging.WARNING):
        assert compiled_in(tmp_path, monkeypatch) == (0, 1)
    assert compiled_in(tmp_path, monkeypatch) == (1, 0)


def test_code_that_cannot_be_kept(tmp_path, monkeypatch):
    compiled_in(tmp_path, monkeypatch)
    for path in [*tmp_path.rglob("*.nb?")]:
        path.unlink()
        path.mkdir()  # nothing can be read or written there, whoever we are
    assert compiled_in(tmp_path, monkeypatch) == (0, 1)
    (tmp_path / "file").touch()
    assert njit(cache=True)(add_one)(1) == 2
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "file" / "below"))
    assert njit(cache=True)(add_one)(1) == 2


def test_code_of_a_bundle_is_kept_in_every_folder_it_is_started_in(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundled = FunctionType(add_one.__code__.replace(co_filename="atm_viewer/engine/kernels/spline.py"), {})
    assert compiled_in(tmp_path, monkeypatch, bundled) == (0, 1)
    assert compiled_in(tmp_path, monkeypatch, bundled) == (1, 0)


def test_every_kernel_is_kept_like_this():
    sources = Path(compiled.__file__).parent.glob("*.py")
    assert [path.name for path in sources if "from numba import" in path.read_text()] == []


def test_every_flipped_bit_of_coordinates_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kept = KeptGeometry("key")
    wanted = {"a": np.arange(3, dtype=np.int32), "b": np.array([0.5, np.nan])}
    kept.get_or_make("part", lambda: wanted)
    path = cache_folder() / "key" / "part.arrays"
    good = path.read_bytes()
    for position in range(0, len(good), 3):
        spoilt = bytearray(good)
        spoilt[position] ^= 1 << position % 8
        path.write_bytes(spoilt)
        found = kept.get_or_make("part", lambda: wanted)
        assert all(found[name].dtype == array.dtype for name, array in wanted.items()), position
        assert all(np.array_equal(found[name], array, equal_nan=True) for name, array in wanted.items()), position
    assert path.read_bytes() == good
