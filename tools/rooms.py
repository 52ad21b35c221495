"""Count the house: files, floors (longest import chain in a folder) and arrows of each room of `examiner/`.

`python tools/rooms.py [FOLDER]` prints a row for each folder of code, and the arrows between rooms.
"""

from __future__ import annotations

import ast
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = "examiner"


@dataclass(frozen=True)
class House:
    """The modules of a package and what each imports of it.

    Attributes
    ----------
    imports : mapping of str to frozenset of str
        By module, with dots; packages stand for their ``__init__``.
    packages : frozenset of str
        Those of the modules that are folders.
    """

    imports: Mapping[str, frozenset[str]]
    packages: frozenset[str]

    def folder_of(self, module: str) -> str:
        """The folder that a module is in."""
        return module if module in self.packages else module.rpartition(".")[0]

    def folders(self) -> dict[str, list[str]]:
        """The modules of every folder, ``__init__`` and ``__main__`` left out."""
        found: dict[str, list[str]] = {package: [] for package in sorted(self.packages)}
        for module in sorted(set(self.imports) - self.packages):
            if not module.endswith("__main__"):
                found[self.folder_of(module)].append(module)
        return found

    def floors(self, folder: str) -> int:
        """Number of modules in the longest chain of imports within a folder."""
        inside = set(self.folders()[folder])

        def height(module: str) -> int:
            return 1 + max((height(each) for each in self.imports[module] & inside - {module}), default=0)

        return max(map(height, inside), default=0)

    def arrows(self) -> Counter[tuple[str, str]]:
        """How many imports lead from one folder to another."""
        pairs = ((self.folder_of(a), self.folder_of(b)) for a, those in self.imports.items() for b in those)
        return Counter(pair for pair in pairs if pair[0] != pair[1])


def read_house(root: Path, package: str = PACKAGE) -> House:
    """Read a package's modules without running them."""
    files = {_name(path, root): path for path in sorted((root / package).rglob("*.py"))}
    packages = frozenset(name for name, path in files.items() if path.name == "__init__.py")
    imports = {name: frozenset(_imports(path, package, set(files))) - {name} for name, path in files.items()}
    return House(imports, packages)


def _name(path: Path, root: Path) -> str:
    return ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _imports(path: Path, package: str, known: set[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == package:
            names = (f"{node.module}.{alias.name}" for alias in node.names)
            yield from (name if name in known else node.module for name in names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)


def main(root: Path = ROOT) -> int:
    """Print the table and the arrows."""
    house = read_house(root)
    print(f"{'folder':28} files floors")
    for folder, modules in house.folders().items():
        print(f"{folder:28} {len(modules):5} {house.floors(folder):6}")
    arrows = house.arrows()
    print(f"{sum(arrows.values())} arrows between {len(house.packages)} folders")
    for (start, end), count in sorted(arrows.items()):
        print(f"  {start} -> {end} ({count})")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT))
