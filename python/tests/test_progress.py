"""The line of progress, where it is drawn."""
import io
import os
import pty
import subprocess
import sys
import types

import manyshot
from manyshot import _calls

PROGRAM = """
import manyshot
frame = manyshot.synth(seed=1, prior="tree", rows=1200, classes=2)
manyshot.evaluate(frame, "auto", 256, seeds=range(8), max_queries=50)
print("ended")
"""


def on_terminal():
    """What the program above writes to a terminal on standard error."""
    master, slave = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=slave, stdout=subprocess.PIPE,
                          text=True, env={**os.environ, "COLUMNS": "60"}) as process:
        os.close(slave)
        written = b""
        try:
            while data := os.read(master, 4096):
                written += data
        except OSError:  # the other end is closed
            pass
        assert process.stdout.read() == "ended\n"
    os.close(master)
    return written.decode()


def test_terminals_redraw_one_line_and_wipe_it():
    lines = on_terminal().split("\r\x1b[K")
    assert lines[0] == "" and lines[-1] == ""
    assert len(lines) > 3 and all(line.startswith("evaluate auto: ") for line in lines[1:-1])
    assert all(len(line) < 60 for line in lines)


def test_notebooks_update_one_output(monkeypatch):
    shown = []

    def display(data, raw, display_id):
        assert raw and display_id
        shown.append(data["text/plain"])
        return types.SimpleNamespace(update=lambda data, raw: shown.append(data["text/plain"]))

    interactive = types.ModuleType("IPython")
    interactive.get_ipython = lambda: types.SimpleNamespace(kernel=object())
    interactive.display = types.ModuleType("IPython.display")
    interactive.display.display = display
    monkeypatch.setitem(sys.modules, "IPython", interactive)
    monkeypatch.setitem(sys.modules, "IPython.display", interactive.display)
    show = _calls._display()
    show("train: 1/2")
    show("train: 2/2")
    assert shown == ["train: 1/2", "train: 2/2"]


def test_elsewhere_a_line_comes_now_and_then(monkeypatch):
    stream, now = io.StringIO(), [0.0]
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(_calls.time, "monotonic", lambda: now[0])
    show = _calls._display()
    for second in range(25):
        now[0] = float(second)
        show(f"train: {second}/25")
    show("")
    assert stream.getvalue() == "train: 10/25\ntrain: 20/25\n"


def test_short_work_shows_nothing(monkeypatch):
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    lines = []
    monkeypatch.setattr(_calls, "_display", lambda: lines.append)
    manyshot.evaluate(frame, "majority", 8)
    manyshot.evaluate(frame, "majority", 8, progress=lines.append)
    assert lines == []


def test_false_asks_for_no_line(monkeypatch):
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    monkeypatch.delattr(_calls, "_display")
    monkeypatch.setattr(_calls, "_set_status_function", None)
    manyshot.evaluate(frame, "majority", 8, progress=False)
