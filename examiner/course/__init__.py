"""What touches nbgrader: its configuration and preprocessors, the gradebook, the grading of a class, its results.

nbgrader is imported here and in `examiner.notebooks.merge`, and nowhere else.
"""

__all__ = []
