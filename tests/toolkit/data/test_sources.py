"""The published files of each data set."""

import re

import numpy as np
import pytest

from toolkit.data import DIMENSIONS
from toolkit.data.sources import FILES, PublishedFile

PUBLISHED = [file for files in FILES.values() for file in files]


def test_every_published_data_set_has_dimensions():
    assert set(FILES) == {"mnist", "california_housing"}
    assert set(FILES) <= set(DIMENSIONS)


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.name)
def test_every_file_has_mirrors_on_different_hosts(file):
    hosts = [re.match(r"https://([\w.-]+)/", url)[1] for url in file.urls]
    assert len(set(hosts)) == len(hosts) >= 2


@pytest.mark.parametrize("file", PUBLISHED, ids=lambda file: file.name)
def test_every_file_is_verified(file):
    with pytest.raises(ValueError, match="differ"):
        file.decode(b"<html>please log in</html>")


def test_a_body_is_unpacked_before_it_is_parsed():
    file = PublishedFile("x", (), lambda content: np.frombuffer(content, np.uint8), lambda body: body[2:])
    content, array = file.decode(b"ab\x01\x02")
    assert content == b"\x01\x02"
    assert array.tolist() == [1, 2]
