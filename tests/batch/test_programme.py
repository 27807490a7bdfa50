"""What a programme consists of: files, folders and associations become targets."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from astropy.table import Table

from atm_viewer.batch.made import BandNoise, Record, complete, files_of, fingerprint, has_table, read_record, table_mark
from atm_viewer.batch.pages import finish, write_index
from atm_viewer.batch.programme import Options, Target, read_programme
from atm_viewer.batch.tasks import Plan
from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import Recipe, dump_recipe
from atm_viewer.html_page import page


@pytest.fixture
def folder(tmp_path) -> Path:
    """Two associations, one of which lacks a member, and one of another stage."""
    for name in ("a_1", "a_2", "b_1"):
        (tmp_path / f"{name}_cal.fits").write_bytes(b"")
    for stem, names in (("jw1_spec3", ["a_1", "a_2"]), ("jw2_spec3", ["b_1", "gone"]), ("jw1_spec2_1", ["a_1"])):
        members = [{"expname": f"{name}_cal.fits", "exptype": "science"} for name in names]
        product = {"name": stem.removesuffix("_spec3"), "members": members}
        (tmp_path / f"{stem}_asn.json").write_text(json.dumps({"products": [product]}))
    return tmp_path


def test_a_folder_is_its_associations_and_one_that_lacks_a_file_is_a_target_with_a_problem(folder):
    first, second = read_programme([folder], Options())
    assert (first.name, first.problem) == ("jw1", "")
    assert first.exposures == (folder / "a_1_cal.fits", folder / "a_2_cal.fits")
    assert "gone_cal.fits" in second.problem


def test_a_folder_without_associations_is_its_exposures_by_observation(folder):
    for path in folder.glob("*.json"):
        path.unlink()
    for name in ("jw01234001001_1", "jw01234001001_2", "jw01234002001_1"):
        (folder / f"{name}_cal.fits").write_bytes(b"")
    names = [len(target.exposures) for target in read_programme(sorted(folder.glob("jw*")), Options())]
    assert names == [2, 1]
    (folder / "empty").mkdir()
    with pytest.raises(InputError, match="neither associations"):
        read_programme([folder / "empty"], Options())


def test_a_programme_file_says_for_each_target_how_it_is_made(folder):
    (folder / "r.toml").write_text(dump_recipe(Recipe(fit_threshold=7.0)))
    (folder / "p.toml").write_text(
        """version = 1
exposures = true
spaxels = 2
[cube]
scalexy = 0.2
[[target]]
name = "NGC 1"
inputs = ["jw1_spec3_asn.json", "b_1_cal.fits"]
recipe = "r.toml"
[[target]]
inputs = ["jw1_spec3_asn.json"]
tune = true
bands = ["ch1-short"]
[target.cube]
scalexy = 0.3
"""
    )
    first, second = read_programme([folder / "p.toml"], Options())
    assert (first.name, len(first.exposures)) == ("NGC 1", 3)
    assert (first.options.recipe.fit_threshold, first.options.exposures, first.options.spaxels) == (7.0, True, 2)
    assert second.options.tune
    assert second.options.bands == ("ch1-short",)
    assert second.options.recipe.cube.scalexy == 0.3


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = 2\n[[target]]\ninputs = ['a']", "version = 1"),
        ("version = 1", "no \\[\\[target\\]\\]"),
        ("version = 1\nspeed = 3\n[[target]]\ninputs = ['a']", "unknown key 'speed'"),
        ("version = 1\n[[target]]\ninputs = 'a'", "no inputs"),
        ("version = 1\ntune = 1\n[[target]]\ninputs = ['a']", "true or false"),
        ("version = 1\nspaxels = 0\n[[target]]\ninputs = ['a']", "from 1 to 400"),
        ("version = 1\n[[target]]\nname = 'a/b'\ninputs = ['a']", "without folders"),
    ],
)
def test_what_is_wrong_in_a_programme_file_is_told(tmp_path, text, said):
    (tmp_path / "p.toml").write_text(text)
    with pytest.raises(InputError, match=said):
        read_programme([tmp_path / "p.toml"], Options())


def test_targets_of_one_name_have_folders_of_their_own(folder):
    path = folder / "jw1_spec3_asn.json"
    other = folder / "jw3_spec3_asn.json"
    other.write_text(path.read_text().replace('"jw1"', '"jw1-2"'))
    names = [target.name for target in read_programme([path, path, other], Options())]
    assert names == ["jw1", "jw1-2", "jw1-2-2"]


def test_of_a_folder_with_both_kinds_of_exposures_one_is_used(tmp_path):
    for name in ("jw01234001001_1_cal.fits", "jw01234001001_1_crf.fits", "jw01234001001_2_crf.fits"):
        (tmp_path / name).write_bytes(b"")
    (target,) = read_programme([tmp_path], Options())
    assert [path.name for path in target.exposures] == ["jw01234001001_1_crf.fits", "jw01234001001_2_crf.fits"]
    assert "left out 1 *_cal files" in target.notes[0]


def test_an_exposure_that_would_count_twice_and_one_whose_products_would_be_overwritten_are_refused(folder):
    (folder / "more").mkdir()
    (folder / "more" / "a_1_cal.fits").write_bytes(b"")
    (folder / "p.toml").write_text(
        """version = 1
[[target]]
name = "twice"
inputs = ["jw1_spec3_asn.json", "more/../a_1_cal.fits"]
[[target]]
name = "same name"
inputs = ["jw1_spec3_asn.json", "more"]
[[target]]
name = "lacks one"
inputs = ["."]
"""
    )
    twice, same, lacks = read_programme([folder / "p.toml"], Options())
    assert "a_1_cal.fits is given twice" in twice.problem
    assert "products of the same name" in same.problem
    assert "gone_cal.fits" in lacks.problem
    (alone,) = read_programme([folder / "a_1_cal.fits"] * 2, Options())
    assert "given twice" in alone.problem


def test_a_target_is_complete_until_something_changes(tmp_path):
    exposure, folder = tmp_path / "a_cal.fits", tmp_path / "out"
    exposure.write_bytes(b"1")
    folder.mkdir()
    (folder / "cube.fits").write_bytes(b"cube")
    target = Target('a <b> "c"', (exposure,), Options())
    versions = {"numpy": "2"}
    assert complete(folder, target, versions) is None
    noise = (BandNoise("ch1-short", 0.03, float("nan"), 'a "verdict" & <more>'),)
    record = Record(fingerprint(target, versions), 1, files_of(folder, ["cube.fits"]), noise, (), 3.0)
    (folder / "report.html").write_text(page("t", [], record.as_meta()))
    assert read_record(folder).noise[0].verdict == noise[0].verdict
    assert complete(folder, target, versions).fingerprint == record.fingerprint
    assert complete(folder, target, {"numpy": "3"}) is None
    tuned = replace(target, options=Options(tune=True))
    assert complete(folder, tuned, versions) is None
    (folder / "cube.fits").write_bytes(b"other")
    assert complete(folder, target, versions) is None
    write_index(tmp_path, [(target.name, "done", record, ["<failed>"])], "words")
    text = (tmp_path / "index.html").read_text()
    assert "a &lt;b&gt;" in text
    assert "&lt;failed&gt;" in text
    assert "<failed>" not in text


@pytest.mark.parametrize("second", [["a spaxel"], None])
def test_a_table_is_taken_again_only_where_all_bands_were_measured_with_the_same_recipe(tmp_path, monkeypatch, second):
    table = Table({"band": ["ch1-short"], "noise_before": [2.0], "noise_after": [1.0], "verdict": ["quiet"]})
    monkeypatch.setattr("atm_viewer.engine.output.metrics_table.metrics_table", lambda rows, lines: table)
    (tmp_path / "recipe.toml").write_text("")
    target = Target("a", (), Options())
    recipe = Recipe(fit_threshold=7.0)
    plan = Plan(recipe, (), ("ch1-short", "ch2-short"), (), ())
    record = finish(target, tmp_path, plan, [["a spaxel"], second], (), "mark", {}, 1.0)
    assert record.noise[0].before == 0.02
    assert has_table(tmp_path, target, table_mark("mark", recipe)) == (second is not None)
    assert not has_table(tmp_path, target, table_mark("mark", Recipe()))


def test_what_was_never_planned_is_not_taken_for_made(tmp_path):
    assert finish(Target("a", (), Options()), tmp_path / "a", None, (), (), "mark", {}, 1.0).fingerprint == ""
