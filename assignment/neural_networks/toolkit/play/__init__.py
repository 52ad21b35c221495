"""Experiments with the student's own functions: each draws a strip of settings, and offers controls where it can.

The strip is drawn everywhere. The controls need ipywidgets and a person at a notebook.
"""

from toolkit.play.clouds import CLOUDS, cloud
from toolkit.play.controls import Knob, interactive, offer
from toolkit.play.landscape import descend, valley
from toolkit.play.penalties import fit_bumps, regularization
from toolkit.play.playground import Frame, playground, train_frames
from toolkit.play.signals import initialization, signal_sizes, signals

__all__ = [
    "CLOUDS",
    "Frame",
    "Knob",
    "cloud",
    "descend",
    "fit_bumps",
    "initialization",
    "interactive",
    "offer",
    "playground",
    "regularization",
    "signal_sizes",
    "signals",
    "train_frames",
    "valley",
]
