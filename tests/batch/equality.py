"""Whether two products are the same to the last bit, but for the time when they were written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from tests.engine.output.test_products import cards


def assert_same(one: Path, other: Path) -> None:
    with fits.open(one) as ours, fits.open(other) as theirs:
        assert [hdu.name for hdu in ours] == [hdu.name for hdu in theirs]
        for mine, their in zip(ours, theirs, strict=True):
            assert cards(mine) == cards(their), mine.name
            if mine.name == "ASDF" or mine.data is None:
                continue
            np.testing.assert_array_equal(mine.data.view(np.ndarray), their.data.view(np.ndarray), err_msg=mine.name)
