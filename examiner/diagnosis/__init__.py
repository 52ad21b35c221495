"""The catalogue of wrong and right answers, its fingerprints, and the diagnosis of failed checks by them.

A sentence must be true before it is helpful: silence is better than a wrong name.
"""

__all__ = []
