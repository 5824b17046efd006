"""Long calls of the library: Ctrl-C ends them, a line says how far they are, and lines are what they give."""
from __future__ import annotations

import contextlib
import shutil
import sys
import threading
import time
from typing import Any, Callable, Union

from ._library import STATUS_FUNCTION, check, library

Progress = Union[bool, Callable[[str], None]]  # a line that updates, or a function that is called with it

_WAIT_S = 0.1  # between two looks
_PLAIN_INTERVAL_S = 10.0  # between lines where none can be redrawn

_status_function = STATUS_FUNCTION(0)  # kept alive while the library has it


def run(call: Callable[[], int], progress: Progress) -> None:
    """Makes a call of the library in a thread of its own, so that this one hears Ctrl-C, and raises what went wrong.
    What the library reads belongs into `call`, so that it lives as long as the thread."""
    failures = []
    ended = threading.Event()  # Thread.join() forgets about its thread when Ctrl-C comes (CPython 3.11)

    def work():
        try:
            check(call())
        except BaseException as error:  # raised below, in the caller's thread
            failures.append(error)
        finally:
            ended.set()

    with _shown(progress) as show:
        threading.Thread(target=work, name="manyshot", daemon=True).start()
        stopped = _wait_for(ended, show)
    if stopped is not None:
        raise stopped
    if failures:
        raise failures[0]


def _wait_for(ended, show):
    """Returns what stopped the call, if anything did: Ctrl-C, or an error of the function that shows the line."""
    stopped = None
    while True:
        try:
            while not ended.wait(_WAIT_S):
                if stopped is None:
                    show()
            return stopped
        except BaseException as error:
            stopped = stopped or error
            library().manyshot_interrupt()


def lines_of(lines: list[dict[str, Any]]) -> Any:
    """Dictionaries of equal keys as a pandas DataFrame, or as they are without pandas."""
    try:
        import pandas
    except ImportError:
        return lines
    return pandas.DataFrame(lines)


@contextlib.contextmanager
def _shown(progress):
    """A function that shows the library's newest line of progress if it has changed."""
    if progress is False:
        yield lambda: None
        return
    display = progress if callable(progress) else _display()
    newest = [""]
    shown = [""]

    def show():
        line = newest[0]
        if line != shown[0]:
            display(line)
            shown[0] = line

    def listen(line, _):
        newest[0] = line.decode(errors="replace")

    _set_status_function(STATUS_FUNCTION(listen))
    try:
        yield show
    finally:
        _set_status_function(STATUS_FUNCTION(0))
        newest[0] = ""
        show()


def _set_status_function(function):
    global _status_function
    library().manyshot_set_status_function(function, None)
    _status_function = function


def _display():
    """What draws a line: in a notebook, in a terminal, elsewhere now and then below the last one."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None and hasattr(shell, "kernel"):
        return _notebook_line()
    stream = sys.stderr
    if stream is None or not hasattr(stream, "isatty"):
        return lambda line: None
    return _terminal_line(stream) if stream.isatty() else _plain_lines(stream)


def _notebook_line():
    from IPython.display import display
    handle = []

    def show(line):
        data = {"text/plain": line}
        if handle:
            handle[0].update(data, raw=True)
        else:
            handle.append(display(data, raw=True, display_id=True))

    return show


def _terminal_line(stream):
    def show(line):
        width = shutil.get_terminal_size().columns - 1  # a line that wraps could not be redrawn
        stream.write(f"\r\x1b[K{line[:width]}")
        stream.flush()

    return show


def _plain_lines(stream):
    last = [time.monotonic()]

    def show(line):
        if line and time.monotonic() - last[0] >= _PLAIN_INTERVAL_S:
            last[0] = time.monotonic()
            stream.write(line + "\n")
            stream.flush()

    return show
