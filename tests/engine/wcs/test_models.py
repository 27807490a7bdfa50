"""Models of a WCS's nodes and the tags they are written with: without the plug-ins of asdf where that is possible."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import yaml
from astropy.modeling import models as astropy_models

from atm_viewer.engine.checks import asdf_check
from atm_viewer.engine.checks.asdf_check import check_asdf
from atm_viewer.engine.io.exposure import _asdf_bytes
from atm_viewer.engine.wcs import models
from atm_viewer.engine.wcs.exposure_wcs import wcs_of_tree
from atm_viewer.engine.wcs.models import few_plugins, make_model
from atm_viewer.engine.wcs.tree import read_tree
from tests.engine.wcs.test_transforms import node_of, written


def not_asked(part):
    raise AssertionError(f"asdf was asked for {getattr(part, '_tag', part)}")


@pytest.mark.parametrize("instrument", ["miri", "nirspec"])
def test_exposures_need_no_plug_ins(demo_files, instrument, monkeypatch):
    """Loading all of them takes 1.6 s in each new process."""
    monkeypatch.setattr(models, "_by_asdf", not_asked)
    monkeypatch.setattr(asdf_check, "_handled", not_asked)
    content = _asdf_bytes(demo_files(instrument)[0])
    assert not wcs_of_tree(read_tree(content, check_asdf("it", content))).by_gwcs


@pytest.mark.parametrize("missing", [False, True])
def test_what_is_not_known_is_left_to_asdf(monkeypatch, missing):
    model = astropy_models.Shift(1.0) if missing else astropy_models.Gaussian2D(2.0, 0.1, 0.2, 1.0, 3.0)
    node, inputs = node_of(model), np.random.default_rng(2).normal(size=(model.n_inputs, 5))
    if missing:  # as when a package names its converters otherwise
        monkeypatch.setattr(models, "_converter", {}.__getitem__)
    asked = []
    exact = models._by_asdf
    monkeypatch.setattr(models, "_by_asdf", lambda node: asked.append(node) or exact(node))
    assert np.array_equal(make_model(node)(*inputs), model(*inputs))
    assert asked == [node]


def test_tags_of_other_packages_are_known_to_asdf(monkeypatch):
    content = written(astropy_models.Shift(1.0))
    check_asdf("it", content)
    monkeypatch.setattr(asdf_check, "load_tags", frozenset)
    asked = []
    exact = asdf_check._handled
    monkeypatch.setattr(asdf_check, "_handled", lambda tag: asked.append(tag) or exact(tag))
    check_asdf("it", content)
    assert "tag:stsci.edu:asdf/core/asdf-1.1.0" in asked


_LOADED = """
import sys
import asdf
from atm_viewer.engine.output.metadata import open_metadata
with open_metadata(sys.argv[1]) as model:
    assert model.meta.instrument.name == "MIRI"
assert not {"specutils", "ndcube", "matplotlib"} & set(sys.modules)
assert "specutils" in {extension.package_name for extension in asdf.get_config().extensions}
"""


def test_metadata_are_opened_without_the_plug_ins_of_other_packages(demo_files):
    """They take 0.8 s in each new process; whoever asks asdf elsewhere in the process has them all."""
    subprocess.run([sys.executable, "-c", _LOADED, str(demo_files("miri")[0])], check=True)


def test_plug_ins_that_are_loaded_are_in_the_order_of_asdf():
    """Of plug-ins for the same tag the first one counts, and each writes its package into the history of a file."""
    import asdf

    safe_load = yaml.safe_load

    def names(config):
        plugins = [*config.resource_mappings, *config.extensions]
        return [(one.package_name, one.package_version, one.class_name) for one in plugins]

    with few_plugins():
        few = names(asdf.get_config())
    others = {"specutils", "ndcube"}
    assert few == [one for one in names(asdf.get_config()) if one[0] not in others]
    assert {"gwcs", "stdatamodels", "asdf-astropy", "asdf"} <= {one[0] for one in few}
    assert yaml.safe_load is safe_load  # as it was
