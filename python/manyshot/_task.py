"""Task: labelled rows and a model, fitted; a handle of the library."""
from __future__ import annotations

import ctypes
import json
import os
import tempfile
import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from ._library import check, json_of, library
from ._tables import stream_of


class Task:
    """Labelled rows and a model, fitted: what `manyshot fit` writes, and load() reads.

    Made by Task.fit() or load(). Safe to ask from several threads. Pickles hold what a file of save() holds: the
    labelled rows, and the name and SHA-256 of the model's weights, not the weights.
    """

    def __init__(self, handle: ctypes.c_void_p):
        self._handle = handle
        self._free = weakref.finalize(self, library().manyshot_task_free, handle)

    @classmethod
    def fit(cls, table: Any, target: str, **options: Any) -> "Task":
        """Fits `table` to predict its column `target`.

        table: {name: array}, a pandas DataFrame, or an object with __arrow_c_stream__.

        options: those of `manyshot fit` by their names with underscores (docs/options.md). Raises ValueError for a
        table or an option that cannot be used.
        """
        handle = ctypes.c_void_p()
        with stream_of(table) as stream:
            check(library().manyshot_fit(stream, target.encode(), json_of(options), ctypes.byref(handle)))
        return cls(handle)

    @property
    def info(self) -> dict[str, Any]:
        """What was fitted: target, classes, columns, options, model (docs/formats/json.md)."""
        return json.loads(library().manyshot_task_info(self._handle).decode())

    @property
    def classes(self) -> list[str]:
        """Class names in sorted order; [] where the target is a number."""
        count = library().manyshot_task_num_classes(self._handle)
        return [library().manyshot_task_class(self._handle, k).decode() for k in range(count)]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a file for load() and `manyshot predict --fit`."""
        check(library().manyshot_save(self._handle, os.fsencode(path)))

    def predict_proba(self, table: Any) -> np.ndarray:
        """Probabilities [rows, classes] of a table with the columns of the labelled rows."""
        self._require(predicts_classes=True)
        return self._ask(table, lambda prediction, rows: _copied(
            library().manyshot_prediction_probabilities(prediction), (rows, len(self.classes))))

    def predict_means(self, table: Any) -> np.ndarray:
        """Of a number: the means [rows] of the predicted distributions."""
        self._require(predicts_classes=False)
        return self._ask(table, lambda prediction, rows: _copied(
            library().manyshot_prediction_means(prediction), (rows,)))

    def predict_quantiles(self, table: Any, levels: Sequence[float]) -> np.ndarray:
        """Of a number: quantiles [rows, levels] of the predicted distributions."""

        def quantiles(prediction, rows):
            result = np.empty((len(levels), rows))
            for level, out in zip(levels, result):
                check(library().manyshot_prediction_quantiles(
                    prediction, float(level), out.ctypes.data_as(ctypes.POINTER(ctypes.c_double))))
            return np.ascontiguousarray(result.T)

        self._require(predicts_classes=False)
        return self._ask(table, quantiles)

    def _require(self, predicts_classes):
        if bool(self.classes) == predicts_classes:
            return
        if predicts_classes:
            raise ValueError("the target is a number: ask for predict_means() or predict_quantiles(), or fit with "
                             "task=\"classification\" to take each of its values as a class")
        raise ValueError(f"the target has {len(self.classes)} classes: ask for predict_proba(), or fit with "
                         "task=\"regression\" if it is a number")

    def _ask(self, table, read):
        prediction = ctypes.c_void_p()
        with stream_of(table) as stream:
            check(library().manyshot_predict(self._handle, stream, ctypes.byref(prediction)))
        try:
            return read(prediction, library().manyshot_prediction_num_rows(prediction))
        finally:
            library().manyshot_prediction_free(prediction)

    def __reduce__(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "task.msfit")
            self.save(path)
            with open(path, "rb") as file:
                return _from_bytes, (file.read(),)


def _copied(pointer, shape):
    if not pointer:  # of no rows
        return np.empty(shape)
    return np.ctypeslib.as_array(pointer, shape).copy()


def _from_bytes(data):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "task.msfit")
        with open(path, "wb") as file:
            file.write(data)
        return load(path)


def load(path: str | os.PathLike[str]) -> Task:
    """The Task in a file that save() or `manyshot fit` wrote. Raises ValueError for another file, a damaged one, or where
    the weights of its model are not the ones that it was fitted with."""
    handle = ctypes.c_void_p()
    check(library().manyshot_load(os.fsencode(path), ctypes.byref(handle)))
    return Task(handle)
