"""Late work: the due date and policy of the configuration, in gradebook, row and JSON."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from examiner._exceptions import ConfigurationError
from examiner.course import Course, Results, refresh_penalties
from examiner.exchange import write_scores
from tests.examiner.course.fakes import Grading
from tests.examiner.small import run

POLICY = """
c.Examiner.assignments["small"]["late"] = {"due": "2026-03-01 12:00 UTC", %s}
"""
TEN_A_DAY = '"percent_a_day": 10, "floor_percent": 50, "grace_minutes": 15'


def say(root: Path, policy: str = TEN_A_DAY) -> None:
    """Put a policy at the end of the configuration, in the place of an earlier one."""
    config = root / "nbgrader_config.py"
    text = config.read_text().partition("\n# late\n")[0]
    config.write_text(f"{text}\n# late\n{POLICY % policy}")


def hand_in(root: Path, student: str, when: str) -> None:
    (root / "submitted" / student / "small" / "timestamp.txt").write_text(when)


def book(root: Path) -> Gradebook:
    return Gradebook(f"sqlite:///{root}/gradebook.db", "neural_networks_from_scratch")


def test_hours_and_penalty_are_in_row_json_and_gradebook(root: Path, grade_all: Grading) -> None:
    say(root)
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    hand_in(root, "ada", "2026-03-01 12:10:00 UTC")
    report = grade_all()
    bob, ada = report.students["bob"], report.students["ada"]
    assert (bob.hours_late, bob.penalty, bob.score) == (30.0, 1.6, 6.4)  # 8 points, two days begun
    assert (ada.hours_late, ada.penalty, ada.score) == (0.0, 0.0, 12.0)  # ten minutes: within the grace period
    content = bob.as_json()
    assert (content["hours_late"], content["penalty"], content["notebooks"]["one"]["penalty"]) == (30.0, 1.6, 1.6)
    with book(root) as gradebook:
        assert gradebook.find_assignment("small").duedate == datetime(2026, 3, 1, 12, 0)
        assert gradebook.find_submission("small", "bob").late_submission_penalty == 1.6


def test_a_new_policy_and_manual_grades_count_without_grading_again(root: Path, grade_all: Grading) -> None:
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    say(root)
    grade_all()
    say(root, '"percent_a_day": 25')
    with book(root) as gradebook:
        grade = gradebook.find_grade("explain", "one", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    assert refresh_penalties(Course.load("small")) == 1
    assert refresh_penalties(Course.load("small")) == 0
    row = Results(Course.load("small")).outcome("bob")
    assert (row.penalty, row.score) == (5.0, 5.0)  # of 10 points
    before = (root / "autograded/bob/small/one.ipynb").stat().st_mtime_ns
    say(root, '"percent_a_day": 10')
    assert grade_all().students["bob"].penalty == 2.0
    assert (root / "autograded/bob/small/one.ipynb").stat().st_mtime_ns == before


def test_an_export_has_the_penalty_of_today_s_marks(root: Path, grade_all: Grading) -> None:
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    say(root, '"percent_a_day": 10')
    grade_all()
    with book(root) as gradebook:
        grade = gradebook.find_grade("explain", "one", "small", "bob")
        grade.manual_score, grade.needs_manual_grade = 2.0, False
        gradebook.db.commit()
    row = write_scores("csv", Results(Course.load("small")), root / "out.csv", None, ["bob"])["bob"]
    assert (row.penalty, row.score) == (2.0, 8.0)  # two days of 10 points


def test_an_extension_of_nbgrader_counts(root: Path, grade_all: Grading) -> None:
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    say(root)
    grade_all()
    with book(root) as gradebook:
        gradebook.find_submission("small", "bob").extension = timedelta(hours=29)
        gradebook.db.commit()
    row = grade_all().students["bob"]
    assert (row.hours_late, row.penalty) == (1.0, 0.8)


def test_a_plug_in_of_the_course_is_left_alone(root: Path, grade_all: Grading) -> None:
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    say(root)
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(
            "from nbgrader.plugins import LateSubmissionPlugin\nclass Own(LateSubmissionPlugin):\n"
            "    def late_submission_penalty(self, *_):\n        return 0.25\n"
            "c.AssignLatePenalties.plugin_class = Own\n"
        )
    assert grade_all().students["bob"].penalty == 0.25
    assert refresh_penalties(Course.load("small")) == 0


def test_without_an_entry_the_gradebook_s_due_date_and_nbgrader_s_method_hold(root: Path, grade_all: Grading) -> None:
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    with (root / "nbgrader_config.py").open("a") as config:
        config.write('c.LateSubmissionPlugin.penalty_method = "zero"\n')
    grade_all()
    with book(root) as gradebook:
        gradebook.update_or_create_assignment("small", duedate="2026-03-01 12:00:00 UTC")
    row = grade_all("bob", force=True).students["bob"]
    assert (row.hours_late, row.penalty, row.score) == (30.0, 8.0, 0.0)


@pytest.mark.parametrize(
    ("policy", "value", "sentence"),
    [
        ('"due": "2026-02-30 12:00 UTC"', "2026-02-30", "has the due date '2026-02-30 12:00 UTC', which is not a time"),
        ('"percent_a_day": 500', "500", "has percent_a_day 500, which is not a number from 0 to 100."),
        ('"per_day": 5', "per_day", "has an unknown key 'per_day': use due, "),
    ],
)
def test_an_impossible_policy_is_one_sentence_with_file_and_line(
    policy: str, value: str, sentence: str, root: Path
) -> None:
    say(root, policy)
    lines = (root / "nbgrader_config.py").read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if value in line)
    with pytest.raises(ConfigurationError) as raised:
        Course.load("small")
    where = f"nbgrader_config.py, line {number}: c.Examiner.assignments['small']['late'] "
    assert str(raised.value).startswith(where + sentence)


@pytest.mark.slow
def test_nbgrader_itself_assigns_the_same_penalty(root: Path, grade_all: Grading) -> None:
    say(root)
    grade_all()  # enters the assignment
    hand_in(root, "bob", "2026-03-02 18:00:00 UTC")
    run(root, "nbgrader", "autograde", "small", "--student", "bob", "--force")
    with book(root) as gradebook:
        submission = gradebook.find_submission("small", "bob")
        assert submission.late_submission_penalty == pytest.approx(0.2 * submission.score)
        assert submission.score > 0
