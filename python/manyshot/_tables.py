"""Tables of pandas, polars, pyarrow, NumPy and whatever has __arrow_c_stream__ as Arrow C streams, with NumPy alone."""
import contextlib
import ctypes
import numbers

import numpy as np

from ._library import (GET_LAST_ERROR, GET_NEXT, GET_SCHEMA, RELEASE_ARRAY, RELEASE_SCHEMA, RELEASE_STREAM, ArrowArray,
                       ArrowArrayStream, ArrowSchema)

_NUMBERS = {"int8": b"c", "uint8": b"C", "int16": b"s", "uint16": b"S", "int32": b"i", "uint32": b"I", "int64": b"l",
            "uint64": b"L", "float16": b"e", "float32": b"f", "float64": b"g"}
_TIMES = {"s": b"tss:", "ms": b"tsm:", "us": b"tsu:", "ns": b"tsn:"}


@RELEASE_SCHEMA
def _release_schema(schema):
    schema.contents.release = RELEASE_SCHEMA(0)


@RELEASE_ARRAY
def _release_array(array):
    array.contents.release = RELEASE_ARRAY(0)


@RELEASE_STREAM
def _release_stream(stream):
    stream.contents.release = RELEASE_STREAM(0)


@GET_LAST_ERROR
def _no_error(_):
    return None


class Column:
    """A column as Arrow buffers: format, length and NumPy arrays, of which the first says what is there."""

    def __init__(self, format, length, valid, *buffers):
        self.format, self.length = format, length
        self.buffers = [None if valid is None or valid.all() else np.packbits(valid, bitorder="little"), *buffers]


def _column_of_strings(strings, valid):
    encoded = [text.encode() for text in strings]
    offsets = np.zeros(len(encoded) + 1, np.int64)
    np.cumsum([len(text) for text in encoded], out=offsets[1:])
    return Column(b"U", len(encoded), valid, offsets, np.frombuffer(b"".join(encoded) or b"\0", np.uint8))


def _is_missing(value):
    return value is None or value is _pandas_na() or (isinstance(value, numbers.Number) and value != value)


def _pandas_na():
    import sys
    pandas = sys.modules.get("pandas")
    return pandas.NA if pandas is not None else None


def _column_of_objects(values, name):
    """Strings, or numbers, with None and NaN for missing values."""
    missing = np.fromiter((_is_missing(value) for value in values), bool, len(values))
    present = [value for value, gap in zip(values, missing) if not gap]
    if all(isinstance(value, (bool, np.bool_)) for value in present) and present:
        bits = np.fromiter((False if gap else bool(value) for value, gap in zip(values, missing)), bool, len(values))
        return Column(b"b", len(values), ~missing, np.packbits(bits, bitorder="little"))
    if all(isinstance(value, numbers.Real) for value in present):
        floats = np.fromiter((np.nan if gap else float(value) for value, gap in zip(values, missing)), np.float64,
                             len(values))
        return Column(b"g", len(values), None, floats)
    for value in present:
        if not isinstance(value, (str, bytes, numbers.Real, np.datetime64)):
            raise TypeError(f"column {name!r}: a cell's argument must be a string or a number, "
                            f"not {type(value).__name__!r}")
    texts = ["" if gap else value.decode() if isinstance(value, bytes) else str(value)
             for value, gap in zip(values, missing)]
    return _column_of_strings(texts, ~missing)


def column_of(values, name="x"):
    """A one-dimensional NumPy array as a Column. Shares memory where the type allows."""
    kind = values.dtype.kind
    if kind == "b":
        return Column(b"b", len(values), None, np.packbits(values, bitorder="little"))
    if kind in "iuf" and values.dtype.newbyteorder("=").name in _NUMBERS:
        native = np.ascontiguousarray(values, values.dtype.newbyteorder("="))
        return Column(_NUMBERS[native.dtype.name], len(native), None, native)
    if kind == "f":  # long double
        return Column(b"g", len(values), None, values.astype(np.float64))
    if kind == "M":
        unit = np.datetime_data(values.dtype)[0]
        times = values.astype(f"datetime64[{unit if unit in _TIMES else 's'}]", copy=False)
        return Column(_TIMES[np.datetime_data(times.dtype)[0]], len(times), ~np.isnat(times),
                      np.ascontiguousarray(times).view(np.int64))
    if kind in "US":
        return _column_of_objects(values.astype(object), name)
    if kind == "O":
        return _column_of_objects(values, name)
    raise TypeError(f"column {name!r}: values of type {values.dtype} are no numbers, text or dates")


def _column_of_pandas(series, name):
    dtype = series.dtype
    if str(dtype) == "category":
        codes = series.cat.codes.to_numpy()
        categories = series.cat.categories
        valid = codes >= 0
        if len(categories) == 0:
            return _column_of_strings([""] * len(codes), valid)
        if categories.dtype.kind in "iufb" and isinstance(categories.dtype, np.dtype):
            values = categories.to_numpy()[np.where(valid, codes, 0)]
            return _column_of_strings([str(value) for value in values], valid)
        return _column_of_strings([str(value) for value in categories.to_numpy()[np.where(valid, codes, 0)]], valid)
    if isinstance(dtype, np.dtype):
        return column_of(series.to_numpy(), name)
    if getattr(dtype, "tz", None) is not None:
        return column_of(series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy(), name)
    return _column_of_objects(series.to_numpy(dtype=object, na_value=None), name)


def _columns_of_pandas(frame):
    return {str(name): _column_of_pandas(frame.iloc[:, place], str(name))
            for place, name in enumerate(frame.columns)}


def is_pandas(table):
    return type(table).__module__.split(".")[0] == "pandas" and hasattr(table, "iloc")


def column_names(table):
    """The names of a table's columns, or None for an array."""
    if is_pandas(table):
        return list(table.columns) if getattr(table, "ndim", 2) == 2 else None
    names = getattr(table, "column_names", None)  # pyarrow
    if names is None and hasattr(table, "__arrow_c_stream__"):
        names = getattr(table, "columns", None)  # polars
    return None if names is None else [str(name) for name in names]


def columns_of(table):
    """{name: Column} of a pandas DataFrame or a two-dimensional array; columns of an array are x0, x1, …"""
    if is_pandas(table):
        return _columns_of_pandas(table)
    return {f"x{i}": column_of(table[:, i], f"x{i}") for i in range(table.shape[1])}


class _Stream:
    """Columns as one batch of a C stream. Lives until the library has read it."""

    def __init__(self, columns):
        lengths = {column.length for column in columns.values()}
        if len(lengths) != 1:
            raise ValueError(f"a table has at least one column, all of one length; these have {sorted(lengths)} rows")
        self.length = lengths.pop()
        self.columns = columns
        self.keep = []
        self.is_read = False
        self.stream = ArrowArrayStream(GET_SCHEMA(self._get_schema), GET_NEXT(self._get_next), _no_error,
                                       _release_stream, None)

    def _pointers(self, structs, kind):
        pointers = (ctypes.POINTER(kind) * len(structs))(*(ctypes.pointer(struct) for struct in structs))
        self.keep += [structs, pointers]
        return ctypes.cast(pointers, ctypes.POINTER(ctypes.POINTER(kind)))

    def _get_schema(self, _, out):
        children = [ArrowSchema(column.format, name.encode(), None, 2, 0, None, None, _release_schema, None)
                    for name, column in self.columns.items()]
        out[0] = ArrowSchema(b"+s", b"", None, 0, len(children), self._pointers(children, ArrowSchema), None,
                             _release_schema, None)
        return 0

    def _array(self, column):
        buffers = (ctypes.c_void_p * len(column.buffers))(
            *(None if buffer is None else buffer.ctypes.data for buffer in column.buffers))
        self.keep.append(buffers)
        return ArrowArray(column.length, -1, 0, len(buffers), 0, ctypes.cast(buffers, ctypes.POINTER(ctypes.c_void_p)),
                          None, None, _release_array, None)

    def _get_next(self, _, out):
        if self.is_read:
            out[0] = ArrowArray()
            return 0
        self.is_read = True
        children = [self._array(column) for column in self.columns.values()]
        none = (ctypes.c_void_p * 1)(None)
        self.keep.append(none)
        out[0] = ArrowArray(self.length, 0, 0, 1, len(children), ctypes.cast(none, ctypes.POINTER(ctypes.c_void_p)),
                            self._pointers(children, ArrowArray), None, _release_array, None)
        return 0


@contextlib.contextmanager
def stream_of(table):
    """The address of an ArrowArrayStream for a call of the library. `table`: {name: array or Column}, a pandas
    DataFrame, or an object with __arrow_c_stream__, which shares its memory."""
    if is_pandas(table):
        table = columns_of(table)
    if isinstance(table, dict):
        stream = _Stream({name: column if isinstance(column, Column) else column_of(np.asarray(column), name)
                          for name, column in table.items()})
        yield ctypes.addressof(stream.stream)
        return
    if not hasattr(table, "__arrow_c_stream__"):
        raise TypeError(f"a table is {{name: array}}, a pandas DataFrame, or has __arrow_c_stream__ (polars, pyarrow); "
                        f"this is a {type(table).__name__}")
    capsule = table.__arrow_c_stream__()
    pointer = ctypes.pythonapi.PyCapsule_GetPointer
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    yield pointer(capsule, b"arrow_array_stream")
