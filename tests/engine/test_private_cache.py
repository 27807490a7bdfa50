"""Caches whose content is trusted are ours alone, whatever the umask is and whatever was there before."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from atm_viewer.engine.io.coordinate_cache import KeptGeometry, cache_folder
from atm_viewer.engine.private_cache import cache_root, is_private, make_private

CHECKOUT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="Windows has no modes")


@pytest.fixture
def root(tmp_path, monkeypatch):
    """Folder of all caches, not made yet; everybody's group may write what is new."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = os.umask(0o000)
    yield cache_root()
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def seven() -> dict[str, np.ndarray]:
    return {"a": np.full(9, 7.0)}


def test_a_folder_is_closed_to_others_at_every_level(root):
    make_private(root / "kernels" / "abc")
    assert [mode(path) for path in (root, root / "kernels", root / "kernels" / "abc")] == [0o700] * 3
    assert mode(root.parent) == 0o777, "what is not ours is as the system makes it"


def test_what_others_may_have_written_is_deleted(root):
    folder = root / "kernels" / "abc"
    folder.mkdir(parents=True)
    (folder / "theirs").write_text("theirs")
    assert not is_private(folder)
    make_private(folder)
    assert os.listdir(folder) == []
    assert mode(folder) == 0o700


def test_what_others_could_only_read_stays(root):
    folder = root / "coordinates"
    folder.mkdir(parents=True)
    folder.chmod(0o755)
    (folder / "ours").write_text("ours")
    assert is_private(folder)
    make_private(folder)
    assert os.listdir(folder) == ["ours"]
    assert mode(folder) == 0o700


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a folder to somebody else")
@pytest.mark.parametrize("which", ["atm-viewer", "coordinates"])
def test_somebody_elses_folder_is_not_used(root, which):
    folder = cache_folder()
    folder.mkdir(parents=True)
    os.chown(root if which == "atm-viewer" else folder, 65534, 65534)
    with pytest.raises(PermissionError, match="somebody else"):
        make_private(folder)
    KeptGeometry("k").get_or_make("part", seven)
    assert os.listdir(folder) == []


def test_coordinates_that_others_may_have_written_are_computed_again(root):
    KeptGeometry("k").get_or_make("part", lambda: {"a": np.zeros(9)})
    cache_folder().chmod(0o777)
    assert (KeptGeometry("k").get_or_make("part", seven)["a"] == 7.0).all()
    assert mode(cache_folder()) == 0o700
    assert [mode(path) for path in cache_folder().rglob("*.arrays")] == [0o600]


def kernels(root: Path, said: str = "") -> list[str]:
    """Run a kernel in a program of its own; what numba says of its cache, and where that is."""
    code = (
        "import numpy as np\n"
        "from atm_viewer.engine.kernels import KEPT, kernel_cache\n"
        "from atm_viewer.engine.kernels.spline import basis_polynomials\n"
        "basis_polynomials(np.arange(9.0), 0, np.zeros((4, 4)))\n"
        "print(KEPT, kernel_cache())\n"
    )
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr.count("\n") == bool(said)
    assert said in done.stderr
    return done.stdout.split()


def test_compiled_code_is_kept_where_nobody_else_can_write(root):
    kept, folder = kernels(root)
    assert kept == "True"
    assert Path(folder).is_relative_to(root)
    assert mode(Path(folder)) == 0o700
    assert list(Path(folder).rglob("*.nbi"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_without_a_folder_of_its_own_code_is_compiled_and_not_kept(root):
    (root / "kernels").mkdir(parents=True)
    os.chown(root / "kernels", 65534, 65534)
    kept, folder = kernels(root, said="compiled code is not kept in")
    assert kept == "False"
    assert not Path(folder).exists()
