"""train(): what `manyshot train` does, in this process."""
from __future__ import annotations

import ctypes
import json
import os
import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from ._calls import Progress, lines_of, run
from ._library import json_of, library


class TrainingRun:
    """A finished run of train().

    report: what it came to, as `manyshot train --json` prints it: "steps", "loss", "checkpoint", "evaluation", …
    folder: the run's, with checkpoints, metrics.jsonl and TensorBoard events (docs/formats/checkpoints.md).
    """

    report: dict[str, Any]
    folder: str

    def __init__(self, report: dict[str, Any], folder: str):
        self.report = report
        self.folder = folder

    @property
    def checkpoint(self) -> str:
        """The folder of the last checkpoint: a model for predictions, model=run.checkpoint."""
        return self.report["checkpoint"]

    @property
    def metrics(self) -> Any:
        """The lines of metrics.jsonl, one for each step and each evaluation ("step", "loss", "learning_rate", …): a
        pandas DataFrame, or a list of dictionaries where pandas is not installed."""
        text = (pathlib.Path(self.folder) / "metrics.jsonl").read_text(encoding="utf-8")
        return lines_of([json.loads(line) for line in text.splitlines()])

    def __repr__(self) -> str:
        loss = self.report["loss"]
        return (f"<manyshot.TrainingRun of {self.report['steps']} steps"
                f"{'' if loss is None else f', loss {loss:.4f}'}: {self.checkpoint}>")


def train(recipe: str | os.PathLike[str] | Mapping[str, Any], out: str | os.PathLike[str], *, seed: int | None = None,
          resume: str | os.PathLike[str] | None = None, changes: Sequence[str] = (),
          progress: Progress = True) -> TrainingRun:
    """Trains what a recipe says, on the processor, to the bits of `manyshot train`.

    recipe: a path, the text of a TOML file, or a dictionary of its tables (docs/formats/recipe.md):
    {"stage": [{"name": "main", "steps": 100, "corpus": {"prior": "mlp"}}]}.
    out: the folder of the run, made when it does not exist.
    seed: in place of the recipe's. changes: of the recipe, as --set of the program takes them: "lora.rank=16".
    resume: a checkpoint or the folder of a run to go on from, to the same bits.
    progress: a line that says how far it is; False for none; a function is called with the line instead.

    Notes go to the function of set_log_function(). Ctrl-C writes a checkpoint of the last finished step and raises
    KeyboardInterrupt. Raises ValueError for a recipe that cannot be used, or needs what is not here: tables, questions or
    a text to evaluate on, GPUs and several processes, which the program has.

        >>> run = manyshot.train("recipes/default.toml", "runs/default", changes=["stage.main.steps=20"])
        >>> manyshot.ManyshotClassifier(run.checkpoint)
    """
    text, name = _recipe_text(recipe)
    options: dict[str, Any] = {"set": list(changes)}
    if seed is not None:
        options["seed"] = seed
    if resume is not None:
        options["resume"] = os.fspath(resume)
    folder = os.fspath(out)
    handle = ctypes.c_void_p()
    try:
        run(lambda: library().manyshot_train(text.encode(), name.encode(), os.fsencode(folder), json_of(options),
                                             ctypes.byref(handle)), progress)
        return TrainingRun(json.loads(library().manyshot_training_report(handle).decode()), folder)
    finally:
        library().manyshot_training_free(handle)


def _recipe_text(recipe):
    """The recipe as TOML, and what messages call it."""
    if isinstance(recipe, Mapping):
        return _toml(recipe), "the recipe"
    if isinstance(recipe, str) and ("\n" in recipe or "=" in recipe):
        return recipe, "the recipe"
    path = pathlib.Path(os.fspath(recipe))
    try:
        return path.read_text(encoding="utf-8"), str(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such recipe; give a path, TOML text, or a dictionary") from None


def _toml(table, place=""):
    """A dictionary as TOML: values, then the tables in it, then lists of tables."""
    text = "".join(f"{_key(name)} = {_value(value, place + name)}\n" for name, value in table.items()
                   if value is not None and not _is_nested(value))
    for name, value in table.items():
        if isinstance(value, Mapping):
            text += f"[{place}{_key(name)}]\n{_toml(value, f'{place}{_key(name)}.')}"
        elif _is_nested(value):
            for entry in value:
                text += f"[[{place}{_key(name)}]]\n{_toml(entry, f'{place}{_key(name)}.')}"
    return text


def _is_nested(value):
    return isinstance(value, Mapping) or (isinstance(value, (list, tuple)) and len(value) > 0
                                          and all(isinstance(entry, Mapping) for entry in value))


def _key(name):
    return json.dumps(str(name), ensure_ascii=False) if not str(name).replace("_", "").isalnum() else str(name)


def _value(value, name):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (str, os.PathLike)):
        return json.dumps(os.fspath(value), ensure_ascii=False)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(entry, name) for entry in value) + "]"
    if hasattr(value, "item"):  # a number of NumPy
        return _value(value.item(), name)
    raise TypeError(f"recipe: {name} is a {type(value).__name__}; give text, a number, a list or a dictionary")
