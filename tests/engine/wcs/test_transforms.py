"""Functions from a WCS's tree against astropy's models, to the last bit."""

from __future__ import annotations

import io

import asdf
import numpy as np
import pytest
from astropy.modeling import models
from gwcs import coordinate_frames, geometry, spectroscopy, wcs
from stdatamodels.jwst.transforms import models as jwst

from atm_viewer.engine.wcs.models import make_model
from atm_viewer.engine.wcs.transforms import make_transform, tables
from atm_viewer.engine.wcs.tree import NotUnderstoodError, kind, read_tree

RANDOM = np.random.default_rng(1)
TABLE = np.sort(RANDOM.normal(size=40))
STORED = {"all_array_storage": "internal"}


def polynomial(degree):
    names = [f"c{i}_{j}" for i in range(degree + 1) for j in range(degree + 1) if i + j <= degree]
    return models.Polynomial2D(degree, **dict(zip(names, RANDOM.normal(size=len(names)), strict=True)))


def written(model, **options):
    """Content of an ASDF file with a WCS of one step, as a datamodel has it."""
    detector = coordinate_frames.Frame2D(name="detector")
    there = coordinate_frames.CoordinateFrame(
        model.n_outputs, ["SPATIAL"] * model.n_outputs, tuple(range(model.n_outputs)), name="there"
    )
    content = io.BytesIO()
    tree = {"meta": {"wcs": wcs.WCS([(detector, model), (there, None)]), "wcsinfo": {"spectral_region": [1.0]}}}
    asdf.AsdfFile(tree).write_to(content, **options)
    return content.getvalue()


def node_of(model, **options):
    return read_tree(written(model, **options)).steps[0]


MODELS = {
    "polynomials": models.Mapping((0, 1, 0, 1)) | polynomial(8) & polynomial(1),
    "shifts and scales": (models.Shift(-485.7435678073763) & models.Identity(1))
    | (models.Scale(1.1) & models.Shift(0.3)),
    "constants": models.Mapping((1, 0, 1)) | models.Identity(2) & models.Const1D(2.5),
    "sums": (models.Mapping((0,), n_inputs=2) + models.Mapping((1,))) & models.Identity(1)
    | models.Scale(2.0) & models.Shift(1.0),
    "rotations": models.AffineTransformation2D([[1.1, 0.2], [-0.3, 0.9]], [1.0, 2.0]) | models.Rotation2D(33.0),
    "tables": models.Tabular1D(np.linspace(-9, 9, 40), TABLE, bounds_error=False, fill_value=np.nan)
    & models.Identity(1),
    "tables with values of their own outside": models.Tabular1D(
        np.linspace(-3, 3, 40), TABLE, bounds_error=False, fill_value=7.0
    ),
    "tables that end at once": models.Tabular1D([-3.0, 3.0], [2.0, 1.0], bounds_error=False, fill_value=np.nan),
    "tables that are extrapolated": models.Tabular1D(
        np.linspace(-3, 3, 40), TABLE, bounds_error=False, fill_value=None
    ),
    "tables that fall": models.Tabular1D(np.linspace(3, -3, 40), TABLE, bounds_error=False, fill_value=np.nan),
    "tables of nearest values": models.Tabular1D(
        np.linspace(-9, 9, 40), TABLE, method="nearest", bounds_error=False, fill_value=np.nan
    ),
    "constants into kernels": models.Mapping((0, 0, 0))
    | models.Const1D(0.3) & models.Const1D(0.5) & models.Const1D(2.0)
    | (polynomial(2) & models.Tabular1D([-3.0, 3.0], [2.0, 1.0], bounds_error=False, fill_value=np.nan)),
    "rotations in space": models.RotationSequence3D([1.1, 12.1, 33.0, -69.4], "zyxz"),
    "rotations of the sky": models.SphericalRotationSequence([1.1, 12.1, 33.0, -69.4], "zyxz"),
    "longitude and latitude": geometry.SphericalToCartesian(wrap_lon_at=180) | geometry.CartesianToSpherical(),
    "longitude and latitude to 180 degrees": geometry.CartesianToSpherical(wrap_lon_at=180),
    "direction cosines": jwst.Unitless2DirCos(),
    "from direction cosines": jwst.DirCos2Unitless(),
    "rotations of the grating wheel": models.Scale(0.02) & models.Scale(0.03) & models.Scale(0.1)
    | jwst.Rotation3DToGWA([0.03, 11.0, -4.2, 1.0, 0.5], "xyzyx"),
    "wavelengths of a grating": spectroscopy.WavelengthFromGratingEquation(56875.6, -1),
    "angles of a grating": spectroscopy.AnglesFromGratingEquation3D(56875.6, -1),
    "wavelengths of a grating by the pipeline": jwst.WavelengthFromGratingEquation(56875.6, -1),
    "refraction indices of a prism": jwst.RefractionIndexFromPrism(-16.5),
    "limits": jwst.Logical("GT", 0.55, np.nan) & jwst.Logical("LT", -0.55, 3.0) & jwst.Logical("NE", 0.0, 1.0),
}


@np.errstate(all="ignore")
@pytest.mark.parametrize("name", MODELS)
def test_functions_equal_astropys_models(name):
    model = MODELS[name]
    inputs = [RANDOM.normal(0.0, 5.0, (3, 700)) for _ in range(model.n_inputs)]
    inputs[0][0, 0] = np.nan
    inputs[-1][0, :3] = -3.0, 3.0, 0.0  # ends of tables, and the middle
    node = node_of(model)
    found = make_transform(node)(*inputs)
    expected, of_node = (one(*inputs) if model.n_outputs > 1 else (one(*inputs),) for one in (model, make_model(node)))
    for ours, theirs, again in zip(found, expected, of_node, strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True)
        assert np.array_equal(ours, again, equal_nan=True)


def test_longitudes_at_the_poles_and_at_zero_equal_gwcs():
    model = geometry.CartesianToSpherical()
    x = np.array([0.0, 0.0, -0.0, 1.0, 1.0, 1.0, -1.0, 1.0])
    y = np.array([0.0, -0.0, -0.0, 0.0, -0.0, -1e-300, -0.0, -1e-20])
    for ours, theirs in zip(make_transform(node_of(model))(x, y, x), model(x, y, x), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_an_input_that_is_fixed_is_put_in():
    model = models.fix_inputs(models.Shift(1.0) & models.Scale(2.0) & models.Identity(1), {2: 7.0})
    found = make_transform(node_of(model))(np.arange(3.0), np.arange(3.0))
    assert np.array_equal(found, [[1.0, 2.0, 3.0], [0.0, 2.0, 4.0], [7.0, 7.0, 7.0]])


def test_tables_are_found_and_their_values_replaced():
    node = node_of(MODELS["tables"])
    [table] = tables(node)
    assert kind(table) == "tabular"
    ones = make_transform(node, {id(table): np.ones(40)})(np.array([0.5]), np.array([3.0]))
    assert np.array_equal(ones, [[1.0], [3.0]])


def test_metadata_are_read():
    tree = read_tree(written(models.Identity(2)))
    assert tree.frames == ("detector", "there")
    assert tree.spectral_region


def test_positions_are_broadcast():
    first, second = make_transform(node_of(models.Shift(1.0) & models.Identity(1)))(np.zeros((2, 3)), 5.0)
    assert first.shape == second.shape == (2, 3)
    assert (second == 5.0).all()


def edited(before, after):
    content = written(MODELS["tables"], **STORED)
    assert before in content
    return content.replace(before, after)


def truncated():
    content = written(MODELS["tables"], **STORED)
    return content[: content.index(b"\xd3BLK") + 90]


def flipped():
    content = written(MODELS["tables"], **STORED)
    at = content.index(b"\xd3BLK") + 100
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(lambda: b"", id="empty"),
        pytest.param(lambda: b"#ASDF 1.0.0\n--- [1, 2\n...\n", id="not YAML"),
        pytest.param(lambda: b"#ASDF 1.0.0\n--- {meta: {}}\n...\n", id="no WCS"),
        pytest.param(lambda: b"#ASDF 1.0.0\n--- {meta: &m {wcs: {steps: [*m]}}}\n...\n", id="contains itself"),
        pytest.param(lambda: edited(b"source: 0", b"source: 7"), id="no such block"),
        pytest.param(lambda: edited(b"source: 0", b"source: file:///etc/hosts"), id="other file"),
        pytest.param(lambda: edited(b"[40]", b"[4000000000]"), id="larger than its block"),
        pytest.param(truncated, id="truncated"),
        pytest.param(flipped, id="flipped bit"),
        pytest.param(lambda: written(MODELS["tables"], **STORED, all_array_compression="zlib"), id="compressed"),
    ],
)
def test_what_is_not_understood_is_left_to_gwcs(content):
    with pytest.raises(NotUnderstoodError):
        read_tree(content())


def test_an_unknown_transform_is_left_to_gwcs():
    node = node_of(models.Identity(2))
    node._tag = "tag:example.org:unknown-1.0.0"
    with pytest.raises(NotUnderstoodError):
        make_transform(node)
