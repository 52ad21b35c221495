"""Work for many processes, on this machine or on a Dask cluster: tasks by value, results by value.

A worker that is lost costs no result: its tasks run again on another one.
"""

from examiner.workers.dask import DaskWorkers
from examiner.workers.local import LocalWorkers, usable_cores
from examiner.workers.schedule import Task, Workers, run

__all__ = ["DaskWorkers", "LocalWorkers", "Task", "Workers", "run", "usable_cores"]
