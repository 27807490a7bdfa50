"""The import rule of atm_viewer/ARCHITECTURE.md, read from the source: who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "atm_viewer"

#: Modules without weight that everybody may use.
COMMON = ("atm_viewer", "atm_viewer.resources", "atm_viewer.html_page")
#: Result types and parameters: what travels between worker and window, and what numpy alone computes in milliseconds.
LIGHT = (
    *("atm_viewer.engine.results", "atm_viewer.engine.recipe", "atm_viewer.engine.extraction"),
    *("atm_viewer.engine.arrays", "atm_viewer.engine.errors", "atm_viewer.engine.names", "atm_viewer.engine.psf"),
    *("atm_viewer.engine.sky_shapes", "atm_viewer.engine.tangent"),
    # the standard library alone
    *("atm_viewer.engine.regular_file", "atm_viewer.engine.threads", "atm_viewer.engine.whole_file"),
    "atm_viewer.engine.give_back",
)
#: What the window's process must never import, not even late.
PIPELINE = ("jwst", "stdatamodels", "stcal", "stpipe", "gwcs", "asdf", "specutils", "numba", "regions", "distributed")
QT = ("PyQt6", "pyqtgraph")

#: Per room: which of our modules it may import, and which foreign ones it may not. A name covers what lies below it,
#: but for "atm_viewer" itself.
RULES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "engine": (("atm_viewer.engine",), QT),
    "teaching": (("atm_viewer.teaching", *LIGHT), (*QT, *PIPELINE)),
    "demo": (("atm_viewer.demo", "atm_viewer.engine"), QT),
    "jobs": (("atm_viewer.jobs", "atm_viewer.engine"), QT),
    "batch": (("atm_viewer.batch", "atm_viewer.jobs", "atm_viewer.engine"), QT),
    "session": (("atm_viewer.session", "atm_viewer.jobs", *LIGHT), ("PyQt6.QtWidgets", "pyqtgraph", *PIPELINE)),
    "views": (
        ("atm_viewer.views", "atm_viewer.session", "atm_viewer.teaching", "atm_viewer.jobs.requests", *LIGHT),
        PIPELINE,
    ),
    "resources": ((), (*QT, *PIPELINE)),
    "html_page": ((), (*QT, *PIPELINE)),
    # The entry points wire: they may import every room.
    "app": (("atm_viewer.",), ("pyqtgraph", *PIPELINE)),
    "cli": (("atm_viewer.",), ("pyqtgraph",)),
    "commands": (("atm_viewer.",), ("pyqtgraph",)),
    "__main__": (("atm_viewer.",), ("pyqtgraph",)),
    "__init__": ((), (*QT, *PIPELINE)),
    "notebook": (("atm_viewer.engine",), QT),
}

#: Folders of a room from the ground up: each may import those before it, and modules that lie in no folder.
FLOORS: dict[str, tuple[str, ...]] = {
    "engine": (
        "recipe",
        "results",
        "kernels",
        "checks",
        "wcs",
        "io",
        "trace",
        "cube",
        "analysis",
        "references",
        "output",
        "service",
    ),
    "jobs": ("requests",),
    "session": ("edits", "spectrum", "state", "persistence", "questions", "parts"),
    "views": (
        *(
            "base",
            "fields",
            "images",
            "detector",
            "sky",
            "spectrum",
            "profile",
            "slices",
            "metrics",
            "remedies",
            "exposures",
            "recipe",
        ),
        *("actions", "files", "help", "palette", "learn", "window"),
    ),
}

#: More files in a folder than this, and nobody finds the one that is meant.
MOST_FILES = 16


def imports(source: str, module: str, is_package: bool = False) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything a module imports, at its top and within functions.

    Of ``from package import name`` both ``package`` and ``package.name`` are given, since ``name`` may be a module.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            parts = module.split(".")
            above = parts[: len(parts) + is_package - node.level] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield node.lineno, base
            for alias in node.names:
                yield node.lineno, f"{base}.{alias.name}"


def within(name: str, roots: tuple[str, ...]) -> bool:
    """Whether a module is one of these or lies below one of them."""
    return any(name == root or name.startswith(root.rstrip(".") + ".") for root in roots)


def modules_of(package: Path) -> dict[str, Path]:
    """Paths of all modules of a package tree, by full name."""
    return {
        ".".join(("atm_viewer", *path.relative_to(package).with_suffix("").parts)).removesuffix(".__init__"): path
        for path in sorted(package.rglob("*.py"))
    }


def imported_modules(package: Path) -> dict[str, set[str]]:
    """Which of our modules each of our modules imports, at its top and within functions."""
    modules = modules_of(package)
    found: dict[str, set[str]] = {}
    for module, path in modules.items():
        names = [name for _, name in imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")]
        # Of "from package import module" both are given; the package itself is not what is meant.
        meant = {name for name in names if name in modules}
        packages = {name.rpartition(".")[0] for name in meant if name.count(".") > 1}
        found[module] = {name for name in meant if name not in packages or modules[name].name != "__init__.py"}
    return found


def circle(graph: dict[str, set[str]]) -> list[str]:
    """Return a circle of imports, its first module again at its end; empty when there is none."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module not in done:
            for other in sorted(graph.get(module, ())):
                if found := walk(other, [*way, module]):
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(graph) if (found := walk(module, []))), [])


def breaches(package: Path) -> list[str]:
    """Sentences on every import in a package tree that the rules forbid."""
    found = []
    modules = modules_of(package)
    for module, path in modules.items():
        room = [*module.split("."), "__init__"][1]
        ours, forbidden = RULES[room]
        for line, name in imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py"):
            if name.startswith("atm_viewer"):
                # Of "from module import name", the name is looked at when it is a module itself.
                if name not in modules and name.rpartition(".")[0] in modules:
                    continue
                allowed = name in COMMON or within(name, ours)
            else:
                allowed = not within(name, forbidden)
            if not allowed:
                found.append(f"{path.relative_to(package.parent)}:{line} ({room}) must not import {name}")
    return found


def test_rooms_keep_the_import_rule():
    assert breaches(PACKAGE) == []


def test_every_room_has_a_rule():
    rooms = {p.stem for p in PACKAGE.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert rooms <= set(RULES)


def test_folders_import_only_what_lies_below_them():
    wrong = []
    for module, others in imported_modules(PACKAGE).items():
        _, room, *rest = [*module.split("."), ""]
        floors = FLOORS.get(room, ())
        if rest and rest[0] in floors:
            for other in others:
                parts = [*other.split("."), ""]
                if parts[1] == room and parts[2] in floors[floors.index(rest[0]) + 1 :]:
                    wrong.append(f"{module} imports {other}")
    assert wrong == []


def test_every_folder_has_its_floor():
    for room, floors in FLOORS.items():
        folders = {p.name for p in (PACKAGE / room).iterdir() if (p / "__init__.py").is_file()}
        assert folders == set(floors), room


def test_there_is_no_circle_of_imports():
    assert circle(imported_modules(PACKAGE)) == []


def test_a_circle_is_found(tmp_path):
    package = skeleton(tmp_path)
    (package / "session/state.py").write_text("def late():\n    from atm_viewer.session import names\n")
    (package / "session/names.py").write_text("from atm_viewer.session.state import State\n")
    assert circle(imported_modules(package)) == [f"atm_viewer.session.{n}" for n in ("names", "state", "names")]


def test_no_folder_is_crowded():
    crowded = {
        str(folder.relative_to(PACKAGE.parent)): count
        for folder in [PACKAGE, *PACKAGE.rglob("*/")]
        if (count := len(list(folder.glob("*.py")))) > MOST_FILES
    }
    assert crowded == {}


@pytest.mark.parametrize(
    ("where", "line", "name"),
    [
        ("engine/cubes.py", "from PyQt6.QtCore import QObject", "PyQt6.QtCore"),
        ("engine/cubes.py", "import pyqtgraph as pg", "pyqtgraph"),
        ("engine/cubes.py", "def late():\n    from atm_viewer.jobs import worker", "atm_viewer.jobs"),
        ("engine/kernels/moments.py", "from ...session import state", "atm_viewer.session"),
        ("engine/__init__.py", "from ..jobs import worker", "atm_viewer.jobs"),
        ("demo/sky.py", "from PyQt6.QtGui import QImage", "PyQt6.QtGui"),
        ("jobs/worker.py", "from atm_viewer.session import state", "atm_viewer.session"),
        ("session/state.py", "from PyQt6 import QtWidgets", "PyQt6.QtWidgets"),
        ("session/state.py", "from atm_viewer.engine import cubes", "atm_viewer.engine.cubes"),
        ("session/state.py", "from atm_viewer.views import window", "atm_viewer.views"),
        ("views/window.py", "from atm_viewer.jobs import worker", "atm_viewer.jobs"),
        ("views/window.py", "def late():\n    import jwst.datamodels", "jwst.datamodels"),
        ("app.py", "import numba", "numba"),
        ("cli.py", "from pyqtgraph import PlotWidget", "pyqtgraph"),
    ],
)
def test_a_forbidden_import_is_found(tmp_path, where, line, name):
    package = skeleton(tmp_path)
    (package / where).write_text(line)
    assert any(where in found and found.endswith(f"must not import {name}") for found in breaches(package))


def test_allowed_imports_pass(tmp_path):
    package = skeleton(tmp_path)
    (package / "engine/cubes.py").write_text(
        "import numpy\nfrom atm_viewer import __version__\nfrom atm_viewer.resources import resource\n"
        "def late():\n    from jwst import datamodels\n    from .kernels.moments import mean\n"
    )
    (package / "session/state.py").write_text(
        "from PyQt6.QtGui import QUndoStack\nfrom atm_viewer.engine.errors import UserError\n"
        "from atm_viewer.jobs.worker import start\n"
    )
    (package / "views/window.py").write_text(
        "import pyqtgraph\nfrom PyQt6.QtWidgets import QWidget\nfrom atm_viewer.session.state import State\n"
    )
    (package / "app.py").write_text("from atm_viewer.views.window import Window\nfrom atm_viewer import session\n")
    assert breaches(package) == []


def skeleton(folder: Path) -> Path:
    """Make a package tree of empty modules for the checker to read."""
    package = folder / "atm_viewer"
    for name in (
        *("__init__", "app", "cli", "resources", "demo/__init__", "demo/sky", "jobs/__init__", "jobs/worker"),
        *("engine/__init__", "engine/cubes", "engine/errors", "engine/kernels/__init__", "engine/kernels/moments"),
        *("session/__init__", "session/state", "views/__init__", "views/window"),
    ):
        path = package / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return package


@pytest.mark.skipif(not (PACKAGE / "app.py").is_file(), reason="there is no application yet")
def test_the_way_to_the_first_window_is_light():
    """The pipeline takes seconds to import: the window's process does without it."""
    code = f"import sys, atm_viewer.app; print(*sorted(set(sys.modules) & set({PIPELINE!r})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []


def labels(source: str) -> list[int]:
    """Lines where a module makes one of Qt's own labels or file dialogs, or a class of them."""
    found = []
    for node in ast.walk(ast.parse(source)):
        used = [node.func] if isinstance(node, ast.Call) else node.bases if isinstance(node, ast.ClassDef) else []
        if any(isinstance(name, ast.Name) and name.id in ("QLabel", "QFileDialog") for name in used):
            found.append(node.lineno)
    return found


def test_labels_and_file_dialogs_are_those_that_show_text_as_it_is():
    """Qt's own take what looks like HTML for rich text: names from outside could open files."""
    assert labels("class A(QLabel): pass") == labels("QLabel('x')") == labels("QFileDialog()") == [1]
    own = {"plain_text.py", "file_dialog.py"}
    found = {path.name: labels(path.read_text(encoding="utf-8")) for path in (PACKAGE / "views").rglob("*.py")}
    assert {name for name, lines in found.items() if lines} == own
