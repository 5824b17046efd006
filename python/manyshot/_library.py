"""libmanyshot (include/manyshot.h) by ctypes: declarations, and errors as Python's own exceptions."""
import ctypes
import json
import os
import pathlib
import threading
from typing import Any, Callable

_PLACE = pathlib.Path(__file__).resolve().parent
_FILE = "libmanyshot.so"


class ArrowSchema(ctypes.Structure):
    pass


class ArrowArray(ctypes.Structure):
    pass


class ArrowArrayStream(ctypes.Structure):
    pass


RELEASE_SCHEMA = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowSchema))
RELEASE_ARRAY = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArray))
RELEASE_STREAM = ctypes.CFUNCTYPE(None, ctypes.POINTER(ArrowArrayStream))
GET_SCHEMA = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowSchema))
GET_NEXT = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ArrowArrayStream), ctypes.POINTER(ArrowArray))
GET_LAST_ERROR = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.POINTER(ArrowArrayStream))
LOG_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
STATUS_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_void_p)

ArrowSchema._fields_ = [
    ("format", ctypes.c_char_p), ("name", ctypes.c_char_p), ("metadata", ctypes.c_char_p), ("flags", ctypes.c_int64),
    ("n_children", ctypes.c_int64), ("children", ctypes.POINTER(ctypes.POINTER(ArrowSchema))),
    ("dictionary", ctypes.POINTER(ArrowSchema)), ("release", RELEASE_SCHEMA), ("private_data", ctypes.c_void_p)]
ArrowArray._fields_ = [
    ("length", ctypes.c_int64), ("null_count", ctypes.c_int64), ("offset", ctypes.c_int64),
    ("n_buffers", ctypes.c_int64), ("n_children", ctypes.c_int64), ("buffers", ctypes.POINTER(ctypes.c_void_p)),
    ("children", ctypes.POINTER(ctypes.POINTER(ArrowArray))), ("dictionary", ctypes.POINTER(ArrowArray)),
    ("release", RELEASE_ARRAY), ("private_data", ctypes.c_void_p)]
ArrowArrayStream._fields_ = [
    ("get_schema", GET_SCHEMA), ("get_next", GET_NEXT), ("get_last_error", GET_LAST_ERROR),
    ("release", RELEASE_STREAM), ("private_data", ctypes.c_void_p)]

_HANDLE = ctypes.c_void_p
_STREAM = ctypes.c_void_p
_TEXT = ctypes.c_char_p
_FUNCTIONS = {
    "manyshot_version": (_TEXT, []),
    "manyshot_last_error": (_TEXT, []),
    "manyshot_last_error_kind": (_TEXT, []),
    "manyshot_set_threads": (ctypes.c_int, [ctypes.c_int]),
    "manyshot_set_models_folder": (ctypes.c_int, [_TEXT]),
    "manyshot_set_log_function": (None, [LOG_FUNCTION, ctypes.c_void_p]),
    "manyshot_set_status_function": (None, [STATUS_FUNCTION, ctypes.c_void_p]),
    "manyshot_interrupt": (None, []),
    "manyshot_fit": (ctypes.c_int, [_STREAM, _TEXT, _TEXT, ctypes.POINTER(_HANDLE)]),
    "manyshot_load": (ctypes.c_int, [_TEXT, ctypes.POINTER(_HANDLE)]),
    "manyshot_save": (ctypes.c_int, [_HANDLE, _TEXT]),
    "manyshot_task_free": (None, [_HANDLE]),
    "manyshot_task_info": (_TEXT, [_HANDLE]),
    "manyshot_task_num_classes": (ctypes.c_int64, [_HANDLE]),
    "manyshot_task_class": (_TEXT, [_HANDLE, ctypes.c_int64]),
    "manyshot_predict": (ctypes.c_int, [_HANDLE, _STREAM, ctypes.POINTER(_HANDLE)]),
    "manyshot_prediction_free": (None, [_HANDLE]),
    "manyshot_prediction_num_rows": (ctypes.c_int64, [_HANDLE]),
    "manyshot_prediction_probabilities": (ctypes.POINTER(ctypes.c_double), [_HANDLE]),
    "manyshot_prediction_labels": (ctypes.POINTER(ctypes.c_int32), [_HANDLE]),
    "manyshot_prediction_means": (ctypes.POINTER(ctypes.c_double), [_HANDLE]),
    "manyshot_prediction_quantiles": (ctypes.c_int, [_HANDLE, ctypes.c_double, ctypes.POINTER(ctypes.c_double)]),
    "manyshot_synth": (ctypes.c_int, [ctypes.c_int64, _TEXT, ctypes.POINTER(_HANDLE)]),
    "manyshot_table_free": (None, [_HANDLE]),
    "manyshot_table_info": (_TEXT, [_HANDLE]),
    "manyshot_table_num_rows": (ctypes.c_int64, [_HANDLE]),
    "manyshot_table_num_columns": (ctypes.c_int64, [_HANDLE]),
    "manyshot_table_name": (_TEXT, [_HANDLE, ctypes.c_int64]),
    "manyshot_table_kind": (_TEXT, [_HANDLE, ctypes.c_int64]),
    "manyshot_table_doubles": (ctypes.POINTER(ctypes.c_double), [_HANDLE, ctypes.c_int64]),
    "manyshot_table_codes": (ctypes.POINTER(ctypes.c_int32), [_HANDLE, ctypes.c_int64]),
    "manyshot_table_num_categories": (ctypes.c_int64, [_HANDLE, ctypes.c_int64]),
    "manyshot_table_category": (_TEXT, [_HANDLE, ctypes.c_int64, ctypes.c_int64]),
    "manyshot_evaluate": (ctypes.c_int, [ctypes.c_int64, ctypes.POINTER(_TEXT), ctypes.POINTER(_STREAM),
                                         ctypes.POINTER(_TEXT), _TEXT, ctypes.POINTER(_HANDLE)]),
    "manyshot_evaluation_free": (None, [_HANDLE]),
    "manyshot_evaluation_summary": (_TEXT, [_HANDLE]),
    "manyshot_train": (ctypes.c_int, [_TEXT, _TEXT, _TEXT, _TEXT, ctypes.POINTER(_HANDLE)]),
    "manyshot_training_free": (None, [_HANDLE]),
    "manyshot_training_report": (_TEXT, [_HANDLE]),
}

_lock = threading.Lock()
_library = None
_log_function = LOG_FUNCTION(0)  # kept alive while the library has it


def _open():
    path = os.environ.get("MANYSHOT_LIBRARY") or str(_PLACE / _FILE)
    try:
        library = ctypes.CDLL(path)
    except OSError as error:
        raise ImportError(f"{path} cannot be opened ({error}); install the wheel, or name the library in "
                          "MANYSHOT_LIBRARY") from error
    for name, (result, arguments) in _FUNCTIONS.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    models = _PLACE / "models"
    if "MANYSHOT_MODELS" not in os.environ and models.is_dir():
        library.manyshot_set_models_folder(os.fsencode(models))
    return library


def library():
    """The library, opened at the first call."""
    global _library
    with _lock:
        if _library is None:
            _library = _open()
        return _library


class ManyshotError(RuntimeError):
    """What the library could not do for another reason than its input; `kind` as --json names it."""

    kind: str

    def __init__(self, message: str, kind: str):
        super().__init__(message)
        self.kind = kind


_EXCEPTIONS = {"bad_input": ValueError, "corrupt_file": ValueError, "unsupported": ValueError,
               "not_found": ValueError, "out_of_memory": MemoryError, "interrupted": KeyboardInterrupt}


def check(status):
    """Raises the exception of a call that failed."""
    if status == 0:
        return
    kind = library().manyshot_last_error_kind().decode()
    message = library().manyshot_last_error().decode(errors="replace")
    exception = _EXCEPTIONS.get(kind)
    raise exception(message) if exception else ManyshotError(message, kind)


def json_of(options: "dict[str, Any]") -> bytes:
    """Options as the library takes them; numbers may be NumPy's."""
    return json.dumps(options, default=_plain).encode()


def _plain(value):
    if hasattr(value, "item"):
        return value.item()
    if hasattr(value, "__fspath__"):
        return os.fspath(value)
    raise TypeError(f"an option is a {type(value).__name__}: {value!r}; give text, a number, or a list of these")


def set_log_function(function: "Callable[[int, str], None] | None") -> None:
    """Sends notes and warnings to function(level, message), level 1 a note and 2 a warning; None: nowhere."""
    global _log_function
    kept = LOG_FUNCTION(0)
    if function is not None:
        kept = LOG_FUNCTION(lambda level, message, _: function(level, message.decode(errors="replace")))
    library().manyshot_set_log_function(kept, None)
    _log_function = kept
