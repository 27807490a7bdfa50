"""Functions from a WCS's tree against astropy's models, to the last bit."""

from __future__ import annotations

import io

import asdf
import numpy as np
import pytest
from astropy.modeling import models
from gwcs import coordinate_frames, wcs

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
}


@pytest.mark.parametrize("name", MODELS)
def test_functions_equal_astropys_models(name):
    model = MODELS[name]
    inputs = [RANDOM.normal(0.0, 5.0, (3, 700)) for _ in range(model.n_inputs)]
    inputs[0][0, 0] = np.nan
    expected = model(*inputs)
    node = node_of(model)
    found = make_transform(node)(*inputs)
    assert len(found) == model.n_outputs
    for ours, theirs, again in zip(found, expected, make_model(node)(*inputs), strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True)
        assert np.array_equal(ours, again, equal_nan=True)


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
