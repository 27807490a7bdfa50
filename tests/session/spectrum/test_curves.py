"""What the spectrum view draws: curves, ratios, differences, masks and words, from spectra known by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import SpaxelSpectra
from atm_viewer.session.edits.variants import ShownSpectra, Variant
from atm_viewer.session.spectrum.curves import make_picture
from atm_viewer.session.spectrum.lines import line_list
from atm_viewer.session.spectrum.settings import SpectrumSettings

N = 50
WAVE = np.linspace(5.0, 5.49, N)
SPAXEL = 0.13**2 * 2.3504e-11  # sr


def spectra(level: float = 100.0, **changes) -> SpaxelSpectra:
    """A flat spectrum of ``level`` after and 1.1 times as much before; an aperture of 0.01 Jy."""
    values = {
        "band": "ch1-short", "ra": 10.0, "dec": -5.0, "spaxel": (3, 4), "unit": "MJy/sr", "solid_angle": SPAXEL,
        "wavelength": WAVE, "before": np.full(N, 1.1 * level), "after": np.full(N, level),
        "before_err": np.full(N, 2.0), "after_err": np.full(N, 1.0), "radius": 0.5,
        "aperture_before": np.full(N, 0.01), "aperture_after": np.full(N, 0.01),
        "aperture_before_err": np.full(N, 1e-4), "aperture_after_err": np.full(N, 1e-4),
        "noise_before": 0.1, "noise_after": 0.01,
    }  # fmt: skip
    return SpaxelSpectra(**{**values, **changes})


def shown(made: SpaxelSpectra | None, variant: str = "A", place: int = 1, label: str = "", stale: bool = False):
    return ShownSpectra(Variant(variant, Recipe(), label), place, made, stale)


def picture(*told: ShownSpectra, **settings):
    return make_picture(told, "A", 1, replace(SpectrumSettings(), **settings), line_list())


def curve(made, role: str, variant: str = "", place: int = 1):
    (found,) = (c for c in made.curves if (c.role, c.variant, c.place) == (role, variant, place))
    return found


def test_nothing_is_drawn_of_nothing():
    assert picture().curves == ()
    made = picture(shown(None))
    assert (made.main, made.curves, made.masks) == (None, (), {})


def test_what_is_still_of_the_band_before_is_not_drawn():
    other = shown(spectra(band="ch2-short", wavelength=WAVE + 3.0), place=2, stale=True)
    made = picture(shown(spectra()), other)
    assert {c.place for c in made.curves if c.variant} == {1}
    assert max(c.x.max() for c in made.curves) == WAVE[-1]
    # without an answer for the active place, what there is stays
    assert make_picture([shown(None), other], "A", 1, SpectrumSettings(), line_list()).curves != ()


def test_units_of_spaxel_and_aperture():
    jy = picture(shown(spectra()), unit="Jy")
    assert (jy.label, jy.unit) == ("F<sub>ν</sub> per spaxel", "Jy")
    np.testing.assert_allclose(curve(jy, "after", "A").flux, 100e6 * SPAXEL, rtol=1e-9)
    np.testing.assert_allclose(curve(jy, "before").flux, 110e6 * SPAXEL, rtol=1e-9)
    # scaled, it runs along the spaxel; as it is, it has its own flux
    np.testing.assert_allclose(curve(jy, "aperture").flux, 100e6 * SPAXEL, rtol=1e-9)
    whole = picture(shown(spectra()), unit="Jy", scaled=False)
    np.testing.assert_allclose(curve(whole, "aperture").flux, 0.01, rtol=1e-9)
    assert curve(whole, "aperture").label == "aperture 0.50″ (total)"
    mean = picture(shown(spectra()), scaled=False)
    circle = np.pi * 0.5**2 * SPAXEL / 0.13**2
    np.testing.assert_allclose(curve(mean, "aperture").flux, 0.01 / circle / 1e6, rtol=1e-3)
    assert curve(mean, "aperture").label == "aperture 0.50″ (mean)"
    per_length = picture(shown(spectra()), unit="erg/s/cm²/Å")
    expected = 100e6 * SPAXEL * 1e-23 * 2.99792458e18 / (1e4 * WAVE) ** 2
    np.testing.assert_allclose(curve(per_length, "after", "A").flux, expected, rtol=1e-9)


def test_exposures_in_other_units_are_shown_as_they_are():
    made = picture(shown(spectra(unit="DN/s")), unit="Jy")
    assert (made.label, made.unit) == ("flux", "DN/s")
    np.testing.assert_allclose(curve(made, "after", "A").flux, 100.0)


def test_against_the_aperture():
    made = picture(shown(spectra(before=np.linspace(90, 130, N))))
    assert made.reference == "aperture"
    np.testing.assert_allclose(curve(made, "after", "A").ratio, 1.0)
    np.testing.assert_allclose(curve(made, "before").ratio, np.linspace(90, 130, N) / 110.0)
    np.testing.assert_allclose(curve(made, "before").difference, np.linspace(90, 130, N) - 110.0)
    assert curve(made, "aperture").ratio is None


def test_against_before_in_the_unit_of_the_axis():
    made = picture(shown(spectra()), reference="before", unit="Jy")
    np.testing.assert_allclose(curve(made, "after", "A").ratio, 1 / 1.1)
    np.testing.assert_allclose(curve(made, "after", "A").difference, -10e6 * SPAXEL, rtol=1e-9)
    assert curve(made, "before").ratio is None


def test_against_another_variant_at_the_same_place():
    told = (shown(spectra(), "A"), shown(spectra(120.0), "B"), shown(spectra(10.0), "A", 2), shown(spectra(5), "B", 2))
    made = picture(*told, reference="variant:A")
    assert made.reference == "variant A"
    np.testing.assert_allclose(curve(made, "after", "B").ratio, 1.2)
    np.testing.assert_allclose(curve(made, "after", "B").difference, 20.0)
    np.testing.assert_allclose(curve(made, "after", "B", 2).ratio, 0.5)
    assert curve(made, "after", "A").ratio is None
    # a variant that was discarded is no reference any more
    assert picture(*told, reference="variant:G").reference == "aperture"


def test_before_and_aperture_are_those_of_the_active_place_unless_there_is_room():
    told = (shown(spectra()), shown(spectra(10.0), place=2))
    roles = [(c.role, c.place) for c in picture(*told).curves]
    assert ("before", 2) not in roles
    assert ("before", 1) in roles
    stacked = picture(*told, arrangement="stacked")
    assert ("before", 2) in [(c.role, c.place) for c in stacked.curves]
    assert roles[-1] == ("after", 1)  # what is looked at is on top


def test_stacked_places_do_not_meet_and_tell_their_offset():
    wiggly = 100 + 20 * np.sin(np.arange(N))
    told = (shown(spectra(after=wiggly, before=wiggly)), shown(spectra(after=wiggly / 2, before=wiggly / 2), place=2))
    made = picture(*told, arrangement="stacked")
    low, high = curve(made, "after", "A"), curve(made, "after", "A", 2)
    assert low.flux.max() < high.flux.min()
    offset = high.flux - wiggly / 2
    np.testing.assert_allclose(offset, offset[0])
    assert high.label == f"place 2 + {float(f'{offset[0]:.3g}'):g}"
    np.testing.assert_allclose(high.plain, wiggly / 2)
    normalised = picture(*told, arrangement="normalised")
    assert (normalised.label, normalised.unit) == ("flux over its median", "")
    np.testing.assert_allclose(curve(normalised, "after", "A").flux, wiggly / np.median(wiggly))


def test_masks_tell_why_there_is_nothing():
    before, after = np.full(N, 1.0), np.full(N, 1.0)
    before[:3] = after[:3] = np.nan
    before[10:12] = np.nan
    after[20] = np.nan
    made = picture(shown(spectra(before=before, after=after)))
    assert made.masks["nothing"] == [pytest.approx((4.995, 5.025))]
    assert made.masks["filled"] == [pytest.approx((5.095, 5.115))]
    assert made.masks["lost"] == [pytest.approx((5.195, 5.205))]
    assert picture(shown(spectra(before=before, after=after)), masks=False).masks == {}
    # on an axis that runs the other way, low is still low
    (low, high), *_ = picture(shown(spectra(before=before, after=after)), axis="frequency").masks["nothing"]
    assert (low, high) == pytest.approx((299.792458 / 5.025, 299.792458 / 4.995))


def test_errors_are_those_of_planes_whatever_is_smoothed():
    made = picture(shown(spectra()), errors=True, kernel="boxcar", width=5)
    np.testing.assert_allclose(curve(made, "after", "A").error, 1.0)
    assert made.treatment == "smoothed: boxcar 5 planes"
    assert curve(picture(shown(spectra())), "after", "A").error is None
    gaussian = picture(shown(spectra()), kernel="gaussian", width=300, width_unit="km/s", region=(5.1, 5.2))
    assert gaussian.treatment == "smoothed: gaussian 300 km/s FWHM 5.100–5.200 µm"


def test_smoothing_is_for_display_alone():
    spike = np.full(N, 100.0)
    spike[25] = 400.0
    made = picture(shown(spectra(after=spike)), kernel="boxcar", width=3)
    after = curve(made, "after", "A")
    np.testing.assert_allclose(after.flux[23:28], [100, 200, 200, 200, 100])
    np.testing.assert_allclose(after.ratio[23:28], [1, 2, 2, 2, 1])
    np.testing.assert_array_equal(after.plain, spike)


def test_velocity_is_about_the_chosen_line_or_the_nearest():
    made = picture(shown(spectra()), axis="velocity", line="[Fe II] 5.34", redshift=0.01)
    assert made.scale.label == "velocity about [Fe II] 5.34, z = 0.01"
    assert made.scale.at(5.340169 * 1.01) == pytest.approx(0.0, abs=1e-6)
    assert made.scale.wavelength(0.0) == pytest.approx(5.340169 * 1.01)
    nearest = picture(shown(spectra()), axis="velocity", families=("forbidden",))
    assert nearest.scale.line.name == "[Fe II] 5.34"
    assert picture(shown(spectra()), axis="velocity", families=("H2",)).scale.line.name == "H2 0-0 S(8)"


def test_stale_spectra_are_told():
    made = picture(shown(spectra(), stale=True), shown(spectra(), "B"))
    assert curve(made, "after", "A").stale
    assert not curve(made, "after", "B").stale
