"""nbgrader's configuration: read by every `nbgrader` command and by formgrader."""

from pathlib import Path

from nbconvert.preprocessors import ClearMetadataPreprocessor, CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    ClearHiddenTests,
    ClearMarkScheme,
    DeduplicateIds,
    Execute,
    GetGrades,
    IgnorePattern,
    LimitOutput,
    OverwriteCells,
    OverwriteKernelspec,
)

from examiner.plugin import Grade, KeepTrainingOutput, Merge, SaveGrades

c = get_config()  # noqa: F821 - given by traitlets

c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.CourseDirectory.course_id = "neural_networks_from_scratch"
c.CourseDirectory.source_directory = "assignment"
# Neither caches nor compiled files are copied, into the release or out of a submission; nor anything that
# formgrader would serve to an instructor's browser as a page or a script.
c.CourseDirectory.ignore = [".*", "*.pyc", "__pycache__", "*.htm*", "*.xht*", "*.xml", "*.svg", "*.js", "*.mjs"]

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# What students trained stays theirs, whatever lies in the source folder.
c.Autograde.exclude_overwriting = {
    "neural_networks": ["mnist_parameters.npz", "housing_parameters.npz"]
}

c.Examiner.assignments = {
    "neural_networks": {
        "toolkit": "toolkit",
        "catalogue": "misconceptions",
        "environment": {"NN_OFFLINE": "1", "NN_EARLIER_DIR": "{earlier}", "CHECKS_SEED": "{seed}"},
        "data_folder": {"variable": "NN_DATA_DIR", "cache": "neural_networks"},
        "data_sets": {"mnist": "toolkit.data:load_mnist", "housing": "toolkit.data:load_california_housing"},
        "files": ["mnist_parameters.npz", "housing_parameters.npz"],
    },
}

# The heaviest cell of the reference takes about 2 s; a student's slow but honest code gets ten times that.
c.Execute.timeout = 20
# Kernels warn that they listen on this machine's loopback; nbgrader would print it for every notebook.
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]

# Plain nbgrader, which trusts submissions. Training cells keep the curves that the student's own run drew;
# nbgrader's ClearOutput wipes them.
c.Autograde.sanitize_preprocessors = [
    KeepTrainingOutput,
    DeduplicateIds,
    OverwriteKernelspec,
    OverwriteCells,
    CheckCellMetadata,
]
# As nbgrader's own list, with SaveGrades for its SaveAutoGrades.
c.Autograde.autograde_preprocessors = [
    Execute,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]

# Students see how each check went, not how it is tested: feedback is passed on, and read next year.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, ClearMarkScheme, CSSHTMLHeaderPreprocessor]

# The examiner: student code in a sandbox, tests outside it. Without these lines plain nbgrader grades.
c.Autograde.pre_convert_hook = "examiner.notebooks.intake.leave_out_irregular"
c.Autograde.sanitize_preprocessors = [Merge, CheckCellMetadata]
c.Autograde.autograde_preprocessors = [
    Grade,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
c.Examiner.cell_seconds = c.Examiner.call_seconds = 20
