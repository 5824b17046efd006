"""scikit-learn estimators over the library."""
from __future__ import annotations

import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

from . import _tables
from ._library import check, library
from ._task import Task

try:
    import sklearn.utils
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    from sklearn.utils.multiclass import check_classification_targets
    from sklearn.utils.validation import (_check_feature_names, _check_n_features, _check_y, check_array,
                                          check_is_fitted, column_or_1d)
except ImportError as error:
    raise ImportError("ManyshotClassifier and ManyshotRegressor need scikit-learn: pip install scikit-learn; "
                      "manyshot.Task does without") from error

_TARGET = "target"


class _ManyshotEstimator(BaseEstimator):
    """What both have in common: tables in, options, a fitted Task."""

    _task_kind: str | None = None
    _option_names: tuple[str, ...] = ()
    n_features_in_: int
    feature_names_in_: np.ndarray

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        tags.non_deterministic = False
        return tags

    def _options(self):
        options = {name: getattr(self, name) for name in self._option_names if getattr(self, name) is not None}
        options["seed"] = self._seed()
        options["task"] = self._task_kind
        return options

    def _seed(self):
        if self.random_state is None:
            return 0
        if isinstance(self.random_state, numbers.Integral):
            return int(self.random_state)
        return int(sklearn.utils.check_random_state(self.random_state).randint(2**31 - 1))

    def _set_threads(self):
        if self.n_jobs is None:
            return
        if not isinstance(self.n_jobs, numbers.Integral) or self.n_jobs < -1 or self.n_jobs == 0:
            raise ValueError(f"n_jobs is {self.n_jobs!r}; give None, -1 (all cores) or a number of threads")
        check(library().manyshot_set_threads(max(0, int(self.n_jobs))))

    def _columns(self, X, reset):
        """X as {name: Column}, checked as scikit-learn checks it."""
        if hasattr(X, "__arrow_c_stream__") and not _tables.is_pandas(X):
            X = _columns_through_arrow(X)
            names = list(X)
            self._check_names(names, reset)
            return X
        if not _tables.is_pandas(X):
            # A cell that is neither text nor number is refused by its column.
            X = check_array(X, dtype=None, ensure_all_finite=False, ensure_min_samples=0, estimator=self,
                            input_name="X")
            if X.dtype.kind == "c":
                raise ValueError("Complex data not supported: give real numbers")
        _check_feature_names(self, X, reset=reset)
        _check_n_features(self, X, reset=reset)
        if X.shape[0] == 0 or X.shape[1] == 0:
            what = "sample" if X.shape[0] == 0 else "feature"
            raise ValueError(f"Found array with 0 {what}(s) (shape={X.shape}) while a minimum of 1 is required by "
                             f"{type(self).__name__}.")
        columns = _tables.columns_of(X)
        if len(columns) < X.shape[1]:
            raise ValueError("two columns of X have the same name; rename one")
        return columns

    def _check_names(self, names, reset):
        if reset:
            self.feature_names_in_ = np.asarray(names, dtype=object)
            self.n_features_in_ = len(names)
            return
        if hasattr(self, "feature_names_in_") and list(self.feature_names_in_) != names:
            raise ValueError("The feature names should match those that were passed during fit.")
        if len(names) != self.n_features_in_:
            raise ValueError(f"X has {len(names)} features, but {type(self).__name__} is expecting "
                             f"{self.n_features_in_} features as input")

    def _fit(self, columns, target):
        self._set_threads()
        num_rows = next(iter(columns.values())).length
        if num_rows != target.length:
            raise ValueError(f"Found input variables with inconsistent numbers of samples: {[num_rows, target.length]}")
        self._target_name = _TARGET
        while self._target_name in columns:
            self._target_name += "_"
        self._task = Task.fit({**columns, self._target_name: target}, self._target_name, **self._options())
        return self

    def _queries(self, X):
        check_is_fitted(self, "_task")
        self._set_threads()
        return self._columns(X, reset=False)

    @property
    def task_(self) -> Task:
        """The fitted Task: save() it for `manyshot predict --fit`."""
        check_is_fitted(self, "_task")
        return self._task


def _columns_through_arrow(table):
    """{name: Column} of polars, pyarrow and others that turn into NumPy columns."""
    names = _tables.column_names(table)
    if names is None:
        raise TypeError(f"{type(table).__name__}: give a DataFrame of pandas or polars, a pyarrow Table, or an array")
    columns = {}
    for name in names:
        column = table[name] if hasattr(table, "__getitem__") else table.column(name)
        columns[name] = _tables.column_of(_as_numpy(column), name)
    return columns


def _as_numpy(column):
    if hasattr(column, "to_numpy"):
        dtype = str(getattr(column, "dtype", getattr(column, "type", ""))).lower()
        if "float" in dtype or "double" in dtype or (("int" in dtype) and not _has_nulls(column)):
            return np.asarray(column.to_numpy())
        if dtype.startswith(("date", "timestamp")):
            return np.asarray(column.to_numpy()).astype("datetime64[us]")
    values = column.to_pylist() if hasattr(column, "to_pylist") else column.to_list()
    result = np.empty(len(values), object)
    result[:] = values
    return result


def _has_nulls(column):
    count = getattr(column, "null_count", 0)
    return (count() if callable(count) else count) > 0


class ManyshotClassifier(ClassifierMixin, _ManyshotEstimator):
    """Classes by many-shot in-context learning: the rows of fit() are the context of a model that is not trained.

    Parameters
    ----------
    model : str, default "auto"
        "auto" (the bundled model, alone and with trees in its prompt, averaged with the trees), "default" (the bundled
        model alone), "forest", "xgboost", "knn", "majority", an installed model, or a model's path.
    ensemble : int, optional
        Members, each of which sees other orders of rows, columns and labels; without it 16, where labelled cells are
        many down to 8, and 8 for numbers.
    shots : int, optional
        Labelled rows to use; as many as the model can without it.
    calibrate : {"context", "none"}
        Whether probabilities are fitted to the labelled rows.
    teacher : {"none", "forest", "xgboost", "both"}
        Trees whose class shares the model sees as further columns; "auto" decides for itself.
    random_state : int, RandomState instance or None
        Seed of every random choice; None is 0, so that answers repeat.
    n_jobs : int or None
        Threads of the process; None leaves them, -1 is all cores. Answers do not depend on it.

    Attributes
    ----------
    classes_ : array [K], sorted
    n_features_in_, feature_names_in_ : as in scikit-learn
    task_ : manyshot.Task

    X of fit() and of the predictions is a DataFrame (pandas, polars, pyarrow) or an array [rows, columns]: numbers, text,
    categories, booleans, dates, and missing values as they are. Sample weights are not supported: fit() has no such
    argument.
    """

    _task_kind = "classification"
    _option_names = ("model", "ensemble", "shots", "calibrate", "teacher")
    classes_: np.ndarray

    def __init__(self, model: str = "auto", *, ensemble: int | None = None, shots: int | None = None,
                 calibrate: str = "context", teacher: str = "none", random_state: Any = None,
                 n_jobs: int | None = None):
        self.model = model
        self.ensemble = ensemble
        self.shots = shots
        self.calibrate = calibrate
        self.teacher = teacher
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> ManyshotClassifier:
        """Keeps the labelled rows as the model's context. y [rows]: classes, numbers or text. Returns self."""
        columns = self._columns(X, reset=True)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        y = column_or_1d(_check_y(y, estimator=self) if not _is_text(y) else y, warn=True)
        check_classification_targets(y)
        classes, codes = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise ValueError(f"{type(self).__name__} needs samples of 2 classes or more; got n_samples={len(y)} of 1 class")
        self.classes_ = classes
        return self._fit(columns, _tables.column_of(codes.astype(str).astype(object), _TARGET))

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities [rows, K] of classes_; rows sum to 1."""
        columns = self._queries(X)
        order = [int(name) for name in self._task.classes]
        probabilities = np.empty((next(iter(columns.values())).length, len(self.classes_)))
        probabilities[:, order] = self._task.predict_proba(columns)
        return probabilities

    def predict(self, X: Any) -> np.ndarray:
        """The likeliest class of each row [rows]."""
        probabilities = self.predict_proba(X)
        return self.classes_[np.argmax(probabilities, axis=1)]


class ManyshotRegressor(RegressorMixin, _ManyshotEstimator):
    """Numbers, with the distribution they may come from.

    Parameters
    ----------
    model : str, default "auto"
        "auto" (forest, ridge and XGBoost, averaged by what the labelled rows say), "ridge", "knn", "forest",
        "xgboost", "mean", or the path of a model that predicts numbers.
    ensemble, shots, random_state, n_jobs : as in ManyshotClassifier
    """

    _task_kind = "regression"
    _option_names = ("model", "ensemble", "shots")

    def __init__(self, model: str = "auto", *, ensemble: int | None = None, shots: int | None = None,
                 random_state: Any = None, n_jobs: int | None = None):
        self.model = model
        self.ensemble = ensemble
        self.shots = shots
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Any, y: Any) -> ManyshotRegressor:
        """y [rows]: finite numbers. Returns self."""
        columns = self._columns(X, reset=True)
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None")
        y = column_or_1d(_check_y(y, y_numeric=True, estimator=self), warn=True).astype(np.float64)
        if len(y) == 1:
            raise ValueError(f"{type(self).__name__} needs two samples or more; got n_samples=1")
        return self._fit(columns, _tables.column_of(y, _TARGET))

    def predict(self, X: Any, quantiles: Sequence[float] | float | None = None) -> np.ndarray:
        """The mean of each row's distribution [rows]; with quantiles, levels from 0 to 1, these [rows, levels]."""
        columns = self._queries(X)
        if quantiles is None:
            return self._task.predict_means(columns)
        return self._task.predict_quantiles(columns, np.atleast_1d(quantiles))


def _is_text(y):
    return np.asarray(y).dtype.kind in "OUS"
