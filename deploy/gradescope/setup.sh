#!/usr/bin/env bash
# Gradescope runs this once, as root, when it builds the autograder's image.
set -euo pipefail
SOURCE=${AUTOGRADER:-/autograder}/source
cd "$SOURCE"

apt-get update
apt-get install -y --no-install-recommends bubblewrap python3 python3-venv
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or later is needed: choose a newer base image in the autograder's settings." >&2
    exit 1
}
python3 -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
.venv/bin/pip install --quiet --disable-pip-version-check --no-deps -e .

# Download the data sets, while there is a network; then compute what the diagnosis keeps, by grading the release.
PYTHONPATH=assignment/neural_networks .venv/bin/python -c \
    'from toolkit.data import load_california_housing, load_mnist; load_mnist(); load_california_housing()'
.venv/bin/examiner grade-one neural_networks release/neural_networks --results json --isolation none \
    --output /tmp/warm.json
rm -f /tmp/warm.json
