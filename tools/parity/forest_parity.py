#!/usr/bin/env python3
"""Our random forest beside scikit-learn's RandomForestClassifier: accuracy, log loss, out-of-bag score, importances, time.

  forest_parity.py --tables ../shared/tables --shots 32,128,512     `manyshot predict --model forest` on real tables, by the
                                                                    protocol of baselines_open.csv (100 trees, as the program has)
  forest_parity.py --synthetic 500                                  tables of `manyshot synth`, the same floats for both (30 trees)
  taskset -c 0 forest_parity.py --time                              fit + predict of 50 queries, 30 trees, one thread, in turns

Differences are paired by table: mean, 95 % confidence interval (t), and Wilcoxon's signed-rank test. Probabilities are floored at
0.001 and renormalised for the log loss. Needs numpy, pandas, scipy, scikit-learn (a parity tool; the product needs none of them),
and --build, the folder with bin/manyshot and bin/forest_tasks.
"""
import argparse
import concurrent.futures
import pathlib
import subprocess
import tempfile
import time
import zlib

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

FLOOR = 0.001


def scores(probabilities, truth):
    """Accuracy and log loss; probabilities [Q, K] of classes 0..K-1."""
    rows = np.arange(len(truth))
    floored = np.maximum(probabilities, FLOOR)
    return np.array([np.mean(probabilities.argmax(1) == truth), np.mean(-np.log(floored[rows, truth] / floored.sum(1)))])


def show_differences(name, ours, theirs):
    difference = np.asarray(ours) - np.asarray(theirs)
    mean, error = difference.mean(), stats.sem(difference)
    half = error * stats.t.ppf(0.975, len(difference) - 1)
    wilcoxon = stats.wilcoxon(difference).pvalue if np.any(difference != 0) else 1.0
    print(f"  {name:<22} ours {np.mean(ours):.4f}  scikit-learn {np.mean(theirs):.4f}  difference {mean:+.4f} "
          f"[{mean - half:+.4f}, {mean + half:+.4f}]  t-test p = {2 * stats.t.sf(abs(mean) / error, len(difference) - 1):.3f}  "
          f"Wilcoxon p = {wilcoxon:.3f}", flush=True)


# ---- real tables -------------------------------------------------------------------------------------------------------------

def read_table(path):
    """All cells as text, so that the program sees what the file says."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def predict(program, arguments, train, test, target, folder):
    """Probabilities [rows, classes] of `manyshot predict`, and the class names."""
    train_file, test_file, out_file = (folder / name for name in ("train.csv", "test.csv", "out.csv"))
    train.to_csv(train_file, index=False)
    test.drop(columns=target).to_csv(test_file, index=False)
    command = [program, "predict", "--train", train_file, "--test", test_file, "--target", target, "--out", out_file, "--quiet", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip())
    result = pd.read_csv(out_file, dtype={"prediction": str})
    return result.iloc[:, 2:].to_numpy(), [name[2:] for name in result.columns[2:]]


def encode(shots, rows):
    """Columns as numbers, as the program does: text by the order of the labelled rows' strings; what is missing, the median."""
    columns = []
    for name in shots.columns:
        train = pd.to_numeric(shots[name].where(shots[name] != ""), errors="coerce")
        if (train.isna() & (shots[name] != "")).any():
            ranks = {text: rank for rank, text in enumerate(sorted(set(shots[name]) - {""}))}
            if (shots[name] == "").any():
                ranks[""] = len(ranks)
            train, test = shots[name].map(ranks), rows[name].map(ranks)
        else:
            test = pd.to_numeric(rows[name].where(rows[name] != ""), errors="coerce")
        median = train.median()
        median = 0 if np.isnan(median) else median
        columns.append((train.fillna(median), test.fillna(median)))
    return [np.column_stack([column[side] for column in columns]).astype(np.float32) for side in (0, 1)]


def score_table(path, shots, options):
    table = read_table(path)
    target = table.columns[-1]
    train, test = train_test_split(table, test_size=0.2, random_state=42)
    if len(train) < shots:
        return None
    classes = {label: k for k, label in enumerate(sorted(table[target].unique()))}
    test = test.head(200)
    sides = {"ours": [], "theirs": []}
    truth = []
    with tempfile.TemporaryDirectory() as folder:
        for chunk in range(0, len(test), 50):
            rows = test.iloc[chunk:chunk + 50]
            labelled = train.sample(n=shots, random_state=42 + chunk // 50)
            if labelled[target].nunique() < 2:
                continue
            truth += [classes[label] for label in rows[target]]
            x, queries = encode(labelled.drop(columns=target), rows.drop(columns=target))
            y = labelled[target].map(classes).to_numpy()
            found = {}
            found["ours"], names = predict(options.program, ["--model", "forest", "--seed", str(options.seed), "--threads", "1"], labelled,
                                           rows, target, pathlib.Path(folder))
            forest = RandomForestClassifier(n_estimators=100, random_state=zlib.crc32(f"{path.stem} {shots} {chunk} {options.seed}".encode())).fit(x, y)
            found["theirs"] = forest.predict_proba(queries)
            for side, ids in (("ours", [classes[name] for name in names]), ("theirs", forest.classes_)):
                probabilities = np.zeros((len(rows), len(classes)))
                probabilities[:, ids] = found[side]
                sides[side].append(probabilities)
    if not truth:
        return None
    return [scores(np.concatenate(sides[side]), np.array(truth)) for side in ("ours", "theirs")]


def compare_on_tables(options):
    names = sorted(path.stem for path in options.tables.glob("*.csv") if path.stem not in ("index", "baselines_open"))
    if options.only:
        names = [name for name in names if name in options.only.split(",")]
    everything = []
    for shots in map(int, options.shots.split(",")):
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            results = list(pool.map(lambda name: score_table(options.tables / f"{name}.csv", shots, options), names))
        if options.verbose:
            for name, result in zip(names, results):
                if result:
                    print(f"    {name[:40]:<40} accuracy {result[0][0]:.4f} {result[1][0]:.4f}  log loss {result[0][1]:.4f} {result[1][1]:.4f}")
        pairs = np.array([result for result in results if result])
        everything.append(pairs)
        print(f"N = {shots}, {len(pairs)} tables, 100 trees")
        show_differences("accuracy", pairs[:, 0, 0], pairs[:, 1, 0])
        show_differences("log loss", pairs[:, 0, 1], pairs[:, 1, 1])
    pairs = np.concatenate(everything)
    print(f"all shots, {len(pairs)} pairs")
    show_differences("accuracy", pairs[:, 0, 0], pairs[:, 1, 0])
    show_differences("log loss", pairs[:, 0, 1], pairs[:, 1, 1])


# ---- the same floats for both ------------------------------------------------------------------------------------------------

def write_task(file, values, labels, num_labelled, num_classes):
    """values [rows, F]; the first num_labelled rows are the labelled ones."""
    header = [num_labelled, len(values) - num_labelled, values.shape[1], num_classes]
    file.write(np.array(header, np.int32).tobytes())
    file.write(np.ascontiguousarray(values.T, np.float32).tobytes())
    file.write(labels[:num_labelled].astype(np.int32).tobytes())


def run_ours(tasks, options, seed=1):
    """Per task: dict of cpu, wall, out_of_bag, nodes, probabilities, importances."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        with open(path / "in", "wb") as file:
            for values, labels, num_labelled, num_classes in tasks:
                write_task(file, values, labels, num_labelled, num_classes)
        subprocess.run([options.build / "bin/forest_tasks", path / "in", path / "out", "30", str(seed)], check=True)
        numbers = np.fromfile(path / "out")
    results, at = [], 0
    for values, labels, num_labelled, num_classes in tasks:
        queries, features = len(values) - num_labelled, values.shape[1]
        end = at + 4 + queries * num_classes + features
        block = numbers[at:end]
        results.append(dict(cpu=block[0], wall=block[1], out_of_bag=block[2], nodes=block[3],
                            probabilities=block[4:4 + queries * num_classes].reshape(queries, num_classes),
                            importances=block[4 + queries * num_classes:]))
        at = end
    return results


def run_theirs(task, seed, out_of_bag=False):
    values, labels, num_labelled, num_classes = task
    cpu, wall = time.process_time(), time.perf_counter()
    forest = RandomForestClassifier(n_estimators=30, random_state=seed, oob_score=out_of_bag, n_jobs=1)
    forest.fit(values[:num_labelled], labels[:num_labelled])
    found = forest.predict_proba(values[num_labelled:])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    probabilities = np.zeros((len(found), num_classes))
    probabilities[:, forest.classes_] = found
    return dict(cpu=cpu, wall=wall, out_of_bag=forest.oob_score_ if out_of_bag else np.nan, probabilities=probabilities,
                nodes=np.mean([tree.tree_.node_count for tree in forest.estimators_]), importances=forest.feature_importances_)


def synthetic_tasks(options, count, rows, extra=()):
    """Tables of `manyshot synth`, the label last: (values [rows, F], labels)."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([options.program, "synth", "--tasks", str(count), "--seed", str(options.seed), "--out", folder, "--rows", rows,
                        "--quiet", *extra], check=True)
        for path in sorted(pathlib.Path(folder).glob("**/*.csv")):
            table = pd.read_csv(path)
            columns = [table[name] if table[name].dtype.kind in "if" else table[name].astype("category").cat.codes.astype(float).replace(-1, np.nan)
                       for name in table.columns[:-1]]
            values = np.column_stack(columns).astype(np.float32)
            if np.isnan(values).any():
                values = np.where(np.isnan(values), np.nanmedian(values, axis=0), values).astype(np.float32)
            yield values, pd.factorize(table.iloc[:, -1], sort=True)[0]


def compare_on_synthetic(options):
    rng = np.random.default_rng(options.seed)
    tasks, skipped = [], 0
    for values, labels in synthetic_tasks(options, options.synthetic, "500:1500", ["--prior", options.prior]):
        num_labelled = int(np.exp(rng.uniform(np.log(32), np.log(len(labels) - 300))))
        if len(set(labels[:num_labelled])) < 2:
            skipped += 1
            continue
        tasks.append((values, labels, num_labelled, int(labels.max()) + 1))
    ours = run_ours(tasks, options)
    # A seed for each task: one for all would draw the same rows for all tables of a length.
    theirs = [run_theirs(task, 10_000 * options.seed + index, out_of_bag=True) for index, task in enumerate(tasks)]
    again = run_ours(tasks, options, seed=2)
    print(f"{len(tasks)} tasks of prior {options.prior} ({skipped} with one class left out), 30 trees, labelled rows log-uniform from 32, "
          f"queries: the rest (300 at least)")
    table = [[scores(side["probabilities"], task[1][task[2]:]) for side in (a, b, c)] for a, b, c, task in zip(ours, theirs, again, tasks)]
    table = np.array(table)
    show_differences("accuracy", table[:, 0, 0], table[:, 1, 0])
    show_differences("log loss", table[:, 0, 1], table[:, 1, 1])
    show_differences("out-of-bag score", [o["out_of_bag"] for o in ours], [t["out_of_bag"] for t in theirs])
    show_differences("nodes a tree", [o["nodes"] for o in ours], [t["nodes"] for t in theirs])
    same = [np.corrcoef(o["importances"], t["importances"])[0, 1] for o, t in zip(ours, theirs) if len(o["importances"]) > 2]
    seeds = [np.corrcoef(o["importances"], t["importances"])[0, 1] for o, t in zip(ours, again) if len(o["importances"]) > 2]
    print(f"  importances: correlation with scikit-learn's {np.mean(same):.3f} (our own between two seeds {np.mean(seeds):.3f})")
    spread = [table[:, 0, 0] - table[:, 1, 0], table[:, 0, 0] - table[:, 2, 0]]
    print(f"  accuracy of one task: standard deviation of the difference to scikit-learn {spread[0].std():.4f}, between our own seeds "
          f"{spread[1].std():.4f}")


def compare_times(options):
    print(f"fit + predict, 30 trees, 50 queries, one thread; tables of prior {options.prior}; seconds of CPU (wall) a task, ours and "
          f"scikit-learn's in turns")
    shapes = [("1024 x 50", 1024, 50, "2"), ("1024 x 50, 10 classes", 1024, 50, "10"), ("1024 x 5:50", 1024, "5:50", "2:10"), ("512 x 20", 512, 20, "2:10"),
              ("128 x 10", 128, 10, "2:10"), ("32 x 10", 32, 10, "2:4")]
    for name, rows, features, classes in shapes:
        tasks = []
        for values, labels in synthetic_tasks(options, options.time_tasks, str(rows + 50),
                                              ["--prior", options.prior, "--features", str(features), "--classes", classes]):
            if len(set(labels[:rows])) > 1:
                tasks.append((values, labels, rows, int(labels.max()) + 1))
        run_theirs(tasks[0], 0)
        ours, theirs = [], []
        for repeat in range(3):  # the least of three each, as other programs may disturb
            ours.append([[r["cpu"], r["wall"]] for r in run_ours(tasks, options, seed=repeat)])
            theirs.append([[r["cpu"], r["wall"]] for r in (run_theirs(task, repeat) for task in tasks)])
        ours, theirs = np.min(ours, axis=0), np.min(theirs, axis=0)
        ratios = np.sort(theirs[:, 0] / ours[:, 0])
        (cpu, wall), (their_cpu, their_wall) = ours.mean(0), theirs.mean(0)
        print(f"  {name:<22} {len(tasks)} tasks: ours {1e3 * cpu:.3f} ms ({1e3 * wall:.3f})  scikit-learn {1e3 * their_cpu:.2f} ms "
              f"({1e3 * their_wall:.2f})  ratio of sums {their_cpu / cpu:.1f} ({their_wall / wall:.1f})  by task: median "
              f"{np.median(ratios):.1f}, least {ratios[0]:.1f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--tables", type=pathlib.Path)
    parser.add_argument("--shots", default="32,128,512")
    parser.add_argument("--only", default="", help="comma-separated table names")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--synthetic", type=int, help="number of synthetic tasks")
    parser.add_argument("--prior", default="mix")
    parser.add_argument("--time", action="store_true")
    parser.add_argument("--time-tasks", type=int, default=12, help="tasks a shape")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--verbose", action="store_true", help="one line a table")
    options = parser.parse_args()
    options.program = options.build / "bin/manyshot"
    if options.tables:
        compare_on_tables(options)
    if options.synthetic:
        compare_on_synthetic(options)
    if options.time:
        compare_times(options)


if __name__ == "__main__":
    main()
