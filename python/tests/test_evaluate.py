"""evaluate(), and the program: the same numbers."""
import json
import signal
import sys
import threading
import time

import numpy as np
import pytest
from sklearn.model_selection import train_test_split

import manyshot

from program import program

MODELS = ["default+ensemble=1", "forest", "knn"]
CLASSES = {"tree": 1, "mlp": 2}  # tables by prior and seed


def drawn(tmp_path, prior, seed, **options):
    """A table of a prior as a DataFrame, and a file of it."""
    frame = manyshot.synth(seed=seed, prior=prior, rows=150, features=5, **options)
    text = frame.select_dtypes("category").columns
    frame = frame.assign(**{name: frame[name].astype(object) for name in text})
    frame.to_parquet(tmp_path / f"{prior}.parquet")
    return frame


def test_numbers_are_those_of_the_program(tmp_path):
    frames = {prior: drawn(tmp_path, prior, seed, classes=3) for prior, seed in CLASSES.items()}
    program("evaluate", "--tables", *(tmp_path / f"{name}.parquet" for name in frames), "--models", ",".join(MODELS),
            "--shots", "8,32", "--seeds", "40,41", "--max-queries", "25", "--out", tmp_path / "out")
    result = manyshot.evaluate({name: (frame, "label") for name, frame in frames.items()}, MODELS, [8, 32],
                               seeds=[40, 41], max_queries=25, progress=False)
    expected = json.loads((tmp_path / "out/summary.json").read_text())
    for part in ("averages", "units", "cells", "curves"):
        assert len(result.summary[part]) == len(expected[part]) > 0
        for ours, theirs in zip(result.summary[part], expected[part]):
            for times in ("fit_s", "predict_s", "seconds_per_query"):
                ours.pop(times, None), theirs.pop(times, None)
            assert ours == theirs
    assert len(expected["units"]) == 2 * 2 * 2 * 3


def test_lines_and_tables_for_people(tmp_path):
    frame = drawn(tmp_path, "tree", 1, classes=3)
    result = manyshot.evaluate((frame, "label"), "forest", 16, progress=False, max_queries=20)
    (average,) = result.averages.to_dict("records")
    (unit,) = result.results.to_dict("records")
    assert (average["model"], average["shots"], average["tables"]) == ("forest", 16, 1)
    assert unit["table"] == "table" and unit["rows"] == 20 and unit["error"] is None
    assert average["accuracy"] == unit["accuracy"] == round(unit["accuracy"] * 20) / 20
    assert f"forest  {unit['accuracy']:.4f}" in str(result)
    page = result._repr_html_()
    assert "<td>forest</td>" in page and f"<td>{unit['accuracy']:.4f}</td>" in page
    assert len(result.number_averages) == 0


def test_numbers_to_predict_have_their_own_lines():
    frame = manyshot.synth(seed=3, prior="effects", rows=120, number_share=1)
    result = manyshot.evaluate(frame, ["ridge", "mean"], [16, 64], task="regression", progress=False)
    assert set(result.number_averages["model"]) == {"ridge", "mean"}
    assert {"crps", "coverage_90", "error"} <= set(result.number_results.columns)
    assert len(result.averages) == 0
    assert str(result).startswith("relative CRPS by labelled rows")


def test_without_pandas_there_are_dictionaries(monkeypatch):
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    result = manyshot.evaluate({"a": {name: frame[name].to_numpy() for name in frame.columns[-3:]}}, "majority", 8,
                               progress=False)
    lines = result.results.to_dict("records")
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert result.results[0]["accuracy"] == lines[0]["accuracy"]


def test_more_shots_than_rows_are_said():
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    result = manyshot.evaluate(frame, "majority", [8, 512], progress=False)
    assert "table has fewer than 512 training rows" in str(result)


def test_wrong_arguments_are_value_errors():
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    for tables, options, message in (
            ((frame, "labels"), {}, 'no column "labels"; did you mean "label"'),
            ({}, {}, "tables"),
            ((frame, "label"), {"models": "none-such"}, 'no model "none-such"'),
            ((frame, "label"), {"models": ["knn", "knn"]}, "named twice"),
            ((frame, "label"), {"shot": 8}, 'did you mean "shots"'),
            ((frame, "label"), {"out": "results"}, "out"),
            ((frame, "label"), {"shots": 0}, "from 1"),
            ((frame, "label"), {"models": ["majority", "openai:gpt"]}, "opens no connections"),
            ((frame.assign(label=1), "label"), {"task": "classification"}, "class")):
        with pytest.raises(ValueError, match=message):
            manyshot.evaluate(tables, progress=False, **{"models": "majority", **options})


def test_tables_of_another_kind_are_type_errors():
    for table in ([1, 2], "table.csv"):
        with pytest.raises(TypeError, match="a table is"):
            manyshot.evaluate({"a": (table, "label")}, "knn", 8, progress=False)


def test_options_may_be_numbers_of_numpy():
    frame = manyshot.synth(seed=np.uint8(1), rows=np.int64(60), prior="tree", classes=2)
    found = manyshot.evaluate(frame, "majority", np.array([8]), seeds=np.arange(2), max_queries=np.int32(5),
                              progress=False)
    assert found.results["rows"].tolist() == [5, 5]
    with pytest.raises(TypeError, match="a slice"):
        manyshot.evaluate(frame, "majority", 8, max_queries=slice(3), progress=False)


def test_models_that_only_say_the_majority_are_named():
    frame = manyshot.synth(seed=1, prior="tree", rows=60, classes=2)
    _, asked = train_test_split(range(60), test_size=0.2, random_state=42)  # as the protocol splits
    frame["label"] = 0
    frame.loc[asked[0], "label"] = 1  # no labelled row has it
    found = manyshot.evaluate(frame, "knn", 8, progress=False)
    assert "majority" in str(found) and "most frequent class" in str(found)
    assert found.averages["tables"].tolist() == [0]


def test_interrupts_end_it():
    frame = manyshot.synth(seed=1, prior="tree", rows=2000, classes=2)
    started = time.monotonic()
    threading.Timer(1.5, signal.raise_signal, [signal.SIGINT]).start()
    with pytest.raises(KeyboardInterrupt):
        manyshot.evaluate(frame, "auto", [64, 256, 512, 1024], seeds=range(40), progress=False)
    assert time.monotonic() - started < 30
    assert manyshot.evaluate(frame, "majority", 8, progress=False).results.shape[0] == 1, "and the next is whole"
