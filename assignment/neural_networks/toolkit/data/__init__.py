"""The data sets of the course, from ``$NN_DATA_DIR``, the user's cache folder or the web.

``NN_OFFLINE=1`` forbids downloads; smaller data sets that come with packages replace those that are not available.
"""

from toolkit.data.dataset import DIMENSIONS, Dataset
from toolkit.data.exceptions import DataError, DataNotAvailable
from toolkit.data.files import locate, missing_file, write_atomically
from toolkit.data.folders import places
from toolkit.data.loaders import load, load_california_housing, load_mnist, provide

__all__ = [
    "DIMENSIONS",
    "DataError",
    "DataNotAvailable",
    "Dataset",
    "load",
    "load_california_housing",
    "load_mnist",
    "locate",
    "missing_file",
    "places",
    "provide",
    "write_atomically",
]
