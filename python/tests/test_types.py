"""Annotations: there for everything public, and true of a program that uses it."""
import inspect
import pathlib
import subprocess
import sys

import pytest

import manyshot

ROOT = pathlib.Path(__file__).parents[1]

RIGHT = """
import os
from typing import Any

import numpy as np

import manyshot

table: dict[str, np.ndarray] = {"x": np.arange(4.0), "y": np.array(["a", "b", "a", "b"])}
task: manyshot.Task = manyshot.Task.fit(table, "y", model="knn")
probabilities: np.ndarray = task.predict_proba(table)
names: list[str] = task.classes
again: manyshot.Task = manyshot.load("task.msfit")
found: manyshot.Evaluation = manyshot.evaluate({"t": (table, "y")}, ["knn"], [8], seeds=range(2), progress=print)
everything: dict[str, Any] = found.summary
run: manyshot.TrainingRun = manyshot.train({"stage": [{"steps": 1}]}, "run", seed=1, progress=False)
folder: str = run.checkpoint
model: manyshot.ManyshotClassifier = manyshot.ManyshotClassifier("default", ensemble=2).fit(table, table["y"])
classes: np.ndarray = model.classes_
means: np.ndarray = manyshot.ManyshotRegressor().fit(table, table["x"]).predict(table, quantiles=[0.5])
manyshot.set_log_function(lambda level, message: print(level + 1, message.upper()))
kind: str = manyshot.ManyshotError("message", "internal").kind
version: str = manyshot.version()
"""
WRONG = ("manyshot.set_threads('all')", "manyshot.Task.fit({}, 5)", "manyshot.no_such_name", "manyshot.synth(seed='one')",
         "manyshot.evaluate({}, 'knn', 'eight')", "manyshot.train('r.toml', 5)", "manyshot.train('r.toml')",
         "manyshot.set_log_function(lambda level: None)", "manyshot.ManyshotClassifier(ensemble='two')")


def public_callables():
    for name in manyshot.__all__:
        value = getattr(manyshot, name)
        if not inspect.isclass(value):
            yield name, value
            continue
        for member, function in vars(value).items():
            if member == "__init__" or not member.startswith("_"):
                function = getattr(function, "fget", None) or getattr(function, "__func__", function)
                if inspect.isfunction(function):
                    yield f"{name}.{member}", function


def test_everything_public_is_annotated():
    checked = 0
    for name, function in public_callables():
        signature = inspect.signature(function)
        missing = [parameter.name for parameter in signature.parameters.values()
                   if parameter.annotation is parameter.empty and parameter.name != "self" and parameter.name != "cls"]
        assert not missing, f"{name}: {missing}"
        assert name.endswith("__init__") or signature.return_annotation is not signature.empty, name
        assert name.endswith("__init__") or function.__doc__, name
        checked += 1
    assert checked > 20
    assert (ROOT / "manyshot/py.typed").exists()


def check(folder, text):
    (folder / "program.py").write_text(text)
    return subprocess.run([sys.executable, "-m", "mypy", "--ignore-missing-imports", "--cache-dir", folder / "cache",
                           "--no-error-summary", folder / "program.py"], capture_output=True, text=True,
                          cwd=folder, env={"MYPYPATH": str(ROOT), "PATH": ""})


def test_types_are_those_of_a_program(tmp_path):
    pytest.importorskip("mypy")
    right = check(tmp_path, RIGHT)
    assert right.returncode == 0, right.stdout + right.stderr
    wrong = check(tmp_path, "import manyshot\n" + "\n".join(WRONG) + "\n")
    lines = {int(line.split(":")[1]) for line in wrong.stdout.splitlines() if line.startswith("program.py")}
    assert lines == set(range(2, 2 + len(WRONG))), wrong.stdout + wrong.stderr
