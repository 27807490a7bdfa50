"""Tables of spectra: specutils opens them without being told what is in them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.table import QTable

from atm_viewer.engine.errors import OutputError
from atm_viewer.engine.output.spectrum_files import spectrum_table, write_spectra
from atm_viewer.engine.recipe import Recipe
from atm_viewer.engine.results.spectra import SpaxelSpectra


def spectra(scale: float = 1.0) -> SpaxelSpectra:
    wave = np.linspace(4.9, 5.7, 60)
    flux = (scale * (100 + np.sin(40 * wave))).astype(np.float32)
    flux[3] = np.nan
    return SpaxelSpectra(
        band="ch1-short",
        ra=83.8,
        dec=-5.4,
        spaxel=(10, 12),
        unit="MJy/sr",
        solid_angle=4e-13,
        wavelength=wave,
        before=flux * 1.1,
        after=flux,
        before_err=flux * 0.02,
        after_err=flux * 0.01,
        radius=0.5,
        aperture_before=flux * 2e-6,
        aperture_after=flux * 3e-6,
        aperture_before_err=flux * 2e-8,
        aperture_after_err=flux * 3e-8,
        noise_before=0.1,
        noise_after=0.01,
    )


@pytest.mark.parametrize("ending", ["ecsv", "fits"])
@pytest.mark.parametrize("unit", ["Jy", "MJy/sr", "erg / (s cm2 AA)"])
def test_specutils_opens_them_without_arguments(tmp_path, ending, unit):
    from specutils import Spectrum

    one, name = spectra(), f"star.{ending}"
    (path,) = write_spectra([((one,), Recipe())], ["a/né_cal.fits"], tmp_path, [name], unit)
    read = Spectrum.read(str(path))
    density = u.Jy if "sr" in unit else u.Unit(unit)
    wave = one.wavelength * u.um
    assert read.flux.unit == density
    np.testing.assert_allclose(read.spectral_axis.to_value("um"), one.wavelength)
    # A surface brightness of 1 MJy/sr in 4e-13 sr is 4e-7 Jy.
    for got, wanted in ((read.flux, one.after), (read.uncertainty.quantity, one.after_err)):
        there = (wanted.astype(float) * 4e-7 * u.Jy).to(density, equivalencies=u.spectral_density(wave))
        np.testing.assert_allclose(got.value, there.value, rtol=1e-6)
    table = QTable.read(path)
    np.testing.assert_array_equal(table["before"].to_value("MJy/sr"), one.before)
    aperture = table["aperture_after"].to_value(u.Jy, equivalencies=u.spectral_density(wave))
    np.testing.assert_allclose(aperture, one.aperture_after, rtol=1e-6)
    told = " ".join(table.meta["comments"])
    for part in ("ch1-short", "n\\xe9_cal.fits", "oversample = 3", "version: jwst", "83.80000000"):
        assert part in told


def test_all_are_written_or_none(tmp_path):
    both = [((spectra(),), Recipe()), ((spectra(2.0),), Recipe(fit_threshold=3.0))]
    (tmp_path / "b.ecsv").write_text("mine")
    with pytest.raises(OutputError, match="already exists"):
        write_spectra(both, [], tmp_path, ["a.ecsv", "b.ecsv"])
    assert [p.name for p in tmp_path.iterdir()] == ["b.ecsv"]
    written = write_spectra(both, [], tmp_path, ["a.ecsv", "b.ecsv"], overwrite=True)
    assert [path.name for path in written] == ["a.ecsv", "b.ecsv"]
    assert "fit_threshold = 3.0" in written[1].read_text()


@pytest.mark.parametrize("unit", ["MJy", "Jy/pixel", "DN/s", "", "NONSENSE"])
def test_other_units_stay_as_they_are(unit):
    values = np.ones(3)
    spectra = SpaxelSpectra("b", 1.0, 2.0, (0, 0), unit, 1e-13, *[values] * 5, 0.5, *[values] * 4, 0.0, 0.0)
    table = spectrum_table([spectra])
    assert "flux" not in table.colnames
    for name in ("before", "after", "aperture_before", "aperture_after"):
        assert table[name].unit.to_string() == u.Unit(unit, parse_strict="silent").to_string()
        assert (table[name] == 1.0).all()
