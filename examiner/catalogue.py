"""What a catalogue of wrong and right answers is written with: the door of `misconceptions/` to the examiner."""

from examiner.diagnosis import ALTERNATIVE, MISCONCEPTION, Catalogue, Entry, Excused, Probe, load_catalogues

__all__ = ["ALTERNATIVE", "MISCONCEPTION", "Catalogue", "Entry", "Excused", "Probe", "load_catalogues"]
