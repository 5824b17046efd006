"""synth(), and the program: the same values."""
import json

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import manyshot
from manyshot import _synth

from program import program

OPTIONS = {"prior": "mix:1,graph:1,effects:1", "rows": "60:90", "classes": (2, 4), "missing": 0.7, "number_share": 0.4}


def test_values_are_those_of_the_program(tmp_path):
    program("synth", "--tasks", "8", "--seed", "5", "--out", tmp_path, "--layout", "parquet", "--prior",
            OPTIONS["prior"], "--rows", "60:90", "--classes", "2:4", "--missing", "0.7", "--number-share", "0.4")
    manifest = [json.loads(line) for line in (tmp_path / "tasks.jsonl").read_text().splitlines() if "task_" in line]
    assert len(manifest) == 8
    seen = set()
    for index, facts in enumerate(manifest):
        frame = manyshot.synth(seed=5, index=index, **OPTIONS)
        written = pq.read_table(tmp_path / facts["file"])
        assert list(frame.columns) == written.column_names
        for name in frame.columns:
            column = frame[name]
            if column.dtype == "category":
                seen.add("missing text" if column.isna().any() else "text")
                assert column.astype(object).where(column.notna(), "").tolist() == written[name].to_pylist()
            else:
                seen.add(f"{column.dtype} {column.isna().any()}")
                np.testing.assert_array_equal(column.to_numpy(), written[name].to_numpy())
        for name, fact in facts.items():
            assert name == "file" or frame.attrs[name] == fact
        seen.add(frame.columns[-1])
    assert seen >= {"missing text", "text", "int64 False", "float64 True", "float64 False", "label", "target"}


def test_without_pandas_there_are_arrays(monkeypatch):
    frames = [manyshot.synth(index=index, **OPTIONS) for index in range(4)]
    monkeypatch.setattr(_synth, "_pandas", lambda: None)
    for index, frame in enumerate(frames):
        arrays = manyshot.synth(index=index, **OPTIONS)
        assert list(arrays) == list(frame.columns)
        pd.testing.assert_frame_equal(pd.DataFrame(arrays).astype(frame.dtypes.to_dict()), frame)


def test_tables_go_into_estimators():
    frame = manyshot.synth(seed=3, prior="mlp", rows=200, classes=2)
    assert frame.shape[0] == 200 and frame.columns[-1] == "label"
    X, y = frame.drop(columns="label"), frame["label"]
    model = manyshot.ManyshotClassifier("forest").fit(X[:150], y[:150])
    assert model.predict_proba(X[150:]).shape == (50, 2)


def test_wrong_options_are_value_errors():
    for options, message in (({"prior": "grap"}, 'did you mean "graph"'), ({"row": 5}, 'did you mean "rows"'),
                             ({"index": -1}, "below 0"), ({"rows": 20}, "too few for 10 classes"),
                             ({"classes": (1, 4)}, "classes"), ({"seed": "x"}, "seed")):
        with pytest.raises(ValueError, match=message):
            manyshot.synth(**options)
