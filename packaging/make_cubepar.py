"""Make the cube parameter files that ATM Viewer ships.

``cube_build`` needs a CUBEPAR reference file: spaxel size, wavelength step and wavelength range of each band. These
files hold the published defaults, for drizzle weighting, so that cubes can be built without a reference file service.

    python packaging/make_cubepar.py [FOLDER]

writes ``miri_cubepar.fits`` and ``nirspec_cubepar.fits``, always with the same bytes, to ``resources/cubepar``.

Sources
-------
MRS wavelength ranges: JWST User Documentation, "MIRI Medium Resolution Spectroscopy", table of wavelength coverage.
MRS spaxel sizes and wavelength steps: those of the archive's cubes; Law et al. 2023, AJ 166, 45.
NIRSpec spaxel sizes and wavelength steps: `jwst.cube_build.instrument_defaults.InstrumentInfo`.
NIRSpec wavelength ranges: JWST User Documentation, "NIRSpec Dispersers and Filters"; documentation of ``cube_build``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

# spaxel [arcsec], step [um], from [um], to [um]
MIRI = {
    ("1", "SHORT"): (0.13, 0.0008, 4.90, 5.741),
    ("1", "MEDIUM"): (0.13, 0.0008, 5.66, 6.63),
    ("1", "LONG"): (0.13, 0.0008, 6.53, 7.65),
    ("2", "SHORT"): (0.17, 0.0013, 7.51, 8.77),
    ("2", "MEDIUM"): (0.17, 0.0013, 8.67, 10.13),
    ("2", "LONG"): (0.17, 0.0013, 10.01, 11.70),
    ("3", "SHORT"): (0.20, 0.0025, 11.55, 13.47),
    ("3", "MEDIUM"): (0.20, 0.0025, 13.34, 15.57),
    ("3", "LONG"): (0.20, 0.0025, 15.41, 17.98),
    ("4", "SHORT"): (0.35, 0.0060, 17.70, 20.95),
    ("4", "MEDIUM"): (0.35, 0.0060, 20.69, 24.48),
    ("4", "LONG"): (0.35, 0.0060, 24.40, 27.90),
}
NIRSPEC = {
    ("PRISM", "CLEAR"): (0.1, 0.005, 0.60, 5.30),
    ("G140M", "F070LP"): (0.1, 0.000636, 0.70, 1.27),
    ("G140M", "F100LP"): (0.1, 0.000636, 0.97, 1.89),
    ("G235M", "F170LP"): (0.1, 0.00106, 1.66, 3.17),
    ("G395M", "F290LP"): (0.1, 0.00179, 2.87, 5.27),
    ("G140H", "F070LP"): (0.1, 0.000235, 0.70, 1.27),
    ("G140H", "F100LP"): (0.1, 0.000235, 0.97, 1.89),
    ("G235H", "F170LP"): (0.1, 0.000396, 1.66, 3.17),
    ("G395H", "F290LP"): (0.1, 0.000665, 2.87, 5.27),
}


def spliced(bands: list[tuple[float, float, float, float]]) -> np.ndarray:
    """Wavelengths [um] of a cube made of several bands: each band's own step, from where the band before it ends."""
    pieces = []
    start = bands[0][2]
    for _, step, _, stop in bands:
        count = int(np.ceil((stop - start) / step - 1e-6))
        pieces.append(start + step * (np.arange(count) + 0.5))
        start += count * step
    return np.concatenate(pieces).astype(np.float32)


def table(name: str, columns: list[tuple[str, str, list | np.ndarray]]) -> fits.BinTableHDU:
    """Binary table extension of (name, format, values)."""
    hdu = fits.BinTableHDU.from_columns([fits.Column(n, form, array=values) for n, form, values in columns])
    hdu.header["EXTNAME"] = name
    return hdu


def primary(instrument: str, exp_type: str, model: str) -> fits.PrimaryHDU:
    """Header with the keywords a JWST reference file must have; no DATE, which would change the bytes."""
    hdu = fits.PrimaryHDU()
    hdu.header.update(
        FILENAME=f"{instrument.lower()}_cubepar.fits",
        DATAMODL=model,
        TELESCOP="JWST",
        INSTRUME=instrument,
        EXP_TYPE=exp_type,
        REFTYPE="cubepar",
        PEDIGREE="GROUND",
        DESCRIP="Published cube defaults, drizzle weighting only",
        AUTHOR="ATM Viewer",
        USEAFTER="2022-01-01T00:00:00",
    )
    return hdu


def miri_cubepar() -> fits.HDUList:
    """Parameters of the MRS bands, as `stdatamodels.jwst.datamodels.MiriIFUCubeParsModel` reads them."""
    spaxel, step, low, high = zip(*MIRI.values(), strict=True)
    parameters = table(
        "CUBEPAR",
        [
            ("channel", "3A", [channel for channel, _ in MIRI]),
            ("band", "12A", [band for _, band in MIRI]),
            ("spaxelsize", "E", spaxel),
            ("spectralstep", "E", step),
            ("wavemin", "E", low),
            ("wavemax", "E", high),
        ],
    )
    several = table("MULTICHANNEL_DRIZ", [("wavelength", "E", spliced(list(MIRI.values())))])
    return fits.HDUList([primary("MIRI", "MIR_MRS", "MiriIFUCubeParsModel"), parameters, several])


def nirspec_cubepar() -> fits.HDUList:
    """Parameters of the NIRSpec bands, as `stdatamodels.jwst.datamodels.NirspecIFUCubeParsModel` reads them."""
    spaxel, step, low, high = zip(*NIRSPEC.values(), strict=True)
    parameters = table(
        "CUBEPAR",
        [
            ("disperser", "5A", [disperser for disperser, _ in NIRSPEC]),
            ("filter", "6A", [filter_ for _, filter_ in NIRSPEC]),
            ("wavemin", "E", low),
            ("wavemax", "E", high),
            ("spaxelsize", "E", spaxel),
            ("spectralstep", "E", step),
        ],
    )
    several = []
    for name, dispersers in (
        ("PRISM", ("PRISM",)),
        ("MED", ("G140M", "G235M", "G395M")),
        ("HIGH", ("G140H", "G235H", "G395H")),
    ):
        bands = [values for (disperser, _), values in NIRSPEC.items() if disperser in dispersers]
        several.append(table(f"MULTICHAN_{name}_DRIZZLE", [("wavelength", "E", spliced(bands))]))
    return fits.HDUList([primary("NIRSPEC", "NRS_IFU", "NirspecIFUCubeParsModel"), parameters, *several])


def write(folder: Path) -> list[Path]:
    """Write both files; a file is replaced as a whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, hdus in (("miri_cubepar.fits", miri_cubepar()), ("nirspec_cubepar.fits", nirspec_cubepar())):
        part = folder / f"{name}.part"
        hdus.writeto(part, overwrite=True)
        os.replace(part, folder / name)
        written.append(folder / name)
    return written


if __name__ == "__main__":
    shipped = Path(__file__).resolve().parents[1] / "resources" / "cubepar"
    for path in write(Path(sys.argv[1]) if len(sys.argv) > 1 else shipped):
        print(path)
