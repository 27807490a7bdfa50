from __future__ import annotations

from atm_viewer.session.state.data_quality import dq_names


def test_dq_names_are_the_pipelines():
    from stdatamodels.jwst.datamodels.dqflags import pixel

    assert dq_names(0) == "good"
    for name, value in pixel.items():
        if value:
            assert dq_names(value) == name
    assert dq_names(1 | 1 << 10) == "DO_NOT_USE + DEAD"
