from __future__ import annotations

import pytest

from atm_viewer.engine.errors import InputError
from atm_viewer.engine.recipe import PARAMETERS
from atm_viewer.session.edits.typed_values import format_value, parse_value


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("fit_threshold", "4", 4.0),
        ("fit_threshold", " 4.5 σ", 4.5),
        ("fit_threshold", "4,5", 4.5),
        ("fit_threshold", "−3", -3.0),
        ("fit_threshold", "", None),
        ("window", "30", 30),
        ("window", "30 columns", 30),
        ("use", "-0.9…0.4", ((-0.9, 0.4),)),
        ("use", "−0.9 to 0.4; 1.0..1.5", ((-0.9, 0.4), (1.0, 1.5))),
        ("use", "-0,9…0,4", ((-0.9, 0.4),)),
        ("use", "-0,9…0,4, 1,0…1,5", ((-0.9, 0.4), (1.0, 1.5))),
        ("use", "1…2,3…4", ((1.0, 2.0), (3.0, 4.0))),
        ("use", "-0.9…0.4,1.0…1.5", ((-0.9, 0.4), (1.0, 1.5))),
        ("use", "none", ()),
        ("wavelengths", "4.9:5.6", (4.9, 5.6)),
        ("reach", " Slice", "slice"),
        ("peak_cut", "source", "source"),
        ("residual", "None", "none"),
    ],
)
def test_what_people_type(name, text, value):
    parsed = parse_value(name, text)
    assert parsed == value
    assert type(parsed) is type(value)
    assert parse_value(name, format_value(name, parsed)) == value


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("fit_threshold", "abc", "must be a number"),
        ("fit_threshold", "nan", "must be a number"),
        ("fit_threshold", "1.2.3", "must be a number"),
        ("window", "0", "from 1 to 2048"),
        ("window", "2.5", "whole number"),
        ("breakpoints", "3", "from 4 to 400"),
        ("use", "0.4…-0.9", "not below"),
        ("use", "0.4", "enter min…max in arcsec"),
        ("wavelengths", "1…2, 3…4", "enter one range, for example 4.9…5.6, not"),
        ("wavelengths", "5", "min…max in µm, for example 4.9…5.6"),
        ("wavelengths", "4900…5600", "between 0 and 30 µm"),
        ("slope_limit", "5", "slope_limit must be a number of at most 1, not '5'"),
        ("fit_threshold", "1e10", "of at most"),
        ("reach", "source", "pipeline or slice"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(name, text, word):
    with pytest.raises(InputError, match=word) as caught:
        parse_value(name, text)
    assert str(caught.value).endswith(".")


def test_every_tooltip_says_the_pipelines_name_and_default():
    for name, parameter in PARAMETERS.items():
        assert name in parameter.tooltip
        assert parameter.default_text in parameter.tooltip
