"""synth(): a table with a target, drawn from a prior."""
from __future__ import annotations

import ctypes
import json
import operator
from typing import Any

import numpy as np

from ._library import check, json_of, library

_CLASS = "class"  # the kind of a target with classes


def synth(seed: int = 0, index: int = 0, **options: Any) -> Any:
    """Draws a table with a class or a number to predict: task `index` of a seed, as `manyshot synth` writes it.

    Returns a pandas DataFrame [rows, features + 1], the target ("label" or "target") last: numbers as float64 with NaN
    where a cell is missing, categories as pandas categories, classes as the numbers 0, 1, …. Without pandas a dictionary
    {name: array [rows]}, with categories as text and None where a cell is missing. The DataFrame's `attrs` say what the
    task is: "prior", "rows", "features", "classes", "class_counts", "kinds", "missing_cells", "rejections", "target"
    (its kind, where it is a number), "options" (docs/formats/tasks.md).

    options: those of the prior by the names of `manyshot synth`: prior, rows, features, classes, binary, missing,
    number_share. Ranges are numbers, text like "256:2048", or pairs like (256, 2048).

    Raises ValueError for an option that cannot be used.

        >>> manyshot.synth(seed=1, index=7, prior="graph", rows=500, features=(3, 8))
    """
    handle = ctypes.c_void_p()
    given = {"seed": seed, **{name: _range_text(value) for name, value in options.items()}}
    try:
        check(library().manyshot_synth(operator.index(index), json_of(given), ctypes.byref(handle)))
        return _table(handle)
    finally:
        library().manyshot_table_free(handle)


def _range_text(value):
    return f"{value[0]}:{value[1]}" if isinstance(value, (tuple, list)) and len(value) == 2 else value


def _table(handle):
    pandas = _pandas()
    columns = {}
    for place in range(library().manyshot_table_num_columns(handle)):
        columns[library().manyshot_table_name(handle, place).decode()] = _column(handle, place, pandas)
    if pandas is None:
        return columns
    frame = pandas.DataFrame(columns)
    frame.attrs.update(json.loads(library().manyshot_table_info(handle).decode()))
    return frame


def _pandas():
    try:
        import pandas
    except ImportError:
        return None
    return pandas


def _column(handle, place, pandas):
    shape = (library().manyshot_table_num_rows(handle),)
    numbers = library().manyshot_table_doubles(handle, place)
    if numbers:
        return np.ctypeslib.as_array(numbers, shape).copy()
    codes = np.ctypeslib.as_array(library().manyshot_table_codes(handle, place), shape).copy()
    if library().manyshot_table_kind(handle, place).decode() == _CLASS:
        return codes.astype(np.int64)
    names = [library().manyshot_table_category(handle, place, code).decode()
             for code in range(library().manyshot_table_num_categories(handle, place))]
    if pandas is not None:
        return pandas.Categorical.from_codes(codes, names)
    return np.array([*names, None], object)[codes]
