"""Task, and the program: the same bits."""
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import manyshot
from manyshot._tables import column_of, columns_of

from program import program


def table(rows, seed):
    random = np.random.default_rng(seed)
    size = random.normal(size=rows)
    return pa.table({"size": size, "tone": random.choice(["red", "blue"], rows),
                     "kind": np.where(size > 0.2, "late", "early")})


def test_answers_are_the_bits_of_the_program(tmp_path):
    train, test = table(50, 0), table(20, 1)
    pq.write_table(train, tmp_path / "train.parquet")
    pq.write_table(test, tmp_path / "test.parquet")
    program("predict", "--train", tmp_path / "train.parquet", "--test", tmp_path / "test.parquet", "--target", "kind",
            "--model", "default", "--ensemble", "2", "--out", tmp_path / "out.parquet")
    task = manyshot.Task.fit(train, "kind", model="default", ensemble=2)
    assert task.classes == ["early", "late"]
    out = pq.read_table(tmp_path / "out.parquet")
    expected = np.column_stack([out["p_early"].to_numpy(), out["p_late"].to_numpy()])
    np.testing.assert_array_equal(task.predict_proba(test), expected)


def test_files_go_to_the_program_and_back(tmp_path):
    train, test = table(50, 0), table(20, 1)
    task = manyshot.Task.fit(train, "kind", model="forest")
    task.save(tmp_path / "m.msfit")
    pq.write_table(test, tmp_path / "test.parquet")
    program("predict", "--fit", tmp_path / "m.msfit", "--test", tmp_path / "test.parquet", "--out",
            tmp_path / "out.parquet", "--beside", "none")
    probabilities = manyshot.load(tmp_path / "m.msfit").predict_proba(test)
    np.testing.assert_array_equal(probabilities[:, 1], pq.read_table(tmp_path / "out.parquet")["p_late"].to_numpy())
    assert task.info["target"] == "kind"
    (tmp_path / "cut.msfit").write_bytes((tmp_path / "m.msfit").read_bytes()[:100])
    with pytest.raises(ValueError, match="cut short"):
        manyshot.load(tmp_path / "cut.msfit")


def test_errors_say_what_is_wrong():
    with pytest.raises(ValueError, match='no column "kinds"; did you mean "kind"'):
        manyshot.Task.fit(table(10, 0), "kinds")
    with pytest.raises(ValueError, match='did you mean "ensemble"'):
        manyshot.Task.fit(table(10, 0), "kind", ensembel=3)


def test_asking_for_the_other_kind_says_what_to_ask_for():
    few = {"x": [1.0, 2.0, 3.0] * 10, "y": [1.5, 2.5, 3.5] * 10}
    task = manyshot.Task.fit(few, "y", model="forest")
    with pytest.raises(ValueError, match=r'has 3 classes: ask for predict_proba\(\), or fit with task="regression"'):
        task.predict_means(few)
    numbers = manyshot.Task.fit(few, "y", model="forest", task="regression")
    with pytest.raises(ValueError, match=r"is a number: ask for predict_means\(\)"):
        numbers.predict_proba(few)
    assert numbers.predict_means(few).shape == (30,)


def test_notes_go_to_the_function():
    notes = []
    manyshot.set_log_function(lambda level, message: notes.append((level, message)))
    try:
        manyshot.Task.fit(table(30, 0).append_column("id", pa.array(range(30))), "kind", model="knn")
    finally:
        manyshot.set_log_function(None)
    assert any(level == 1 and '"id" is left out' in message for level, message in notes)


def test_tables_are_dictionaries_frames_or_streams():
    train, test = table(40, 0), table(10, 1)
    expected = manyshot.Task.fit(train, "kind", model="knn").predict_proba(test)

    def arrays(stream):
        return {name: stream[name].to_numpy(zero_copy_only=False) for name in stream.column_names}

    by_arrays = manyshot.Task.fit(arrays(train), "kind", model="knn")
    np.testing.assert_array_equal(by_arrays.predict_proba(arrays(test)), expected)
    by_frame = manyshot.Task.fit(train.to_pandas(), "kind", model="knn")
    np.testing.assert_array_equal(by_frame.predict_proba(test.to_pandas()), expected)
    with pytest.raises(ValueError, match="all of one length"):
        manyshot.Task.fit({"x": [1, 2], "kind": ["a"]}, "kind")


@pytest.mark.parametrize("dtype", ["int8", "uint16", "int64", "float32", "float64", "datetime64[s]"])
def test_arrays_of_numbers_and_dates_are_not_copied(dtype):
    values = np.arange(6).astype(dtype)
    assert np.shares_memory(column_of(values).buffers[1], values)
    frame = pd.DataFrame({"x": values, "y": values[::-1]})
    for name, column in columns_of(frame).items():
        assert np.shares_memory(column.buffers[1], frame[name].to_numpy())
    matrix = np.asfortranarray(np.stack([values, values], axis=1))
    for column in columns_of(matrix).values():
        assert np.shares_memory(column.buffers[1], matrix)


def test_version():
    assert manyshot.version().count(".") == 2
