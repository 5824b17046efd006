"""manyshot: many-shot in-context learning on tables. docs/python.md"""
from typing import TYPE_CHECKING

from ._evaluate import Evaluation, evaluate
from ._library import ManyshotError, check, library, set_log_function
from ._synth import synth
from ._task import Task, load
from ._train import TrainingRun, train

__all__ = ["Evaluation", "ManyshotClassifier", "ManyshotError", "ManyshotRegressor", "Task", "TrainingRun",
           "evaluate", "load", "set_log_function", "set_threads", "synth", "train", "version"]

if TYPE_CHECKING:
    from ._estimators import ManyshotClassifier, ManyshotRegressor

_ESTIMATORS = ("ManyshotClassifier", "ManyshotRegressor")


def version() -> str:
    """The version of the library: "0.1.0"."""
    return library().manyshot_version().decode()


def set_threads(threads: int) -> None:
    """Threads of this process; 0: all cores that it may use. Answers do not depend on it."""
    check(library().manyshot_set_threads(threads))


if not TYPE_CHECKING:  # where any name would be allowed

    def __getattr__(name):  # scikit-learn is loaded when an estimator is asked for
        if name in _ESTIMATORS:
            from . import _estimators
            return getattr(_estimators, name)
        raise AttributeError(f"module 'manyshot' has no attribute {name!r}")


def __dir__() -> "list[str]":
    return __all__
