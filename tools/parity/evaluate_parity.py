#!/usr/bin/env python3
"""Checks results of `manyshot evaluate` against scikit-learn, pandas and the baseline file of a table collection.

  python tools/parity/evaluate_parity.py metrics --results DIR
      every metric of every unit, recomputed by scikit-learn from predictions.parquet; prints the largest difference
  python tools/parity/evaluate_parity.py splits --results DIR --tables ../shared/tables
      the test rows of every unit against train_test_split and --max-queries, row for row (protocol paper)
  python tools/parity/evaluate_parity.py baselines --results DIR --baselines ../shared/tables/baselines_open.csv
      mean accuracy, balanced accuracy, macro F1, log loss and AUC beside the file's, by number of shots

Exits 1 when metrics differ by 1e-9 or splits differ. Needs numpy, pandas, pyarrow and scikit-learn (the product needs none).
"""
import argparse
import json
import pathlib
import sys
import warnings

import numpy as np
import pandas as pd
from sklearn import metrics as sk
from sklearn.model_selection import train_test_split

FLOOR = 0.001
KEY = ["model", "table", "shots", "seed"]
# ours -> the name in baselines_open.csv
BASELINES = {"majority": "majority", "paper-knn": "knn", "paper-forest": "randomforest", "paper-xgboost": "xgboost",
             "knn": "knn", "forest": "randomforest", "xgboost": "xgboost_fair"}


def read(options):
    summary = json.loads((options.results / "summary.json").read_text())
    predictions = pd.read_parquet(options.results / "predictions.parquet")
    return summary, predictions


def area(truth, probabilities):
    """One class against the rest, averaged over the classes that occur and are not all."""
    areas = []
    for k in range(probabilities.shape[1]):
        positive = truth == k
        if 0 < positive.sum() < len(truth):
            areas.append(sk.roc_auc_score(positive, probabilities[:, k]))
    return np.mean(areas) if areas else np.nan


def expected_calibration_error(truth, probabilities, bins=15):
    confidence = probabilities.max(axis=1)
    correct = probabilities.argmax(axis=1) == truth
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return sum(abs(correct[place == b].sum() - confidence[place == b].sum()) for b in range(bins)) / len(truth)


def scores(truth, probabilities):
    """`truth` as class indices."""
    predicted = probabilities.argmax(axis=1)
    classes = list(range(probabilities.shape[1]))
    floored = np.maximum(probabilities, FLOOR)
    floored /= floored.sum(axis=1, keepdims=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # classes that are predicted and never occur
        return {
            "accuracy": sk.accuracy_score(truth, predicted),
            "balanced_accuracy": sk.balanced_accuracy_score(truth, predicted),
            "macro_f1": sk.f1_score(truth, predicted, average="macro"),
            "log_loss": sk.log_loss(truth, floored, labels=classes),
            "auc": area(truth, probabilities),
            "brier": ((probabilities - np.eye(len(classes))[truth]) ** 2).sum(axis=1).mean(),
            "ece": expected_calibration_error(truth, probabilities),
        }


def check_metrics(options):
    summary, predictions = read(options)
    classes = {table["name"]: table["classes"] for table in summary["tables"]}
    ours = {tuple(unit[name] for name in KEY): unit["metrics"] for unit in summary["units"] if "metrics" in unit}
    largest = {}
    for key, rows in predictions.groupby(KEY):
        place = {name: k for k, name in enumerate(classes[key[1]])}
        truth = rows["truth"].map(place).to_numpy()
        for name, value in scores(truth, np.stack(rows["probabilities"])).items():
            ours_value = np.nan if ours[key][name] is None else ours[key][name]
            difference = 0 if np.isnan(value) and np.isnan(ours_value) else abs(value - ours_value)
            largest[name] = max(largest.get(name, 0), difference)
    print(f"{len(ours)} units; largest difference from scikit-learn:")
    for name, difference in largest.items():
        print(f"  {name:<18} {difference:.2e}")
    return all(difference < 1e-9 for difference in largest.values())


def check_splits(options):
    summary, predictions = read(options)
    limit = summary["run"]["options"]["max_queries"]
    wrong = 0
    orders = {}
    for table in summary["tables"]:
        rows = len(pd.read_csv(options.tables / f"{table['name']}.csv", dtype=str, keep_default_na=False))
        orders[table["name"]] = train_test_split(np.arange(rows), test_size=0.2, random_state=42)[1][:limit]
    groups = predictions.groupby(KEY)
    for key, rows in groups:
        if not np.array_equal(rows["row"].to_numpy(), orders[key[1]]):
            wrong += 1
            print(f"other rows: {key}")
    print(f"{len(groups)} units, {wrong} with other rows than train_test_split")
    return wrong == 0


def check_baselines(options):
    summary, _ = read(options)
    theirs = pd.read_csv(options.baselines).set_index(["N", "model"])
    names = ["accuracy", "balanced_accuracy", "macro_f1", "log_loss", "auc"]
    print("model, shots: ours - theirs  " + "  ".join(names))
    for average in summary["averages"]:
        base = BASELINES.get(average["model"])
        if base is None or (average["shots"], base) not in theirs.index:
            continue
        row = theirs.loc[(average["shots"], base)]
        values = [average["metrics"][name]["mean"] for name in names]
        cells = "  ".join(f"{value:.4f} {value - row[name]:+.4f}" for name, value in zip(names, values))
        print(f"{average['model']:<14} {average['shots']:>5}  tables {average['tables']}/{row['tables']:.0f}  {cells}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("check", choices=["metrics", "splits", "baselines"])
    parser.add_argument("--results", type=pathlib.Path, required=True, help="the --out folder")
    parser.add_argument("--tables", type=pathlib.Path, help="folder of the tables, for splits")
    parser.add_argument("--baselines", type=pathlib.Path, help="baselines_open.csv")
    options = parser.parse_args()
    check = {"metrics": check_metrics, "splits": check_splits, "baselines": check_baselines}[options.check]
    sys.exit(0 if check(options) else 1)


if __name__ == "__main__":
    main()
