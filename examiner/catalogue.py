"""What a catalogue is written with: the only module of the examiner that `misconceptions/` imports."""

from examiner.diagnosis import ALTERNATIVE, MISCONCEPTION, Catalogue, Entry, Excused, Probe, load_catalogues

__all__ = ["ALTERNATIVE", "MISCONCEPTION", "Catalogue", "Entry", "Excused", "Probe", "load_catalogues"]
