"""Builds the documentation site: ``python packaging/make_docs.py OUT``, with the packages of the extra ``docs``.

The pages are those of the help window, with keys and parameters filled in as there, those of ``packaging/docs``, the
map of the code, and references made from the program itself: of its commands by their ``--help``, of the Python
interface by its docstrings. Every warning is an error, so that no link is broken and no public name lacks a docstring.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
#: Links of the help window's that carry out an action.
_ACTION_LINK = re.compile(r"\[([^\]]+)\]\(action:\w+\)")
#: A heading in the contents of the help window with the list of its pages.
_CONTENTS = re.compile(r"^#+ (.+)\n\n((?:- .*\n)+)", re.MULTILINE)


def gather(folder: Path) -> None:
    """Put the sources of the site into an empty folder."""
    shutil.copytree(CHECKOUT / "packaging" / "docs", folder, dirs_exist_ok=True)
    shutil.copy(CHECKOUT / "resources" / "icons" / "atm-viewer.svg", folder / "_static")
    _help(folder / "help")
    (folder / "commands.md").write_text(_commands(), encoding="utf-8")
    (folder / "python.md").write_text(_python(), encoding="utf-8")
    for name in ("CHANGELOG.md", "CONTRIBUTING.md"):
        shutil.copy(CHECKOUT / "packaging" / name, folder / name.lower())
    shutil.copy(CHECKOUT / "atm_viewer" / "ARCHITECTURE.md", folder / "map.md")
    parts = folder / "parts"
    parts.mkdir()
    for path in sorted((CHECKOUT / "resources" / "recipes").glob("*.toml")):
        shutil.copy(path, parts)


def _help(folder: Path) -> None:
    """Write the pages of the help window, and the contents by which Sphinx finds them."""
    from atm_viewer.views.help.pages import pages

    shutil.copytree(CHECKOUT / "resources" / "help" / "pictures", folder / "pictures")
    for page in pages():
        text = _ACTION_LINK.sub(r"\1", page.text)
        if page.name == "index":
            text = _CONTENTS.sub(_contents, text.replace("# ATM Viewer", "# The window", 1))
        (folder / f"{page.name}.md").write_text(text, encoding="utf-8")


def _contents(found: re.Match[str]) -> str:
    names = re.findall(r"\(([\w-]+)\.md\)", found[2])
    return f"```{{toctree}}\n:caption: {found[1]}\n:titlesonly:\n:maxdepth: 1\n" + "\n".join(names) + "\n```\n"


def _commands() -> str:
    """Describe every command as its ``--help`` does."""
    from atm_viewer.cli import whole_parser

    parser = whole_parser()
    (commands,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    parts = ["# Commands", "", "Each text is the command's `--help`.", "", "## atm-viewer", "", _console(parser)]
    for name, command in commands.choices.items():
        parts += [f"## {name}", "", _console(command)]
    return "\n".join(parts)


def _console(parser: argparse.ArgumentParser) -> str:
    return f"```text\n{parser.format_help().rstrip()}\n```\n"


def _python() -> str:
    """Have the docstrings of all public names shown."""
    import atm_viewer

    undocumented = [name for name in atm_viewer.__all__ if not (getattr(atm_viewer, name).__doc__ or "").strip()]
    if undocumented:
        sys.exit(f"These public names have no docstring: {', '.join(undocumented)}.")
    parts = ["# Python interface", "", "`import atm_viewer` works in notebooks and scripts, without the window.", ""]
    for name in atm_viewer.__all__:
        made = getattr(atm_viewer, name)
        kind = "autofunction" if not isinstance(made, type) else "autoclass"
        members = "\n:members:" if kind == "autoclass" else ""
        parts += [f"## {name}", "", f"```{{eval-rst}}\n.. {kind}:: atm_viewer.{name}"]
        parts[-1] += members.replace("\n", "\n   ") + "\n```\n"
    return "\n".join(parts)


def build(out: Path) -> int:
    """Build the site; Sphinx' exit code."""
    from sphinx.cmd.build import main

    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "source"
        source.mkdir()
        gather(source)
        return int(main(["-b", "html", "-W", "--keep-going", "-q", str(source), str(out)]))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} OUT")
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path.insert(0, str(CHECKOUT))
    sys.exit(build(Path(sys.argv[1])))
