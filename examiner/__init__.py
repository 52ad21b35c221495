"""The grader: extends nbgrader, and knows nothing about neural networks."""

__version__ = "0.1.0"
