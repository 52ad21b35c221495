"""What other systems' documentation says about their ``results.json``, as JSON schemas.

Gradescope, "Output format": https://gradescope-autograders.readthedocs.io/en/latest/specs/
PrairieLearn, "Grading results": https://docs.prairielearn.com/externalGrading/
"""

from __future__ import annotations

from typing import Any

VISIBILITY = {"enum": ["hidden", "after_due_date", "after_published", "visible"]}
FORMAT = {"enum": ["text", "html", "simple_format", "md", "ansi"]}
TEXT, NUMBER = {"type": "string"}, {"type": "number"}

GRADESCOPE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "score": NUMBER,
        "execution_time": {"type": "integer", "minimum": 0},
        "output": TEXT,
        "output_format": FORMAT,
        "test_output_format": FORMAT,
        "test_name_format": FORMAT,
        "visibility": VISIBILITY,
        "stdout_visibility": VISIBILITY,
        "extra_data": {"type": "object"},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "score": NUMBER,
                    "max_score": NUMBER,
                    "status": {"enum": ["passed", "failed"]},
                    "name": TEXT,
                    "name_format": FORMAT,
                    "number": TEXT,
                    "output": TEXT,
                    "output_format": FORMAT,
                    "tags": {"type": "array", "items": TEXT},
                    "visibility": VISIBILITY,
                    "extra_data": {"type": "object"},
                },
            },
        },
    },
    # "optional, but required if not on each test case"
    "anyOf": [{"required": ["score"]}, {"properties": {"tests": {"items": {"required": ["score"]}}}}],
}

PRAIRIELEARN: dict[str, Any] = {
    "type": "object",
    "properties": {
        "gradable": {"type": "boolean"},
        "score": {"type": "number", "minimum": 0, "maximum": 1},
        "message": TEXT,
        "output": TEXT,
        "format_errors": {"anyOf": [TEXT, {"type": "array", "items": TEXT}]},
        "tests": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "points", "max_points"],
                "properties": {
                    "name": TEXT,
                    "description": TEXT,
                    "points": NUMBER,
                    "max_points": NUMBER,
                    "message": TEXT,
                    "output": TEXT,
                },
            },
        },
    },
    "anyOf": [{"required": ["score"]}, {"properties": {"gradable": {"const": False}}, "required": ["gradable"]}],
}
