"""scikit-learn's own checks, all of them, and what they do not ask: tables of every kind, quantiles, pickles."""
import pickle

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from manyshot import ManyshotClassifier, ManyshotRegressor


@parametrize_with_checks([ManyshotClassifier("default", ensemble=2), ManyshotClassifier("auto", ensemble=2),
                          ManyshotRegressor(), ManyshotRegressor("ridge")])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def flowers(rows=60, seed=0):
    random = np.random.default_rng(seed)
    size = random.normal(size=rows)
    tone = random.choice(["red", "blue", "green"], rows)
    frame = pd.DataFrame({
        "size": size, "tone": tone, "count": random.integers(0, 50, rows),
        "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 300, rows), "D"),
        "flag": random.random(rows) < 0.5})
    frame.loc[frame.index[::7], "size"] = np.nan
    frame.loc[frame.index[3::9], "tone"] = None
    kind = np.where(np.nan_to_num(frame["size"]) + (tone == "red") > 0.4, "late", "early")
    return frame, kind


def test_tables_of_every_library_give_the_same_bits():
    frame, kind = flowers()
    queries, _ = flowers(15, 1)
    expected = ManyshotClassifier("default", ensemble=2).fit(frame, kind).predict_proba(queries)
    assert expected.shape == (15, 2)
    np.testing.assert_allclose(expected.sum(axis=1), 1)
    categories = frame.assign(tone=frame["tone"].astype("category"), count=frame["count"].astype("Int64"))
    arrow = pa.Table.from_pandas(frame, preserve_index=False)
    for table, asked in ((categories, queries), (pl.from_pandas(frame), pl.from_pandas(queries)),
                         (arrow, pa.Table.from_pandas(queries, preserve_index=False))):
        answers = ManyshotClassifier("default", ensemble=2).fit(table, kind).predict_proba(asked)
        np.testing.assert_array_equal(answers, expected, err_msg=str(type(table)))


def test_arrays_of_objects_are_read_as_their_cells():
    frame, kind = flowers()
    table = frame[["size", "tone"]]
    by_frame = ManyshotClassifier("knn").fit(table, kind).predict_proba(table)
    by_array = ManyshotClassifier("knn").fit(table.to_numpy(object), kind).predict_proba(table.to_numpy(object))
    np.testing.assert_array_equal(by_array, by_frame)


def test_unseen_categories_and_missing_columns_are_answered():
    frame, kind = flowers()
    model = ManyshotClassifier("default", ensemble=1).fit(frame, kind)
    queries = frame.head(3).assign(tone=["purple", None, "red"])
    assert np.isfinite(model.predict_proba(queries)).all()
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.head(3).drop(columns="tone"))


def test_classes_of_any_kind_keep_their_order():
    X = np.random.default_rng(0).normal(size=(40, 3))
    numbers = np.where(X[:, 0] > 0, 10, 9)
    model = ManyshotClassifier("default", ensemble=1).fit(X, numbers)
    assert list(model.classes_) == [9, 10]
    assert model.predict_proba(X)[X[:, 0] > 1, 1].mean() > 0.8
    many = np.arange(40) % 12  # more than ten, whose names as text sort otherwise
    assert list(ManyshotClassifier("knn").fit(X, many).classes_) == list(range(12))
    assert ManyshotClassifier("knn").fit(X, many).score(X, many) > 0.2


def test_regression_gives_quantiles():
    X = np.random.default_rng(0).normal(size=(80, 2))
    y = 3 * X[:, 0] + np.random.default_rng(1).normal(size=80)
    model = ManyshotRegressor().fit(X, y)
    quantiles = model.predict(X, quantiles=[0.1, 0.5, 0.9])
    assert quantiles.shape == (80, 3)
    assert (np.diff(quantiles, axis=1) >= 0).all()
    assert model.predict(X).shape == (80,)
    with pytest.raises(ValueError, match="not from 0 to 1"):
        model.predict(X, quantiles=[2])


def test_pickles_hold_no_weights():
    frame, kind = flowers()
    model = ManyshotClassifier("default", ensemble=1).fit(frame, kind)
    data = pickle.dumps(model)
    assert len(data) < 2_000_000  # the weights are 8 MB
    np.testing.assert_array_equal(pickle.loads(data).predict_proba(frame), model.predict_proba(frame))


def test_wrong_options_are_value_errors():
    X, y = np.random.default_rng(0).normal(size=(20, 2)), np.arange(20) % 2
    for options, message in (({"model": "none-such"}, "no model"), ({"ensemble": 0}, "ensemble"),
                             ({"calibrate": "perhaps"}, "context"), ({"n_jobs": 0}, "n_jobs"),
                             ({"teacher": "both", "model": "knn"}, "teacher")):
        with pytest.raises(ValueError, match=message):
            ManyshotClassifier(**options).fit(X, y)
    with pytest.raises(TypeError, match="sample_weight"):
        ManyshotClassifier().fit(X, y, sample_weight=np.ones(20))


def test_works_in_scikit_learn():
    frame, kind = flowers()
    scores = cross_val_score(clone(ManyshotClassifier("default", ensemble=1)), frame, kind, cv=3)
    assert scores.mean() > 0.6
