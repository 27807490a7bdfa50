"""Short names for the types of arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: Double precision: whatever is computed.
Floats = NDArray[np.float64]
#: Single precision: what exposures hold.
Singles = NDArray[np.float32]
#: Single or double precision.
Reals = NDArray[np.floating]
#: Indices and counts.
Integers = NDArray[np.int64]
#: Slice numbers, and what else is counted in 32 bits.
Integers32 = NDArray[np.int32]
#: Bits of data quality.
Flags = NDArray[np.uint32]
#: Classes of pixels.
Bytes = NDArray[np.uint8]
#: What holds and what does not.
Mask = NDArray[np.bool_]
