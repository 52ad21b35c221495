"""Published files: valid ones are decoded, all others refused."""

import hashlib
import io
import tarfile

import numpy as np
import pytest

from tests.toolkit.data.helpers import idx
from toolkit.data import formats


@pytest.mark.parametrize("shape", [(5,), (2, 28, 28)])
def test_idx(shape):
    array = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    content = idx(array)
    np.testing.assert_array_equal(formats.parse_idx(hashlib.md5(content).hexdigest(), content), array, strict=True)


@pytest.mark.parametrize("damage", [lambda raw: raw[:-1], lambda raw: raw + b"x", lambda raw: b""])
def test_idx_that_differs_is_refused(damage):
    content = idx(np.arange(5, dtype=np.uint8))
    with pytest.raises(ValueError, match="its MD5 differs"):
        formats.parse_idx(hashlib.md5(content).hexdigest(), damage(content))


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_housing_with_any_line_endings(monkeypatch, end):
    table = np.array([[-122.5, 37.0], [-118.25, 34.0]])
    monkeypatch.setattr(formats, "HOUSING_NUMBERS", hashlib.sha256(table.tobytes()).hexdigest())
    raw = end.join([b"-122.5000,37.0", b"-118.25,34", b""])
    np.testing.assert_array_equal(formats.parse_housing(raw), table, strict=True)


@pytest.mark.parametrize("content", [b"", b"# comment", b"1,2\n3", b"\xff\xfe", b"1,2,3\n4,5,6\n"])
def test_housing_that_differs_is_refused(content):
    with pytest.raises(ValueError, match="its numbers differ"):
        formats.parse_housing(content)


def test_the_housing_archive_is_unpacked(monkeypatch):
    stream, table = io.BytesIO(), b"1,2\n"
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        member = tarfile.TarInfo("CaliforniaHousing/cal_housing.data")
        member.size = len(table)
        archive.addfile(member, io.BytesIO(table))
    monkeypatch.setattr(formats, "HOUSING_ARCHIVE", hashlib.sha256(stream.getvalue()).hexdigest())
    assert formats.unpack_housing(stream.getvalue()) == table
    assert formats.unpack_housing(table) == table
