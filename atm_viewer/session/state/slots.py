"""Names of the results that the window shows, each with its latest question and answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from atm_viewer.jobs.messages import (
    Correct,
    ExplainPixel,
    MakeSkyImage,
    MakeSpectra,
    PredictArtifact,
    Request,
    ShowProfile,
)
from atm_viewer.session.state import remedy_choice
from atm_viewer.session.state.measures import kind_of, slot


@dataclass
class Shown:
    """One thing the window shows: the latest question, its job while it is under way, and the latest answer."""

    asked: Request | None = None
    job: int | None = None
    result: Any = None


def name_of(request: Request) -> str:
    """Name of what a request is for, empty for what is not shown; a slot follows where there are several."""
    match request:
        case Correct():
            return "report"
        case ShowProfile():
            return "profile"
        case ExplainPixel():
            return "pixel"
        case PredictArtifact():
            return "prediction"
        case MakeSkyImage(slot=image):
            return f"sky {image}".rstrip()
        case MakeSpectra(slot=place):
            return f"spectra {place}"
    if kind := kind_of(request):
        return slot(kind)
    return remedy_choice.slot_of(request)


def spectra_name(variant: str, place: int) -> str:
    """Name of the spectra of a variant at a place."""
    return f"spectra {variant}{place}"
