"""Pages that people look at: a student's feedback, the class report, written answers across a class.

Templates are beside the modules; palette and stylesheet are in `examiner.look`.
"""

from examiner.pages.feedback import write_feedback
from examiner.pages.report import UNPROTECTED, ClassReport, anonymous, as_html, as_json, class_report, read_earlier
from examiner.pages.written import as_question_page, as_table, questions, read_table

__all__ = [
    "UNPROTECTED",
    "ClassReport",
    "anonymous",
    "as_html",
    "as_json",
    "as_question_page",
    "as_table",
    "class_report",
    "questions",
    "read_earlier",
    "read_table",
    "write_feedback",
]
