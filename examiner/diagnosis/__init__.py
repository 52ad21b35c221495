"""The catalogue of wrong and right answers, its fingerprints, and the diagnosis of failed checks by them.

A sentence must be true before it is helpful: silence is better than a wrong name.
"""

from examiner.diagnosis.at_once import FILE, differences, known_mistakes
from examiner.diagnosis.diagnoser import Diagnoser, diagnose_here
from examiner.diagnosis.entries import (
    ALTERNATIVE,
    MISCONCEPTION,
    Catalogue,
    Entry,
    Excused,
    Listing,
    Probe,
    load_catalogues,
)
from examiner.diagnosis.records import Diagnosis

__all__ = [
    "ALTERNATIVE",
    "FILE",
    "MISCONCEPTION",
    "Catalogue",
    "Diagnoser",
    "Diagnosis",
    "Entry",
    "Excused",
    "Listing",
    "Probe",
    "diagnose_here",
    "differences",
    "known_mistakes",
    "load_catalogues",
]
