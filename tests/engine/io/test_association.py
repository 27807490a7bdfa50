"""Associations: what they open, and a sentence for each way in which they can be wrong."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.association import MissingMembers, Product, expand_inputs, read_inputs
from atm_viewer.engine.io.exposure import open_exposure
from atm_viewer.engine.names import exposure_name, product_name


def members(*names: str, exptype: str = "science") -> list[dict]:
    return [{"expname": name, "exptype": exptype} for name in names]


@pytest.fixture
def associate(tmp_path):
    """Write an association of some products; files for its members are made unless told otherwise."""

    def write(*products: dict, name: str = "stars_asn.json", missing: str = "") -> Path:
        for product in products:
            for member in product.get("members", []):
                if str(name_of := member.get("expname")).isidentifier() and name_of != missing:
                    (tmp_path / str(name_of)).touch()
        path = tmp_path / name
        path.write_text(json.dumps({"products": list(products)}))
        return path

    return write


def refusal(*paths) -> str:
    with pytest.raises(InputError) as refused:
        expand_inputs(paths)
    sentence = str(refused.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


def test_science_members_beside_it_take_its_place(associate, tmp_path):
    association = associate(
        {"name": "star", "members": members("a_cal", "b_crf") + members("sky", exptype="background")},
        {"name": "other", "members": members("c_cal", exptype="SCIENCE")},
    )
    assert expand_inputs(["x_cal.fits", association]) == [
        Path("x_cal.fits"),
        *(tmp_path / name for name in ("a_cal", "b_crf", "c_cal")),
    ]


def test_the_folder_it_is_called_from_does_not_matter(associate, tmp_path, monkeypatch):
    association = associate({"name": "star", "members": members("a_cal")})
    monkeypatch.chdir("/")
    assert expand_inputs([str(association)]) == [tmp_path / "a_cal"]


@pytest.mark.parametrize("folder", ["sub", "../elsewhere/", "{here}/elsewhere", "sub\\"])
def test_members_are_found_beside_it_whatever_folder_it_says(associate, tmp_path, folder):
    (tmp_path / "a_cal").touch()
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a_cal").touch()
    name = f"{folder.format(here=tmp_path)}/a_cal".replace("\\/", "\\")
    assert expand_inputs([associate({"name": "star", "members": members(name)})]) == [tmp_path / "a_cal"]


@pytest.mark.parametrize("place", ["sub", "../elsewhere", "{here}/absolute"])
def test_members_are_found_where_it_says(associate, tmp_path, monkeypatch, place):
    name = f"{place.format(here=tmp_path)}/a_cal"
    path = tmp_path / name
    path.parent.mkdir()
    path.touch()
    association = associate({"name": "star", "members": members(name)})
    monkeypatch.chdir("/")
    assert expand_inputs([association]) == [path]


def test_members_are_found_below_a_named_folder(associate, tmp_path):
    association = associate({"name": "star", "members": members("/gone/a_cal", "/gone/b_cal")})
    deep = tmp_path / "data" / "stage2" / "night"
    deep.mkdir(parents=True)
    (tmp_path / "data" / "a_cal").touch()
    (deep / "a_cal").touch()  # the one least deep is taken
    (deep / "b_cal").touch()
    with pytest.raises(MissingMembers, match="a_cal and 1 more") as refused:
        read_inputs([association])
    assert refused.value.names == ("a_cal", "b_cal")
    found = read_inputs([association], [tmp_path / "data"])
    assert found.exposures == (tmp_path / "data" / "a_cal", deep / "b_cal")
    with pytest.raises(InputError, match="is not a folder"):
        read_inputs([association], [tmp_path / "none"])


@pytest.mark.parametrize("name", ["..", "", None, 7, "a\n", "sub/", "a/../.."])
def test_members_that_are_no_files_are_refused(associate, name):
    sentence = refusal(associate({"name": "star", "members": [{"expname": name, "exptype": "science"}]}))
    assert "stars_asn.json" in sentence
    assert "not the path of a file" in sentence


@pytest.mark.parametrize("name", ["s3://stpubdata/a_cal.fits", "https://mast.stsci.edu/a_cal.fits"])
def test_urls_are_refused(associate, name):
    assert "only local files" in refusal(associate({"name": "star", "members": members(name)}))
    assert "is not a local file" in refusal(name)


def test_a_pipe_in_a_members_place_is_not_opened(associate, tmp_path):
    os.mkfifo(tmp_path / "pipe_cal")
    (path,) = expand_inputs([associate({"name": "star", "members": members("sub/pipe_cal")})])
    with pytest.raises(InputError, match="is a pipe, not a file"):
        open_exposure(path)


def test_what_is_left_out_is_said(associate):
    found = read_inputs(
        [
            associate(
                {
                    "name": "x",
                    "members": members("a")
                    + members("s", "t", exptype="background")
                    + members("c", exptype="sourcecat"),
                }
            )
        ]
    )
    assert found.notes == ("stars_asn.json: left out members that are not science (2 background, 1 sourcecat).",)


def test_a_missing_member_is_named_with_the_folder_it_belongs_to(associate, tmp_path):
    sentence = refusal(associate({"members": members("a_cal", "b_cal")}, missing="b_cal"))
    assert "b_cal" in sentence
    assert str(tmp_path) in sentence


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"", "not a JSON file"),
        (b"SIMPLE  =", "not a JSON file"),
        (b"\xff\xfe\x00", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b"[]", "lists no products"),
        (b"{}", "lists no products"),
        (b'{"products": []}', "lists no products"),
        (b'{"products": {"name": "x"}}', "lists no products"),
        (b'{"products": ["x"]}', "lists no products"),
        (b'{"products": [{"name": "x"}]}', "no science members"),
        (b'{"products": [{"members": [3, null]}]}', "no science members"),
        (b'{"products": [{"members": [{"expname": "x", "exptype": "background"}]}]}', "no science members"),
    ],
)
def test_what_is_no_association_is_told(tmp_path, content, part):
    path = tmp_path / "odd_asn.json"
    path.write_bytes(content)
    sentence = refusal(path)
    assert part in sentence
    assert "odd_asn.json" in sentence


def test_an_absent_association_is_told(tmp_path):
    assert "There is no file" in refusal(tmp_path / "none_asn.json")


def test_an_unreadable_association_is_told(tmp_path, monkeypatch):
    path = tmp_path / "locked_asn.json"
    path.touch()

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    # Tests may run as root, to whom everything is readable.
    monkeypatch.setattr("atm_viewer.engine.io.association.read_bytes", refuse)
    assert "Permission denied" in refusal(path)


def test_a_folder_is_told(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_nothing_is_told():
    assert "No exposure is given" in refusal()


def test_twice_the_same_is_told(associate, tmp_path):
    association = associate({"members": members("a_cal", "b_cal")})
    assert "given twice" in refusal(association, tmp_path / "b_cal")
    (tmp_path / "link").symlink_to(tmp_path / "a_cal")
    assert "given twice" in refusal(association, tmp_path / "link")
    assert "given twice" in refusal(associate({"members": members("a_cal", "a_cal")}))


def test_the_product_has_the_name_of_the_association(associate, tmp_path):
    found = read_inputs([associate({"name": "star", "members": members("a_cal")})])
    assert found.one() == Product("star", (tmp_path / "a_cal",))
    assert found.one("other") == Product("other", (tmp_path / "a_cal",))


@pytest.mark.parametrize("name", ["../star", "/star", "a/b", "star\x00"])
def test_a_product_elsewhere_is_refused(associate, name):
    found = read_inputs([associate({"name": name, "members": members("a_cal")})])
    with pytest.raises(InputError, match="not a valid file name"):
        found.one()
    assert found.one("star").name == "star"


def test_several_products_stay_apart(associate, tmp_path):
    products = {"name": "one", "members": members("a", "b")}, {"name": "two", "members": members("c", "a")}
    found = read_inputs([associate(*products)])
    one, two = (Product(n, tuple(tmp_path / m for m in m)) for n, m in (("one", "ab"), ("two", "ca")))
    assert found.to_make() == (one, two)
    assert found.one("two") == two
    assert found.exposures == (*one.exposures, tmp_path / "c")
    assert found.notes == ("stars_asn.json has 2 products (one, two).",)
    with pytest.raises(InputError, match=r"several products \(one and two\); choose one of them \(--product NAME\)"):
        found.one()
    with pytest.raises(InputError, match="none of them 'three'"):
        found.to_make("three")


@pytest.mark.parametrize(
    ("names", "product"),
    [
        (["jw1_02101_00001_nrs1_cal.fits"], "jw1_02101_00001_nrs1"),
        (["jw1_02101_00001_nrs1_cal.fits", "jw1_02101_00002_nrs1_crf.fits"], "jw1_02101"),
        (["one_cal.fits", "two_cal.fits"], "one"),
        (["jw01234001001_02101_00001_nrs1_cal.fits", "jw01234002001_02101_00001_mirifulong_cal.fits"], "jw01234"),
        (["jw01234001001_1_cal.fits", "jw01235002001_1_cal.fits"], "jw01234001001_1"),
    ],
)
def test_the_product_of_exposures_is_named_after_them(names, product):
    assert read_inputs(names).one().name == product
    assert product_name([exposure_name(name) for name in names]) == product  # as the window does


def test_associations_of_one_product_go_together(associate, tmp_path):
    first = associate({"name": "x", "members": members("a_cal_1")}, name="x_asn.json")
    second = associate({"name": "x", "members": members("a_cal_2")}, name="y_asn.json")
    other = associate({"name": "z", "members": members("a_cal_3")}, name="z_asn.json")
    assert read_inputs([first, second]).one() == Product("x", (tmp_path / "a_cal_1", tmp_path / "a_cal_2"))
    assert [product.name for product in read_inputs([first, second, other]).to_make()] == ["x", "z"]
    (tmp_path / "a_cal_4").touch()
    assert read_inputs([first, tmp_path / "a_cal_4"]).one().name == "a_cal"
    with pytest.raises(InputError, match="beside an association with several products"):
        read_inputs([first, other, tmp_path / "a_cal_4"]).one("x")
