"""The engine that runs test cells, for grading, audit and fingerprints alike, in child processes of its own.

A child is forked from a warm process of one assignment; folder, environment, limits and timers end with it.
"""

__all__ = []
