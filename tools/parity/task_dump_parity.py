#!/usr/bin/env python3
"""Reads an HDF5 dump of `manyshot corpus --layout hdf5` with h5py as the loader of nanoTabPFN does, and compares every cell with the
Parquet layout of the same tasks. Needs h5py, numpy and pyarrow; with --loader also torch, and a checkout of nanoTabPFN whose own
PriorDumpDataLoader then reads the file.

    task_dump_parity.py build/release/bin/manyshot [--loader CHECKOUT]
"""
import argparse
import ast
import subprocess
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet

SHOTS, QUERIES, BATCH = 100, 50, 32
TASKS = ["--tasks", "3000", "--seed", "1", "--shots", str(SHOTS), "--queries", str(QUERIES), "--features", "3:8", "--classes", "2:10"]


def batches(path):
    """x, y and the row that the queries begin at, for each batch, as the loader cuts them."""
    with h5py.File(path, "r") as dump:
        for begin in range(0, dump["X"].shape[0], BATCH):
            part = slice(begin, begin + BATCH)
            rows, columns = int(dump["num_datapoints"][part].max()), dump["num_features"][part].max()
            yield dump["X"][part, :rows, :columns], dump["y"][part, :rows], dump["single_eval_pos"][part][0].item()


def parquet_tasks(folder):
    for part in sorted(folder.glob("parquet/*.parquet")):
        table = pyarrow.parquet.read_table(part).to_pandas()
        for _, rows in table.groupby("sample", sort=False):
            yield rows.filter(regex="^x").to_numpy(np.float32), rows["label"].to_numpy(), int((rows["role"] == "labelled").sum())


def expected(cells, labels, shots, width):
    """A task of the Parquet layout as the dump has it: missing cells filled, queries repeated, columns padded."""
    cells = cells[:, ~np.isnan(cells).all(axis=0)]
    means = np.nanmean(cells[:shots].astype(np.float64), axis=0).astype(np.float32)
    cells = np.where(np.isnan(cells), means, cells)
    order = np.r_[:shots, shots + np.arange(QUERIES) % (len(cells) - shots)]
    return np.pad(cells[order], ((0, 0), (0, width - cells.shape[1]))), labels[order]


def own_loader(checkout, path):
    """The class alone: the module it stands in imports much more."""
    import torch

    tree = ast.parse((Path(checkout) / "train.py").read_text())
    tree.body = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "PriorDumpDataLoader"]
    names = {"h5py": h5py, "torch": torch, "DataLoader": torch.utils.data.DataLoader}
    exec(compile(tree, "train.py", "exec"), names)
    steps = -(-sum(len(x) for x, _, _ in batches(path)) // BATCH)
    for batch in names["PriorDumpDataLoader"](str(path), steps, BATCH, device="cpu"):
        yield batch["x"].numpy(), batch["y"].numpy(), batch["train_test_split_index"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--loader", help="checkout of nanoTabPFN")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for layout in ("hdf5", "parquet"):
            subprocess.run([arguments.program, "corpus", "--layout", layout, "--out", f"{folder}/{layout}", *TASKS], check=True, capture_output=True)
        dump, tasks = Path(folder) / "hdf5" / "tasks.h5", parquet_tasks(Path(folder) / "parquet")
        read = batches(dump) if arguments.loader is None else own_loader(arguments.loader, dump)
        count = 0
        for x, y, split in read:
            assert split == SHOTS and x.shape[1] == SHOTS + QUERIES and x.dtype == y.dtype == np.float32
            for cells, labels in zip(x, y):
                wanted_cells, wanted_labels = expected(*next(tasks), x.shape[2])
                np.testing.assert_allclose(cells, wanted_cells, rtol=1e-6, atol=1e-7)
                np.testing.assert_array_equal(labels, wanted_labels)
                count += 1
        assert next(tasks, None) is None and count > 0
        print(f"{count} tasks equal in both layouts")


main()
