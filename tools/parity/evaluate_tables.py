#!/usr/bin/env python3
"""Scores `manyshot predict` on a folder of tables by the protocol of its baselines_open.csv.

Unstratified 80/20 split (seed 42); the first 200 test rows in chunks of 50; for chunk c, N training rows drawn with seed 42 + c.
The target is the last column. Prints, per N, the mean over the tables of accuracy, balanced accuracy and log loss (probabilities
floored at 0.001 and renormalised) beside the rows of baselines_open.csv.

  python tools/parity/evaluate_tables.py --tables ../shared/tables --shots 8,64,512 --program build/release/bin/manyshot
  python tools/parity/evaluate_tables.py --tables ../shared/tables --shots 128 -- --ensemble 1

Needs pandas and scikit-learn (a parity tool; the product needs neither).
"""
import argparse
import concurrent.futures
import csv
import pathlib
import subprocess
import tempfile

import numpy as np
import pandas as pd
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import train_test_split

FLOOR = 0.001


def read_table(path):
    """All cells as text, so that the program sees what the file says."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def predict(program, arguments, train, test, target, folder):
    """Probabilities [rows, classes] and the class names."""
    train_file, test_file, out_file = (folder / name for name in ("train.csv", "test.csv", "out.csv"))
    train.to_csv(train_file, index=False)
    test.drop(columns=target).to_csv(test_file, index=False)
    command = [program, "predict", "--train", train_file, "--test", test_file, "--target", target, "--out", out_file,
               "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    result = pd.read_csv(out_file, dtype={"prediction": str})
    names = [name[2:] for name in result.columns[2:]]
    return result.iloc[:, 2:].to_numpy(), names


def score_table(path, shots, options):
    """(accuracy, balanced accuracy, log loss) per table, or None when it has too few training rows."""
    table = read_table(path)
    target = table.columns[-1]
    train, test = train_test_split(table, test_size=0.2, random_state=42)
    if len(train) < shots:
        return None
    test = test.head(200)
    truth, predicted, losses = [], [], []
    with tempfile.TemporaryDirectory() as folder:
        for chunk in range(0, len(test), 50):
            rows = test.iloc[chunk:chunk + 50]
            demonstrations = train.sample(n=shots, random_state=42 + chunk // 50)
            labels = rows[target].tolist()
            if demonstrations[target].nunique() < 2:  # nothing to learn from: the program refuses, the baselines predict it
                probabilities, names = np.ones((len(rows), 1)), [demonstrations[target].iloc[0]]
            else:
                probabilities, names = predict(options.program, options.arguments, demonstrations, rows, target,
                                               pathlib.Path(folder))
            floored = np.maximum(probabilities, FLOOR)
            for label, row, raw in zip(labels, floored, probabilities):
                truth.append(label)
                predicted.append(names[int(raw.argmax())])
                true_probability = row[names.index(label)] if label in names else FLOOR
                losses.append(-np.log(true_probability / row.sum()))
    accuracy = float(np.mean([a == b for a, b in zip(truth, predicted)]))
    return accuracy, balanced_accuracy_score(truth, predicted), float(np.mean(losses))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=pathlib.Path, required=True)
    parser.add_argument("--shots", default="8,16,32,64,128,256,512")
    parser.add_argument("--program", default="build/release/bin/manyshot")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", default="", help="comma-separated table names")
    parser.add_argument("--per-table", type=pathlib.Path, help="CSV to write: table, N, accuracy, balanced_accuracy, log_loss")
    parser.add_argument("arguments", nargs="*", help="further arguments of manyshot predict, after --")
    options = parser.parse_args()
    options.arguments = [*options.arguments, "--threads", "1"] if options.jobs > 1 else options.arguments

    with open(options.tables / "index.csv", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    baselines = pd.read_csv(options.tables / "baselines_open.csv")
    rows = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for shots in map(int, options.shots.split(",")):
            results = list(pool.map(lambda name: score_table(options.tables / f"{name}.csv", shots, options), names))
            for name, result in zip(names, results):
                if result is not None:
                    rows.append((name, shots, *result))
            means = np.mean([result for result in results if result is not None], axis=0)
            print(f"N={shots:<5} tables {sum(r is not None for r in results)}: accuracy {means[0]:.4f}  "
                  f"balanced {means[1]:.4f}  log loss {means[2]:.4f}", flush=True)
            if not options.only:
                for _, base in baselines[baselines.N == shots].iterrows():
                    print(f"    {base.model:<13} accuracy {base.accuracy:.4f}  balanced {base.balanced_accuracy:.4f}  "
                          f"log loss {base.log_loss:.4f}   ours/theirs {means[0] / base.accuracy:.3f}")
    if options.per_table:
        pd.DataFrame(rows, columns=["table", "N", "accuracy", "balanced_accuracy", "log_loss"]).to_csv(options.per_table, index=False)


if __name__ == "__main__":
    main()
