"""A verdict on the spectrum of a spaxel: is what one sees resampling noise, and what is left of it."""

from __future__ import annotations

import math
from dataclasses import dataclass

#: What the variance of a spectrum may be; the order is that in which it is looked for.
RESAMPLING = "resampling noise"
PHOTONS = "photon noise"
FRINGES = "fringes"
STRUCTURE = "real structure at lines"
UNKNOWN = "unknown"

#: Least part of the variance before correction that goes with the predicted phase: for resampling noise, and for some.
MOSTLY, PARTLY = 0.5, 0.15
#: Farthest measured period from the predicted one that counts as a match, relative.
MATCHES = 0.1
#: Scatter after correction over that before, above which the spaxel is said to oscillate more.
WORSE = 1.1
#: Least part of what is left that is named beside the largest one.
NAMED = 0.25


@dataclass(frozen=True)
class Verdict:
    """What the oscillations of a spaxel are, before and after correction, by shares of the variance.

    Spectra are those of the spaxel over the aperture; variances are about their smooth trends.

    Parameters
    ----------
    reason : str
        Why nothing can be told; empty where something can.
    period : float
        Strongest period before correction over the predicted one, median over wavelength; NaN where unknown.
    before, after : tuple of (str, float)
        Kinds (`RESAMPLING` and so on) and their parts of the variance before and after correction, 0 to 1, together 1.
    scatter : (float, float)
        Standard deviation about the trend before and after, over the flux.
    sources : int
        Sources within the aperture.
    """

    reason: str = ""
    period: float = math.nan
    before: tuple[tuple[str, float], ...] = ()
    after: tuple[tuple[str, float], ...] = ()
    scatter: tuple[float, float] = (math.nan, math.nan)
    sources: int = 1

    @property
    def shares(self) -> tuple[float, float]:
        """Parts of the variance that are resampling noise, before and after; NaN where unknown."""
        return dict(self.before).get(RESAMPLING, math.nan), dict(self.after).get(RESAMPLING, math.nan)

    @property
    def left(self) -> str:
        """The largest part of what is left after correction, one of the kinds; empty where nothing can be told."""
        return max(self.after, key=lambda part: part[1])[0] if self.after else ""

    @property
    def matches(self) -> bool:
        """Whether the strongest period before correction is the predicted one."""
        return abs(self.period - 1.0) <= MATCHES

    @property
    def worse(self) -> bool:
        """Whether the spaxel oscillates more after correction than before, by more than a tenth."""
        return self.scatter[1] > WORSE * self.scatter[0]

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.reason:
            return f"Can't tell whether this is resampling noise: {self.reason}."
        before, after = self.shares
        shares = f"{_percent(before)} of the variance before, {_percent(after)} after"
        scatter = " → ".join(f"{100 * value:.2g}" for value in self.scatter)
        worse = ": it oscillates more after correction than before" if self.worse else ""
        left = f"What is left: {self._named(self.after)}. Scatter {scatter} %{worse}."
        if before < PARTLY:
            return f"Not resampling noise: {shares}. Seen before: {self._named(self.before)}. {left}"
        if before < MOSTLY:
            return f"Partly resampling noise: {shares}. Also seen before: {self._named(self.before[1:])}. {left}"
        if self.matches:
            return f"Resampling noise: period matches geometry ({self.period:.2f}); {shares}. {left}"
        other = f" (strongest period: {self.period:.2f} of the predicted)" if math.isfinite(self.period) else ""
        return f"Resampling noise: phase matches geometry{other}; {shares}. {left}"

    def _named(self, parts: tuple[tuple[str, float], ...]) -> str:
        """Name the largest part, and others that are large, with their shares."""
        ranked = sorted(parts, key=lambda part: -part[1])
        named = [part for k, part in enumerate(ranked) if k == 0 or part[1] >= NAMED]
        words = " and ".join(f"{kind} ({_percent(share)})" for kind, share in named)
        several = self.sources > 1 and named[0][0] == UNKNOWN
        return f"{words}, perhaps since the aperture holds {self.sources} sources" if several else words


def _percent(share: float) -> str:
    """Share of the variance as people read it."""
    return "< 1 %" if share < 0.005 else f"{100 * share:.0f} %"
