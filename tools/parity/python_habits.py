#!/usr/bin/env python3
"""What classifiers of Python packages do with tables as people have them: the table of docs/python.md.

    python_habits.py manyshot|xgboost|catboost …

Needs scikit-learn 1.6 or later, pandas, and the packages, in an environment of their own.
"""
import argparse
import pickle
import warnings

import numpy as np
import pandas as pd
from sklearn.utils.estimator_checks import check_estimator

ROWS = 120


def classifier(name):
    if name == "xgboost":
        from xgboost import XGBClassifier
        return XGBClassifier(n_estimators=20, n_jobs=1)
    if name == "catboost":
        from catboost import CatBoostClassifier
        return CatBoostClassifier(iterations=20, verbose=False, thread_count=1, allow_writing_files=False)
    from manyshot import ManyshotClassifier
    return ManyshotClassifier("default", ensemble=2)


def failed_checks(name):
    results = check_estimator(classifier(name), on_fail=None, on_skip=None)
    return f"{sum(result['status'] == 'failed' for result in results)} of {len(results)} fail"


def tables():
    """By name: columns, and whether the target is text."""
    rng = np.random.default_rng(0)
    target = rng.integers(0, 2, ROWS)
    number = pd.DataFrame({"x": rng.normal(size=ROWS) + target})
    text = number.assign(c=np.where(rng.random(ROWS) < 0.5, "red", "blue"))
    gaps, text_gaps = number.copy(), text.copy()
    gaps.loc[3, "x"] = np.nan
    text_gaps.loc[3, "c"] = None
    days = pd.to_timedelta(rng.integers(0, 99, ROWS), "D")
    named = np.array(["no", "yes"])[target]
    return {
        "labels that are text": (number, named),
        "a text column": (text, target),
        "a pandas category": (text.assign(c=text["c"].astype("category")), target),
        "a missing number": (gaps, target),
        "a missing text": (text_gaps, target),
        "a category that no labelled row has": (text, target),
        "a date": (number.assign(d=pd.Timestamp("2024-01-01") + days), target),
        "booleans": (number.assign(b=rng.random(ROWS) < 0.5), target),
    }


def answer(name, title, columns, target):
    queries = columns.copy()
    if title.startswith("a category that"):
        queries.loc[0, "c"] = "green"
    try:
        shape = classifier(name).fit(columns, target).predict_proba(queries).shape
    except Exception as error:  # whatever a package raises is its answer
        return f"{type(error).__name__}: {str(error).splitlines()[0][:90]}"
    return "yes" if shape == (ROWS, 2) else f"shape {shape}"


def row_alone(name):
    columns, target = tables()["a missing number"]
    model = classifier(name).fit(columns, target)
    together = model.predict_proba(columns)
    alone = np.vstack([model.predict_proba(columns.iloc[row:row + 1]) for row in range(20)])
    return "same bits" if (alone == together[:20]).all() else f"differs by {np.abs(alone - together[:20]).max():.1e}"


def pickled(name):
    columns, target = tables()["a missing number"]
    return f"{len(pickle.dumps(classifier(name).fit(columns, target))) / 1024:,.0f} KiB"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("packages", nargs="+", choices=["manyshot", "xgboost", "catboost"])
    warnings.simplefilter("ignore")
    for name in parser.parse_args().packages:
        print(name)
        print(f"  scikit-learn's checks: {failed_checks(name)}")
        for title, (columns, target) in tables().items():
            print(f"  {title}: {answer(name, title, columns, target)}")
        print(f"  a row alone and among others: {row_alone(name)}")
        print(f"  pickle: {pickled(name)}")


if __name__ == "__main__":
    main()
