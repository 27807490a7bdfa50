"""Changes in the text of an ASDF file."""

from __future__ import annotations

import io

import asdf
import numpy as np
import pytest

from atm_viewer.engine.output.tree_text import TreeText, UnchangeableError


def asdf_of(tree: dict) -> bytes:
    """ASDF file of a tree."""
    buffer = io.BytesIO()
    asdf.AsdfFile(tree).write_to(buffer)
    return buffer.getvalue()


def read(content: bytes) -> dict:
    """Tree of an ASDF file."""
    with asdf.open(io.BytesIO(content), memmap=False, lazy_load=False) as file:
        return {key: value for key, value in file.tree.items() if key not in ("asdf_library", "history")}


TREE = {"meta": {"steps": {"a": "DONE"}, "deep": {"n": 1.5, "list": [{"x": 1}, {"x": 2}]}}, "é": "ü"}


def test_values_are_replaced_and_added():
    tree = TreeText(asdf_of(TREE))
    tree.put("2.5", "meta", "deep", "n")
    tree.put("COMPLETE", "meta", "steps", "b")
    tree.put("[1, 2]", "new")
    tree.replace(tree.node("meta", "deep", "list", 1, "x"), "7")
    assert read(tree.content()) == {
        "meta": {"steps": {"a": "DONE", "b": "COMPLETE"}, "deep": {"n": 2.5, "list": [{"x": 1}, {"x": 7}]}},
        "é": "ü",
        "new": [1, 2],
    }


def test_an_element_is_put_in_front_of_a_list_that_is_written_in_lines():
    tree = TreeText(asdf_of({"steps": [{"frame": {"name": "a" * 60, "more": "b" * 60}}, {"frame": {"name": "c"}}]}))
    steps = tree.node("steps")
    indent = " " * tree.column(steps)
    tree.insert_first(steps, f"{indent}- frame: {{name: first}}")
    names = [step["frame"]["name"] for step in read(tree.content())["steps"]]
    assert names == ["first", "a" * 60, "c"]


def test_what_is_removed_takes_its_blocks_along():
    content = asdf_of({"meta": {"a": np.arange(1000.0), "b": {"long": "x" * 100, "er": "y" * 100}}})
    tree = TreeText(content)
    assert tree.remove("meta", "a")
    assert not tree.remove("meta", "c")
    left = tree.content()
    assert read(left) == {"meta": {"b": {"long": "x" * 100, "er": "y" * 100}}}
    assert len(left) < len(content) - 8000


def test_blocks_stay_when_they_are_needed():
    tree = TreeText(asdf_of({"a": np.arange(1000.0), "b": "x"}))
    tree.remove("b")
    np.testing.assert_array_equal(read(tree.content())["a"], np.arange(1000.0))


def test_what_is_shared_is_not_changed():
    shared = {"x": "y" * 70, "z": "w" * 70}
    for key in ("a", "b"):
        tree = TreeText(asdf_of({"a": shared, "b": shared}))
        with pytest.raises(UnchangeableError, match="shared"):
            tree.put("1", key)


def test_changes_that_overlap_are_refused():
    tree = TreeText(asdf_of(TREE))
    tree.put("1", "meta", "deep", "n")
    tree.remove("meta", "deep")
    with pytest.raises(UnchangeableError, match="overlap"):
        tree.content()
