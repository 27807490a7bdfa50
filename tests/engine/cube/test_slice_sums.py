"""Sums over slices: the same whether they are remembered or not, and no slice added more often than it must be."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from atm_viewer.engine.cube.slice_sums import SliceSums


@dataclass(frozen=True, eq=False)
class Slice:
    number: int
    value: float


def total_of(sums, place, slices, add, shape):
    """Sum of slices that are known by themselves."""
    return sums.total(place, slices, slices.__getitem__, add, shape)


@pytest.fixture
def case():
    slices = {n: Slice(n, 10.0**n) for n in range(4)}
    added = []

    def add(one, total):
        added.append(one.number)
        total += one.value

    return SliceSums(), slices, add, added


def test_a_tuned_slice_is_added_alone(case):
    sums, slices, add, added = case
    assert total_of(sums, "here", slices, add, (2,)).tolist() == [1111.0] * 2
    assert total_of(sums, "here", slices, add, (2,)).tolist() == [1111.0] * 2
    assert added == [0, 1, 2, 3]
    for value in (200.0, 300.0, 400.0):
        slices = {**slices, 2: Slice(2, value)}
        added.clear()
        assert total_of(sums, "here", slices, add, (2,)).tolist() == [1011.0 + value] * 2
        assert added == ([0, 1, 3, 2] if value == 200.0 else [2])
    # then another one
    added.clear()
    for value in (5.0, 6.0):
        slices = {**slices, 0: Slice(0, value)}
        assert total_of(sums, "here", slices, add, (2,)).tolist() == [1410.0 + value] * 2
    assert added == [1, 2, 3, 0, 0]


@pytest.mark.parametrize("change", ["place", "two slices", "fewer slices"])
def test_all_are_added_where_more_has_changed(case, change):
    sums, slices, add, added = case
    total_of(sums, "here", slices, add, (2,))
    slices = {**slices, 2: Slice(2, 200.0)}
    total_of(sums, "here", slices, add, (2,))
    added.clear()
    place = "there" if change == "place" else "here"
    if change == "two slices":
        slices = {**slices, 1: Slice(1, 20.0), 3: Slice(3, 2000.0)}
    if change == "fewer slices":
        del slices[0]
    expected = sum(one.value for one in slices.values())
    assert total_of(sums, place, slices, add, (2,)).tolist() == [expected] * 2
    assert added == list(slices)
    assert total_of(sums, place, slices, add, (2,)) is total_of(sums, place, slices, add, (2,))


def test_sums_take_the_memory_of_those_before(case):
    sums, slices, add, _ = case
    first = total_of(sums, "here", slices, add, (1,))
    for value in (50.0, 60.0, 70.0):
        total = total_of(sums, "here", {**slices, 1: Slice(1, value)}, add, (1,))
        assert total is first
        assert total.tolist() == [1101.0 + value]
    assert total_of(sums, "here", slices, add, (1,)).tolist() == [1111.0]
    assert total_of(sums, "there", slices, add, (2,)).tolist() == [1111.0] * 2


def test_a_sum_that_failed_is_forgotten(case):
    sums, slices, add, _ = case
    total_of(sums, "here", slices, add, (1,))

    def fail(one, total):
        total += 1e9
        raise MemoryError

    with pytest.raises(MemoryError):
        total_of(sums, "here", {**slices, 1: Slice(1, 50.0)}, fail, (1,))
    assert total_of(sums, "here", slices, add, (1,)).tolist() == [1111.0]


def test_slices_that_are_not_added_are_not_made(case):
    sums, slices, add, _ = case
    total_of(sums, "here", slices, add, (1,))
    for value in (50.0, 60.0):
        changed = {**slices, 1: Slice(1, value)}
        made = []

        def make(number, changed=changed, made=made):
            made.append(number)
            return changed[number]

        assert sums.total("here", changed, make, add, (1,)).tolist() == [1101.0 + value]
    assert made == [1]
