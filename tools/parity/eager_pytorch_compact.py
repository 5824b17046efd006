#!/usr/bin/env python3
"""The `compact` decoder in plain eager PyTorch: checks golden logits, and times the same work as `decoder_bench`.

An honest peer, written the way one would write it in PyTorch: rows go through the row layers as a batch [rows, tokens, D]; the
in-context layers run on row summaries with dense attention masks (scaled_dot_product_attention); queries share the context's keys
and values. Needs torch and numpy.

    eager_pytorch_compact.py --model tests/data/compact_golden --golden tests/data/compact_golden/golden.json
    eager_pytorch_compact.py --model models/default --time [--threads 2] [--repeat 3]
"""
import argparse
import json
import struct
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F


def read_safetensors(path):
    data = Path(path).read_bytes()
    (header_bytes,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + header_bytes])
    types = {"F32": torch.float32, "BF16": torch.bfloat16, "F16": torch.float16}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + header_bytes + offset for offset in entry["data_offsets"])
        tensors[name] = torch.frombuffer(bytearray(data[begin:end]), dtype=types[entry["dtype"]]).reshape(entry["shape"])
    return tensors


class Decoder:
    def __init__(self, folder, dtype):
        config = json.loads((Path(folder) / "config.json").read_text())
        weights = {name: t.to(dtype) for name, t in read_safetensors(Path(folder) / "model.safetensors").items()}
        compact = config["manyshot"]
        self.heads, self.kv_heads = config["num_attention_heads"], config["num_key_value_heads"]
        self.head_dim, self.eps = config["head_dim"], config["rms_norm_eps"]
        self.row_layers = compact["row_layers"]
        self.bar, self.first_label = compact["bar_token"], compact["label_tokens"][0]
        self.first_column = compact["column_tokens"][0]
        self.embedding, self.final_norm = weights["model.embed_tokens.weight"], weights["model.norm.weight"]
        self.label_head = self.embedding[self.first_label : compact["label_tokens"][1] + 1]
        self.layers = []
        for i in range(config["num_hidden_layers"]):
            w = lambda name: weights[f"model.layers.{i}.{name}.weight"]
            self.layers.append(
                dict(
                    norm=w("input_layernorm"),
                    qkv=torch.cat([w("self_attn.q_proj"), w("self_attn.k_proj"), w("self_attn.v_proj")]),
                    o=w("self_attn.o_proj"),
                    mlp_norm=w("post_attention_layernorm"),
                    gate_up=torch.cat([w("mlp.gate_proj"), w("mlp.up_proj")]),
                    down=w("mlp.down_proj"),
                )
            )
        half = self.head_dim // 2
        frequency = config["rope_theta"] ** (-torch.arange(half, dtype=torch.float64) / half)
        angle = torch.outer(torch.arange(config["max_position_embeddings"], dtype=torch.float64), frequency)
        self.cosine, self.sine = torch.cos(angle).to(dtype), torch.sin(angle).to(dtype)

    def norm(self, x, gain):
        return F.rms_norm(x, (x.shape[-1],), gain, self.eps)

    def rotate(self, x, position):  # x [B, H, T, head_dim], position [T]
        a, b = x.chunk(2, -1)
        cosine, sine = self.cosine[position], self.sine[position]
        return torch.cat([a * cosine - b * sine, b * cosine + a * sine], -1)

    def project(self, layer, x, position):  # x [B, T, D]
        B, T, _ = x.shape
        widths = [self.heads * self.head_dim, self.kv_heads * self.head_dim, self.kv_heads * self.head_dim]
        q, k, v = F.linear(self.norm(x, layer["norm"]), layer["qkv"]).split(widths, -1)
        split = lambda t, heads: t.view(B, T, heads, self.head_dim).transpose(1, 2)
        return self.rotate(split(q, self.heads), position), self.rotate(split(k, self.kv_heads), position), split(v, self.kv_heads)

    def finish(self, layer, x, attended):
        B, T, _ = x.shape
        x = x + F.linear(attended.transpose(1, 2).reshape(B, T, -1), layer["o"])
        gate, up = F.linear(self.norm(x, layer["mlp_norm"]), layer["gate_up"]).chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, layer["down"])

    def attend(self, q, k, v, **mask):
        return F.scaled_dot_product_attention(q, k, v, enable_gqa=self.heads != self.kv_heads, **mask)

    def rows(self, values, labels=None):
        """values [R, F], labels [R] or None -> summaries [R, 2 or 1, D]: the bar, and the label."""
        R, columns = values.shape
        x = self.embedding[values] + self.embedding[self.first_column : self.first_column + columns]
        x = torch.cat([x, self.embedding[self.bar].expand(R, 1, -1)], 1)
        if labels is not None:
            x = torch.cat([x, self.embedding[self.first_label + labels].unsqueeze(1)], 1)
        position = torch.arange(x.shape[1])
        for layer in self.layers[: self.row_layers]:
            q, k, v = self.project(layer, x, position)
            x = self.finish(layer, x, self.attend(q, k, v, is_causal=True))
        return x[:, columns:]

    def logits(self, x):
        return F.linear(self.norm(x, self.final_norm), self.label_head).float()

    @torch.inference_mode()
    def encode(self, values, labels):
        """Returns ([keys, values of the labels] per in-context layer, prequential logits [N, labels])."""
        N, columns = values.shape
        x = self.rows(values, labels).reshape(1, 2 * N, -1)
        position = torch.tensor([columns, columns + 1]).repeat(N)
        row = torch.arange(N).repeat_interleave(2)
        is_label = torch.tensor([False, True]).repeat(N)
        own = (row[:, None] == row[None, :]) & (torch.arange(2 * N)[:, None] >= torch.arange(2 * N)[None, :])
        mask = own | (is_label[None, :] & (row[None, :] < row[:, None]))
        cache = []
        for layer in self.layers[self.row_layers :]:
            q, k, v = self.project(layer, x, position)
            cache.append((k[:, :, 1::2].contiguous(), v[:, :, 1::2].contiguous()))
            x = self.finish(layer, x, self.attend(q, k, v, attn_mask=mask))
        return cache, self.logits(x[0, 0::2])

    @torch.inference_mode()
    def score(self, cache, values):
        """Logits [Q, labels]. Queries are one sequence of bars whose mask shows each the labels and itself."""
        Q, columns = values.shape
        x = self.rows(values).reshape(1, Q, -1)
        position = torch.full((Q,), columns)
        N = cache[0][0].shape[2]
        mask = torch.cat([torch.ones(Q, N, dtype=torch.bool), torch.eye(Q, dtype=torch.bool)], 1)
        for layer, (keys, label_values) in zip(self.layers[self.row_layers :], cache):
            q, k, v = self.project(layer, x, position)
            attended = self.attend(q, torch.cat([keys, k], 2), torch.cat([label_values, v], 2), attn_mask=mask)
            x = self.finish(layer, x, attended)
        return self.logits(x[0])


def check_golden(folder, golden, dtype, tolerance):
    decoder = Decoder(folder, dtype)
    largest = 0.0
    for task in json.loads(Path(golden).read_text()):
        values, labels = torch.tensor(task["values"]), torch.tensor(task["labels"])
        cache, prequential = decoder.encode(values[: len(labels)], labels)
        queries = decoder.score(cache, values[len(labels) :])
        for got, expected in [(queries, task["query_logits_f32"]), (prequential, task["prequential_logits_f32"])]:
            difference = F.log_softmax(got, -1) - F.log_softmax(torch.tensor(expected), -1)
            largest = max(largest, difference.abs().max().item())
    print(f"{str(dtype):15} largest difference of log-probabilities from {golden}: {largest:.2g} nats (allowed: {tolerance})")
    return largest <= tolerance


def time_ensemble(folder, dtype, shots, queries, columns, members, query_batch):
    """Returns wall and processor seconds."""
    decoder = Decoder(folder, dtype)
    random = np.random.default_rng(7)
    draw = lambda rows: torch.from_numpy(random.integers(0, 1000, (rows, columns)))
    tasks = [(draw(shots), torch.from_numpy(random.integers(0, 10, shots)), draw(queries)) for _ in range(members)]
    start, cpu_start = time.perf_counter(), time.process_time()
    for values, labels, query_values in tasks:
        cache, _ = decoder.encode(values, labels)
        for batch in query_values.split(query_batch):
            decoder.score(cache, batch)
    return time.perf_counter() - start, time.process_time() - cpu_start


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="model folder")
    parser.add_argument("--golden", help="golden.json to check")
    parser.add_argument("--time", action="store_true", help="time 512 labelled rows x 20 columns, 1,000 queries, ensemble of 4")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--repeat", type=int, default=3, help="timed runs; the best counts")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.golden:
        checks = [(torch.float32, 1e-3), (torch.bfloat16, 0.3)]
        if not all([check_golden(args.model, args.golden, dtype, tolerance) for dtype, tolerance in checks]):
            raise SystemExit("the logits differ")
    if args.time:
        best = {}
        for dtype in (torch.bfloat16, torch.float32):
            for query_batch in (1000, 250, 100):
                work = lambda: time_ensemble(args.model, dtype, 512, 1000, 20, 4, query_batch)
                work()
                best[f"{dtype}, {query_batch} queries a batch"] = min(work() for _ in range(args.repeat))
        for name, (seconds, cpu_seconds) in best.items():
            print(f"{name}: {seconds:.3f} s ({cpu_seconds:.3f} s of processor time)")
        print(f"best: {min(best.values())[0]:.3f} s with {args.threads} threads")


if __name__ == "__main__":
    main()
