#!/usr/bin/env python3
"""Times `manyshot evaluate` beside the same evaluation in Python: scikit-learn's (and XGBoost's) classifiers on the published splits.

  python benchmarks/evaluate_tables.py --program build/release/bin/manyshot --tables ../shared/tables --models majority,knn,forest
  taskset -c 1 python benchmarks/evaluate_tables.py … --jobs 1

Both read the tables, split them, fit and ask every context, and score. Models: majority, knn (8 standardised neighbours), forest (100
trees), paper-knn, paper-forest (30 trees), xgboost (500 trees). Prints wall and processor time of each model, their ratio, and the mean
accuracies, which must agree within noise. Needs numpy, pandas, scikit-learn, and xgboost for xgboost.
"""
import argparse
import csv
import json
import os
import pathlib
import random
import resource
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pandas as pd
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FLOOR = 0.001
ROW_SEED = 40


def xgboost_classifier():
    from xgboost import XGBClassifier
    return XGBClassifier(n_estimators=500, learning_rate=0.05, max_depth=4, subsample=0.8, colsample_bytree=0.8, n_jobs=1, verbosity=0)


MODELS = {
    "majority": lambda shots: DummyClassifier(strategy="prior"),
    "knn": lambda shots: make_pipeline(StandardScaler(), KNeighborsClassifier(min(8, shots), weights="distance")),
    "paper-knn": lambda shots: KNeighborsClassifier(min(8, shots), weights="distance"),
    "forest": lambda shots: RandomForestClassifier(100, random_state=42),
    "paper-forest": lambda shots: RandomForestClassifier(30, random_state=42),
    "xgboost": lambda shots: xgboost_classifier(),
}


def encode(train, test):
    """Text columns numbered over both, missing numbers the median of the labelled rows."""
    columns = []
    for name in train.columns:
        a, b = train[name], test[name]
        if a.dtype.kind in "biuf":
            a, b = a.astype(float), b.astype(float)
            median = a.median()
            median = 0.0 if np.isnan(median) else median
            columns.append((a.fillna(median).to_numpy(), b.fillna(median).to_numpy()))
        else:
            codes = pd.factorize(pd.concat([a, b]).astype(str), sort=True)[0].astype(float)
            columns.append((codes[:len(a)], codes[len(a):]))
    return [np.column_stack([pair[side] for pair in columns]) for side in (0, 1)]


def predict(model, train_x, train_y, test_x, num_classes):
    present, labels = np.unique(train_y, return_inverse=True)
    probabilities = np.zeros((len(test_x), num_classes))
    if len(present) == 1:
        probabilities[:, present[0]] = 1
        return probabilities
    classifier = MODELS[model](len(train_x)).fit(train_x, labels)
    probabilities[:, present] = classifier.predict_proba(test_x)
    return probabilities


def evaluate(task):
    """Accuracy of one (model, table, shots), or None when the table is too short."""
    model, path, shots, max_queries = task
    table = pd.read_csv(path)
    labels = pd.factorize(table["label"], sort=True)[0]
    features = table.drop(columns="label")
    columns = list(features.columns)
    random.seed(ROW_SEED)
    random.shuffle(columns)
    features = features[columns]
    train, test = train_test_split(np.arange(len(table)), test_size=0.2, random_state=42)
    if len(train) < shots:
        return None
    test = test[:max_queries]
    pool = pd.Series(train)
    parts = []
    for first in range(0, len(test), 50):
        queries = test[first:first + 50]
        rows = pool.sample(n=shots, random_state=42 + first // 50).sample(frac=1, random_state=ROW_SEED).to_numpy()
        train_x, test_x = encode(features.iloc[rows], features.iloc[queries])
        parts.append(predict(model, train_x, labels[rows], test_x, labels.max() + 1))
    probabilities, truth = np.concatenate(parts), labels[test]
    predicted = probabilities.argmax(axis=1)
    floored = np.maximum(probabilities, FLOOR)
    floored /= floored.sum(axis=1, keepdims=True)
    balanced_accuracy_score(truth, predicted), f1_score(truth, predicted, average="macro")
    log_loss(truth, floored, labels=range(probabilities.shape[1]))
    return accuracy_score(truth, predicted)


def processor_s():
    """Of this process and the children it has waited for."""
    return sum(usage.ru_utime + usage.ru_stime
               for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)))


def timed(action):
    wall, processor = time.monotonic(), processor_s()
    result = action()
    return result, time.monotonic() - wall, processor_s() - processor


def run_python(model, paths, shots, options):
    tasks = [(model, path, count, options.max_queries) for path in paths for count in shots]
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(evaluate, tasks))
    return np.mean([result for result in results if result is not None])


def run_manyshot(model, shots, options):
    with tempfile.TemporaryDirectory() as folder:
        command = [options.program, "evaluate", "--tables", str(options.tables), "--models", model, "--shots",
                   ",".join(map(str, shots)), "--max-queries", str(options.max_queries), "--out", folder, "--quiet",
                   "--threads", str(options.jobs)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(pathlib.Path(folder) / "results.csv", newline="") as file:
            return np.mean([float(row["accuracy"]) for row in csv.DictReader(file) if not row["error"]])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/manyshot")
    parser.add_argument("--tables", type=pathlib.Path, required=True)
    parser.add_argument("--models", default="majority,knn,forest")
    parser.add_argument("--shots", default="8,16,32,64,128,256,512,1024")
    parser.add_argument("--max-queries", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    paths = sorted(path for path in options.tables.glob("*.csv") if path.stem not in ("index", "baselines_open"))
    shots = [int(count) for count in options.shots.split(",")]
    lines = []
    for model in options.models.split(","):
        ours, wall, processor = timed(lambda: run_manyshot(model, shots, options))
        theirs, python_wall, python_processor = timed(lambda: run_python(model, paths, shots, options))
        lines.append({"model": model, "accuracy": ours, "python_accuracy": theirs, "wall_s": wall, "python_wall_s": python_wall,
                      "processor_s": processor, "python_processor_s": python_processor})
        print(f"{model:<13} accuracy {ours:.4f} / {theirs:.4f}   wall {wall:.1f} s / {python_wall:.1f} s   processor "
              f"{processor:.1f} s / {python_processor:.1f} s: {python_processor / processor:.0f} times", flush=True)
    if options.json:
        options.json.write_text(json.dumps(lines, indent=1) + "\n")


if __name__ == "__main__":
    main()
