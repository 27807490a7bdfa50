"""Associations: what they open, and a sentence for each way in which they can be wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.io.association import default_product, expand_inputs
from atm_viewer.engine.io.exposure import exposure_name
from atm_viewer.engine.names import product_name


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


@pytest.mark.parametrize("name", ["../a_cal", "/etc/passwd", "sub/a_cal", "sub\\a_cal", "..", "", None, 7, "a\n"])
def test_members_elsewhere_are_refused(associate, name):
    sentence = refusal(associate({"name": "star", "members": [{"expname": name, "exptype": "science"}]}))
    assert "stars_asn.json" in sentence
    assert "without folders" in sentence


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


def test_the_product_has_the_name_of_the_association(associate):
    assert default_product([associate({"name": "star", "members": members("a_cal")})]) == "star"


@pytest.mark.parametrize("name", ["../star", "/star", "a/b", "star\x00"])
def test_a_product_elsewhere_is_refused(associate, name):
    with pytest.raises(InputError, match="not a valid file name"):
        default_product([associate({"name": name, "members": members("a_cal")})])


@pytest.mark.parametrize(
    ("names", "product"),
    [
        (["jw1_02101_00001_nrs1_cal.fits"], "jw1_02101_00001_nrs1"),
        (["jw1_02101_00001_nrs1_cal.fits", "jw1_02101_00002_nrs1_crf.fits"], "jw1_02101"),
        (["one_cal.fits", "two_cal.fits"], "one"),
    ],
)
def test_the_product_of_exposures_is_named_after_them(names, product):
    assert default_product(names) == product
    assert product_name([exposure_name(name) for name in names]) == product  # as the window does


def test_the_product_of_several_associations_is_named_after_their_exposures(associate):
    first = associate({"name": "x", "members": members("a_cal_1")}, name="x_asn.json")
    second = associate({"name": "y", "members": members("a_cal_2")}, name="y_asn.json")
    assert default_product([first, second]) == "a_cal"
