"""nbgrader's configuration: read by every `nbgrader` command and by formgrader."""

from pathlib import Path

from examiner.plugin import configure

c = get_config()  # noqa: F821 - given by traitlets

c.CourseDirectory.root = str(Path(__file__).parent.resolve())
c.CourseDirectory.course_id = "neural_networks_from_scratch"
c.CourseDirectory.source_directory = "assignment"
# Neither caches nor compiled files are copied, into the release or out of a submission; nor anything that
# formgrader would serve to an instructor's browser as a page or a script.
c.CourseDirectory.ignore = [
    ".*",
    "*.pyc",
    "__pycache__",
    "*_runs.csv",
    "*.htm*",
    "*.xht*",
    "*.xml",
    "*.svg",
    "*.js",
    "*.mjs",
]

c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}
c.ClearSolutions.text_stub = "YOUR ANSWER HERE"

# Parameters that students trained are never replaced by files of the source folder.
c.Autograde.exclude_overwriting = {"neural_networks": ["mnist_parameters.npz", "housing_parameters.npz"]}

# The heaviest cell of the reference takes about 2 s; a student's slow but honest code gets ten times that.
c.Execute.timeout = 20
# Kernels warn that they listen on this machine's loopback; nbgrader would print it for every notebook.
c.Execute.extra_arguments = ["--IPKernelApp.log_level=ERROR"]

# The examiner: what it has to know of an assignment, and its limits.
c.Examiner.assignments = {
    "neural_networks": {
        "toolkit": "toolkit",
        "catalogue": "misconceptions",
        "environment": {"NN_OFFLINE": "1", "NN_EARLIER_DIR": "{earlier}", "CHECKS_SEED": "{seed}"},
        "data_folder": {"variable": "NN_DATA_DIR", "cache": "neural_networks"},
        "data_sets": {
            "mnist": "toolkit.data:load_mnist",
            "housing": "toolkit.data:load_california_housing",
        },
        "provide": "toolkit.data:provide",
        "files": ["mnist_parameters.npz", "housing_parameters.npz"],
    },
}
c.Examiner.cell_seconds = c.Examiner.call_seconds = 20

# Student code runs in a sandbox, tests outside it. Without this line plain nbgrader grades.
configure(c)
