#!/usr/bin/env bash
# Pack what Gradescope needs into autograder.zip: `deploy/gradescope/pack.sh [FILE]`, from anywhere in a clone.
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
TARGET=$(realpath -m "${1:-autograder.zip}")
cd "$HERE/../.."
${PYTHON:-python3} - "$TARGET" <<'PYTHON'
import stat
import sys
import zipfile
from pathlib import Path

FILES = ["nbgrader_config.py", "pyproject.toml", "requirements.txt", "README.md"]
FOLDERS = ["assignment", "examiner", "misconceptions", "release"]
LEFT_OUT = {"__pycache__", ".ipynb_checkpoints"}

target = Path(sys.argv[1])
paths = [Path(name) for name in FILES]
for folder in FOLDERS:
    paths += [path for path in sorted(Path(folder).rglob("*")) if path.is_file() and LEFT_OUT.isdisjoint(path.parts)]
entries = {str(path): path for path in paths}
entries |= {name: Path("deploy/gradescope", name) for name in ("setup.sh", "run_autograder")}
target.unlink(missing_ok=True)
with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
    for name, path in entries.items():
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        mode = 0o755 if name in ("setup.sh", "run_autograder") else 0o644
        info.external_attr = (stat.S_IFREG | mode) << 16
        archive.writestr(info, path.read_bytes())
print(f"{target}: {len(entries)} files, {target.stat().st_size / 1e6:.1f} MB")
PYTHON
