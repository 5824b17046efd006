#!/usr/bin/env python3
"""Checks our reading of GGUF files, bit for bit, against PyPI's `gguf`.

Writes a file with a tensor of random quantised data of each type we read (scales of every size, subnormal ones too; the f16 and bf16
tensors hold every bit pattern) and compares all values; then does the same with the models named. `gguf_dump` comes with the tests.

    gguf_parity.py --dump build/release/bin/gguf_dump [MODEL.gguf …]
"""
import argparse
import subprocess
import tempfile
from pathlib import Path

import gguf
import numpy as np

TYPES = gguf.GGMLQuantizationType
# Where the f16 scales stand in a block.
SCALES = {
    TYPES.Q4_0: [0],
    TYPES.Q4_1: [0, 2],
    TYPES.Q5_0: [0],
    TYPES.Q5_1: [0, 2],
    TYPES.Q8_0: [0],
    TYPES.Q4_K: [0, 2],
    TYPES.Q5_K: [0, 2],
    TYPES.Q6_K: [208],
}
BLOCKS_PER_ROW, ROWS = 8, 512


def random_quantised(kind, random):
    block_bytes = gguf.GGML_QUANT_SIZES[kind][1]
    blocks = random.integers(0, 256, (ROWS * BLOCKS_PER_ROW, block_bytes), dtype=np.uint8)
    for offset in SCALES[kind]:
        scales = random.integers(0, 0x7C00, len(blocks), dtype=np.uint16) | random.integers(0, 2, len(blocks), dtype=np.uint16) << 15
        blocks[:, offset : offset + 2] = scales.reshape(-1, 1).view(np.uint8)
    return blocks.reshape(ROWS, BLOCKS_PER_ROW * block_bytes)


def write_every_type(path):
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter(path, "parity")
    every_16_bits = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    writer.add_tensor("F32", random.standard_normal((64, 96), dtype=np.float32))
    writer.add_tensor("F16", every_16_bits.view(np.float16))
    writer.add_tensor("BF16", every_16_bits.view(np.uint8), raw_dtype=TYPES.BF16)
    for kind in SCALES:
        writer.add_tensor(kind.name, random_quantised(kind, random), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def equal(ours, theirs):
    both_nan = np.isnan(ours) & np.isnan(theirs)
    return np.array_equal(np.where(both_nan, 0, ours.view(np.uint32)), np.where(both_nan, 0, theirs.view(np.uint32)))


def compare(dump, path):
    """Prints one line per tensor type; returns whether all tensors are equal."""
    results = {}
    with subprocess.Popen([dump, path], stdout=subprocess.PIPE) as process:
        for tensor in gguf.GGUFReader(path).tensors:
            theirs = gguf.dequantize(tensor.data, tensor.tensor_type).ravel()
            ours = np.frombuffer(process.stdout.read(theirs.nbytes), dtype=np.float32)
            count, values, differing = results.get(tensor.tensor_type.name, (0, 0, []))
            same = len(ours) == len(theirs) and equal(ours, theirs)
            results[tensor.tensor_type.name] = (count + 1, values + len(theirs), differing + ([] if same else [tensor.name]))
        rest = process.stdout.read()
    for name, (count, values, differing) in results.items():
        print(f"{path.name}: {name}: {count} tensors, {values:,} values: {'equal' if not differing else f'DIFFER in {differing}'}")
    return process.returncode == 0 and not rest and not any(differing for _, _, differing in results.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", required=True, type=Path)
    parser.add_argument("models", nargs="*", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "every_type.gguf"
        write_every_type(path)
        same = [compare(options.dump, model) for model in [path, *options.models]]
    raise SystemExit(0 if all(same) else 1)


main()
