"""A small version of `make results`: every step, every picture, both pages; and that README's table has its place."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.conftest import ROOT
from toolkit.data import DataError, load
from tools.results.__main__ import main
from tools.results.context import Context
from tools.results.page import BEGIN, END, NOT_YET, mean, spread
from tools.results.speed import ratio

PICTURES = {"classical", "honesty", "houses", "mistakes", "study"}
MOST_BYTES = 150_000


@pytest.mark.slow
def test_a_small_version_fills_both_pages(tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    main(["--small", "--folder", str(tmp_path / "results"), "--root", str(tmp_path)])
    page, readme = (tmp_path / "docs" / "results.md").read_text(), (tmp_path / "README.md").read_text()
    table = readme.split(BEGIN)[1].split(END)[0]
    assert NOT_YET not in table
    assert table.strip() in page
    assert "scikit-learn, its default (Adam)" in table
    assert {path.stem.removeprefix("results-") for path in (tmp_path / "docs").glob("*.png")} == PICTURES
    for name in PICTURES:
        assert (tmp_path / "docs" / f"results-{name}.png").stat().st_size < MOST_BYTES
        assert f"](results-{name}.png)" in page
    assert readme.split(BEGIN)[0] == (ROOT / "README.md").read_text().split(BEGIN)[0]


def test_nothing_computed_says_so(tmp_path: Path) -> None:
    shutil.copy(ROOT / "README.md", tmp_path)
    main(["--small", "--folder", str(tmp_path / "results"), "--root", str(tmp_path), "--seconds", "0"])
    assert NOT_YET in (tmp_path / "README.md").read_text()


def test_small_figures_never_replace_the_real_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--small"])
    assert "must not replace the real ones" in capsys.readouterr().err


def test_other_data_sets_are_no_results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = Context.load(tmp_path, small=True)
    monkeypatch.setattr(Context, "load", lambda folder, small: replace(context, mnist=load("digits")))
    with pytest.raises(DataError, match="need california_housing and mnist, not"):
        main(["--folder", str(tmp_path / "results"), "--root", str(tmp_path)])


def test_a_readme_without_a_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("no markers\n")
    with pytest.raises(ValueError, match="put them where the table belongs"):
        main(["--small", "--folder", str(tmp_path / "results"), "--root", str(tmp_path), "--seconds", "0"])


def test_the_committed_page_has_its_pictures() -> None:
    page = (ROOT / "docs" / "results.md").read_text()
    assert page.split("\n\n")[2].startswith("| |")
    for path in (ROOT / "docs").glob("results-*.png"):
        assert f"]({path.name})" in page
        assert path.stat().st_size < MOST_BYTES


def test_numbers_are_written_with_their_spread() -> None:
    assert spread([0.5, 0.7], "{:.1f}".format) == "**0.6** (0.5 to 0.7, 2 seeds)"
    assert spread([0.5], "{:.1f}".format) == "**0.5** (1 seed)"
    assert mean(x for x in (1, 2)) == 1.5


def test_ratios_are_paired() -> None:
    assert ratio({"a": [1.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0]}, "a", "b") == 2.0
