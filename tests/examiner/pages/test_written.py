"""Written answers question by question: what is shown, and that a filled-in table is saved whole or not at all."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import nbformat
import pytest

from examiner._exceptions import ExaminerError
from examiner.cli.main import main
from examiner.course import Course, Results
from examiner.pages import as_question_page, as_table, markup, questions, read_table
from examiner.pages.written import COLUMNS, Answer, Question
from tests.examiner.course.fakes import Grading
from tests.examiner.pages.test_feedback import Elements
from tests.examiner.pages.vectors import VECTORS
from tests.examiner.small import submission

HOSTILE = "=HYPERLINK(1)\n\n" + "\n\n".join(VECTORS)


@pytest.fixture
def course(root: Path, grade_all: Grading) -> Course:
    """A graded class: one student has answered, the other one attacks."""
    for student, text in {"ada": "Because $x^2$ grows.", "bob": HOSTILE}.items():
        notebook = submission()
        next(cell for cell in notebook.cells if cell.id == "explain").source = text
        nbformat.write(notebook, root / "submitted" / student / "small" / "one.ipynb")
    grade_all(force=True)
    return Course.load("small")


def rows(text: str) -> list[dict[str, str]]:
    """The table's lines."""
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_a_question_has_everybodys_answer(course: Course) -> None:
    [question] = questions(course)
    assert (question.name, question.waiting) == ("explain", 2)
    assert [answer.student for answer in question.answers] == ["ada", "bob"]
    page = as_question_page(question, "small")
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in page
    assert Elements(page).text.count("no mark") == 2


def test_an_empty_answer_is_called_empty() -> None:
    question = Question("one", "explain", 2.0, "", "", (Answer("ada", "", markup.markdown(""), None, ""),))
    assert "(empty)" in as_question_page(question, "small")


def test_nothing_in_an_answer_runs_or_is_a_formula(course: Course) -> None:
    page, table = as_question_page(questions(course)[0], "small"), as_table(questions(course))
    for tag, attributes in Elements(page).found:
        assert tag not in {"script", "iframe", "object", "embed", "link", "svg", "form", "base", "video", "audio"}
        assert not [name for name in attributes if name.startswith("on") or name == "style"]
        assert (attributes.get("src") or "data:image/").startswith("data:image/")
    assert [line["answer"][:1] for line in rows(table)] == ["B", "'"]


def test_points_and_comments_come_back(
    root: Path, course: Course, grade_all: Grading, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Results(course).outcome("ada").score
    assert before is not None
    assert main(["written", "small"]) == 0
    table = root / "written" / "small" / "marks.csv"
    assert f"1 questions, 2 answers without a mark: {table.parent}" in capsys.readouterr().out.replace("\n", "")
    assert (table.parent / "one-explain.html").is_file()
    assert main(["written", "small"]) == 2  # the table may be half filled in
    lines = rows(table.read_text())
    lines[0] |= {"score": "1,5", "comment": "-Good; see §3"}
    with table.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(lines)
    capsys.readouterr()
    assert main(["written", "small", "--import", str(table)]) == 0
    assert "1 answers graded, 1 have no mark yet." in capsys.readouterr().out
    assert Results(course).outcome("ada").score == before + 1.5
    assert questions(course)[0].answers[0].comment == "-Good; see §3"
    grade_all(force=True)
    assert Results(course).outcome("ada").score == before + 1.5  # it survives another grading
    again = rows(as_table(questions(course)))
    assert (again[0]["score"], again[0]["comment"]) == ("1.5", "'-Good; see §3")


WRONG = {
    "one,explain,ada,abc,2,,": "line 2, ada, one, explain: 'abc' is not a number of points.",
    "one,explain,ada,3,2,,": "line 2, ada, one, explain: 3 points of 2.",
    "one,explain,ada,-1,2,,": "line 2, ada, one, explain: -1 points of 2.",
    "one,explain,ada,nan,2,,": "line 2, ada, one, explain: nan points of 2.",
    "one,explain,eve,1,2,,": "line 2: there is no such answer: eve, one, explain.",
    "one,other,ada,1,2,,": "line 2: there is no such answer: ada, one, other.",
    "one,explain,ada,1,2,,\none,explain,ada,2,2,,": "line 3: a second line of ada, explain.",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_said_and_nothing_is_saved(line: str, root: Path, course: Course) -> None:
    path = root / "marks.csv"
    path.write_text(f"notebook,question,student_id,score,max_score,comment,answer\n{line}\none,explain,bob,1,2,,\n")
    with pytest.raises(ExaminerError) as caught:
        read_table(path, questions(course))
    assert str(caught.value) == f"{path}, {WRONG[line]}"
    assert main(["written", "small", "--import", str(path)]) == 2
    assert questions(course)[0].waiting == 2


def test_a_file_that_is_no_table(root: Path, course: Course) -> None:
    path = root / "marks.csv"
    with pytest.raises(ExaminerError, match=r"marks\.csv cannot be read: No such file"):
        read_table(path, questions(course))
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ExaminerError, match="cannot be read: it is not UTF-8"):
        read_table(path, questions(course))
    path.write_text(",".join(COLUMNS) + "\none,explain,ada,1,2,," + "x" * 200_000)
    with pytest.raises(ExaminerError, match=r"marks\.csv, line 2: field larger than field limit"):
        read_table(path, questions(course))
    path.write_text("student_id,points\n")
    with pytest.raises(ExaminerError, match="line 1: no column notebook, question, score"):
        read_table(path, questions(course))
