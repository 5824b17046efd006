"""The prior `mix` beside the one it re-implements (TabICL 0.1.2, `mix_scm`): whole-task statistics and speed.

    python prior_parity.py draw --tasks 1200 --kind mix_scm --out peer.npz          # needs PyPI tabicl==0.1.2
    python prior_parity.py compare --peer peer.npz --program build/release/bin/manyshot --prior mix --fit
    python prior_parity.py time --bench build/release/bin/prior_bench --tasks 100   # needs tabicl==0.1.2 too

`compare` draws as many tables from `manyshot synth` and runs a two-sample Kolmogorov-Smirnov test for each statistic, with
Holm's correction over all of them; it exits with 1 when one is rejected at 5 %. `--fit` adds the accuracies of a forest of 30
trees and of logistic regression, fitted on one half of each table and measured on the other. `time` runs both generators one
after the other on the processor it is started on (use taskset), in turns, and prints tasks per second of processor time.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

warnings.filterwarnings("ignore")


def peer_generator(kind):
    import random

    import torch
    from tabicl.prior.dataset import PriorDataset

    torch.set_num_threads(1)
    np.random.seed(1)
    torch.manual_seed(1)
    random.seed(1)
    return PriorDataset(
        batch_size=1, batch_size_per_gp=1, min_features=5, max_features=50, max_classes=10, min_seq_len=1024,
        max_seq_len=1025, prior_type=kind, n_jobs=1, device="cpu")


def draw(arguments):
    generator = peer_generator(arguments.kind)
    arrays = {}
    for task in range(arguments.tasks):
        columns, labels, num_features, _, _ = generator.get_batch()
        arrays[f"x{task}"] = columns[0][:, : int(num_features[0])].numpy().astype(np.float32)
        arrays[f"y{task}"] = labels[0].numpy().astype(np.int16)
        if task % 100 == 99:
            print(task + 1, file=sys.stderr, flush=True)
    np.savez(arguments.out, **arrays)


def peer_tables(path):
    arrays = np.load(path)
    return [(arrays[f"x{i}"], arrays[f"y{i}"].astype(int)) for i in range(len(arrays.files) // 2)]


def level_code(text):
    code = 0
    for letter in text:
        code = 26 * code + ord(letter) - ord("a") + 1
    return code - 1


def our_tables(program, prior, tasks, seed):
    import pandas

    tables = []
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([program, "synth", "--tasks", str(tasks), "--seed", str(seed), "--prior", prior, "--out", folder,
                        "--quiet"], check=True)
        for task in range(tasks):
            table = pandas.read_csv(os.path.join(folder, f"task_{task:06}.csv"), keep_default_na=False)
            for name in table.columns:
                if not pandas.api.types.is_numeric_dtype(table[name]):
                    table[name] = table[name].map(level_code)
            values = table.to_numpy(dtype=np.float64)
            tables.append((values[:, :-1], values[:, -1].astype(int)))
    return tables


def statistics(table, fit):
    x, y = table
    x = x.astype(np.float64)
    result = {}
    shares = np.sort(np.unique(y, return_counts=True)[1] / len(y))[::-1]
    result["classes"] = len(shares)
    result["majority share"] = shares[0]
    result["minority share"] = shares[-1]
    result["label entropy"] = -(shares * np.log(shares)).sum()
    result["columns"] = x.shape[1]
    result["not finite"] = float(not np.isfinite(x).all())
    x = np.nan_to_num(x)
    z = (x - x.mean(0)) / (x.std(0) + 1e-12)
    correlation = np.nan_to_num(np.atleast_2d(np.corrcoef(z.T)))
    spectrum = np.clip(np.linalg.eigvalsh(correlation)[::-1], 1e-12, None)
    spectrum /= spectrum.sum()
    result["top eigenvalue share"] = spectrum[0]
    result["effective rank per column"] = np.exp(-(spectrum * np.log(spectrum)).sum()) / len(spectrum)
    result["mean |correlation|"] = np.abs(correlation[np.triu_indices(len(correlation), 1)]).mean() if len(correlation) > 1 else 0
    skewness, kurtosis = np.abs((z**3).mean(0)), (z**4).mean(0)
    result["median |skewness|"] = np.median(skewness)
    result["largest |skewness|"] = skewness.max()
    result["median kurtosis"] = np.median(kurtosis)
    result["largest kurtosis"] = kurtosis.max()
    result["smallest kurtosis"] = kurtosis.min()
    distinct = np.array([len(np.unique(column)) for column in x.T])
    result["median distinct values"] = np.median(distinct)
    result["fewest distinct values"] = distinct.min()
    result["share of columns < 50 values"] = (distinct < 50).mean()
    result["largest |z|"] = np.abs(z).max()
    result["largest |correlation with label|"] = max(abs(np.nan_to_num(np.corrcoef(column, y)[0, 1])) for column in z.T)
    if fit:
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.linear_model import LogisticRegression

        order = np.random.RandomState(0).permutation(len(y))
        train, test = order[: len(y) // 2], order[len(y) // 2 :]
        if len(np.unique(y[train])) > 1:
            forest = RandomForestClassifier(30, random_state=0).fit(z[train], y[train])
            linear = LogisticRegression(max_iter=200).fit(z[train], y[train])
            result["forest accuracy"] = (forest.predict(z[test]) == y[test]).mean()
            result["logistic accuracy"] = (linear.predict(z[test]) == y[test]).mean()
            result["forest above majority"] = result["forest accuracy"] - shares[0]
            result["logistic above majority"] = result["logistic accuracy"] - shares[0]
            result["forest above logistic"] = result["forest accuracy"] - result["logistic accuracy"]
    return result


def compare(arguments):
    from scipy import stats

    theirs = peer_tables(arguments.peer)
    ours = our_tables(arguments.program, arguments.prior, len(theirs), arguments.seed)
    print(f"{len(ours)} tables of {arguments.prior}, {len(theirs)} of the peer")
    a = [statistics(table, arguments.fit) for table in ours]
    b = [statistics(table, arguments.fit) for table in theirs]
    rows = []
    for name in max(a, key=len):
        # Rounded: clamped columns give the same largest |z| up to single precision, and ranks would see the last bits.
        left = np.round([s[name] for s in a if name in s], 5)
        right = np.round([s[name] for s in b if name in s], 5)
        test = stats.ks_2samp(left, right)
        rows.append((name, test.statistic, test.pvalue, left, right))
    order = np.argsort([row[2] for row in rows])
    corrected, running = {}, 0.0
    for place, index in enumerate(order):
        running = max(running, min(1.0, rows[index][2] * (len(rows) - place)))
        corrected[rows[index][0]] = running
    print(f"{'statistic':34} {'KS':>6} {'p':>7} {'Holm':>6}   ours: 5 / 50 / 95 %            peer: 5 / 50 / 95 %")
    for name, distance, p, left, right in rows:
        quantiles = ["  ".join(f"{v:8.3f}" for v in np.quantile(side, [0.05, 0.5, 0.95])) for side in (left, right)]
        print(f"{name:34} {distance:6.3f} {p:7.4f} {corrected[name]:6.3f}   {quantiles[0]}   {quantiles[1]}")
    rejected = [name for name, p in corrected.items() if p < 0.05]
    print("rejected at 5 %:", ", ".join(rejected) if rejected else "none")
    return 1 if rejected else 0


def timing(arguments):
    generator = peer_generator("mix_scm")
    for _ in range(5):
        generator.get_batch()
    theirs, ours = [], []
    for _ in range(arguments.rounds):
        start = time.process_time()
        for _ in range(arguments.tasks):
            generator.get_batch()
        theirs.append(arguments.tasks / (time.process_time() - start))
        output = subprocess.run([arguments.bench, "--benchmark_filter=^draw_task/mix/", "--benchmark_format=json"],
                                check=True, capture_output=True, text=True).stdout
        ours.append(json.loads(output)["benchmarks"][0]["tasks_per_cpu_s"])
    for name, rates in (("peer", theirs), ("manyshot", ours)):
        print(f"{name:9} tasks/s of processor time: median {np.median(rates):8.1f}, {min(rates):.1f} to {max(rates):.1f}")
    print(f"ratio of medians: {np.median(ours) / np.median(theirs):.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("draw", help="tables from the peer's prior")
    command.add_argument("--tasks", type=int, default=1200)
    command.add_argument("--kind", choices=["mix_scm", "mlp_scm", "tree_scm"], default="mix_scm")
    command.add_argument("--out", required=True)
    command = commands.add_parser("compare", help="two-sample tests")
    command.add_argument("--peer", required=True)
    command.add_argument("--program", required=True)
    command.add_argument("--prior", default="mix")
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--fit", action="store_true")
    command = commands.add_parser("time", help="tasks per second, side by side")
    command.add_argument("--bench", required=True)
    command.add_argument("--tasks", type=int, default=40)
    command.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    if arguments.command == "draw":
        draw(arguments)
    elif arguments.command == "compare":
        return compare(arguments)
    else:
        timing(arguments)
    return 0


if __name__ == "__main__":
    sys.exit(main())
