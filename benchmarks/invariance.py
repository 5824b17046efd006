"""How much answers change when nothing of the task does: columns in another order, classes with other names.

    python3 benchmarks/invariance.py PROGRAM TABLE [TABLE ...] [--rows 128] [--queries 100] [--options "--model default --ensemble 8"]

TABLE is a CSV file whose class is in the column `label`, or else in the last one. Of each the first rows are labelled and the next ones
asked for, as they stand and three times shuffled. Prints one JSON object: the mean over tables of mean |p - p'| over queries and classes.
"""

import argparse
import csv
import json
import random
import shlex
import statistics
import subprocess
import tempfile
from pathlib import Path


def read(path):
    with open(path, newline="", encoding="utf-8", errors="replace") as file:
        rows = list(csv.reader(file))
    head = rows[0]
    target = head.index("label") if "label" in head else len(head) - 1
    columns = [i for i in range(len(head)) if i != target]
    return [head[i] for i in columns], [[row[i] for i in columns] for row in rows[1:]], [row[target] for row in rows[1:]]


def predict(program, options, names, features, labels, num_rows, num_queries, order, rename):
    """Probabilities [query][class], classes by their own names."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, first, last in (("train", 0, num_rows), ("test", num_rows, num_rows + num_queries)):
            with open(folder / f"{name}.csv", "w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow([names[i] for i in order] + (["class of the row"] if name == "train" else []))
                for row in range(first, last):
                    cells = [features[row][i] for i in order]
                    writer.writerow(cells + ([rename[labels[row]]] if name == "train" else []))
        subprocess.run(
            [program, "predict", "--train", folder / "train.csv", "--test", folder / "test.csv", "--target", "class of the row",
             "--task", "classification", "--out", folder / "out.csv", "--quiet", *shlex.split(options)], check=True)
        with open(folder / "out.csv", newline="", encoding="utf-8") as file:
            answers = list(csv.DictReader(file))
    back = {f"p_{new}": old for old, new in rename.items()}
    return [{back[name]: float(value) for name, value in answer.items() if name in back} for answer in answers]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tables", nargs="+")
    parser.add_argument("--rows", type=int, default=128)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--options", default="--model default --ensemble 8")
    arguments = parser.parse_args()
    changes = {"columns": {}, "classes": {}}
    for path in arguments.tables:
        names, features, labels = read(path)
        rng = random.Random(1)
        rows = list(range(len(labels)))
        rng.shuffle(rows)
        features, labels = [features[i] for i in rows], [labels[i] for i in rows]
        if len(labels) < arguments.rows + arguments.queries:
            continue
        classes = sorted(set(labels[: arguments.rows]))
        if not 2 <= len(classes) <= 10:
            continue
        plain = {name: f"class {i}" for i, name in enumerate(sorted(set(labels)))}
        columns = list(range(len(names)))

        def ask(order, rename):
            return predict(arguments.program, arguments.options, names, features, labels, arguments.rows, arguments.queries, order, rename)

        first = ask(columns, plain)
        for kind, found in changes.items():
            distances = []
            for _ in range(3):
                order, rename = columns, plain
                if kind == "columns":
                    order = rng.sample(columns, len(columns))
                else:
                    rename = dict(zip(plain, rng.sample(list(plain.values()), len(plain))))
                other = ask(order, rename)
                distances += [abs(a[c] - b[c]) for a, b in zip(first, other) for c in classes]
            found[Path(path).stem] = statistics.mean(distances)
    print(json.dumps({"tables": len(changes["columns"]), "mean_change": {k: statistics.mean(v.values()) for k, v in changes.items()},
                      "by_table": changes}))


if __name__ == "__main__":
    main()
