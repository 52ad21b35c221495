"""What replaces the student's answers in a test cell, in the engine's child.

Calling a proxy calls the student's function in the sandbox: arguments and results cross by value.
"""

from examiner.grading.proxies.bridge import AnswerError, Bridge, Link, Raised
from examiner.grading.proxies.names import TestNames
from examiner.grading.proxies.proxy import Proxy, RemoteDict

__all__ = ["AnswerError", "Bridge", "Link", "Proxy", "Raised", "RemoteDict", "TestNames"]
