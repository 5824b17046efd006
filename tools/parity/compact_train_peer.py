#!/usr/bin/env python3
"""Training of the `compact` network in eager PyTorch: gradients to compare with ours, and the time of a step.

    compact_gradients OUT.safetensors float32          # ours, built with the benchmarks
    compact_train_peer.py --check OUT.safetensors [--dtype float32|bfloat16]
    compact_train_peer.py --time 256x10 [--tasks 8] [--threads 1] [--seconds 20] [--attention sdpa|explicit]

Written the way one would write it in PyTorch, with what made it fastest: all tasks of a batch in one tensor [tasks, rows, tokens, D],
row layers as a batch of short causal sequences, value tokens dropped behind the row layers (in the last row layer only bars and
labels are queries), bars and labels under one mask in the in-context layers; bf16 autocast; torch.optim.Muon for matrices, AdamW
for the rest. The time is processor time of a process; run one process a core for the machine's throughput. Needs torch >= 2.9, numpy,
safetensors.
"""
import argparse
import time

import torch
import torch.nn.functional as F

FIRST_LABEL, BAR, FIRST_COLUMN, ROW_LAYERS, HEADS = 1000, 1010, 1011, 3, 4


class Network(torch.nn.Module):
    def __init__(self, width=128, hidden=352, layers=8):
        super().__init__()
        self.features = torch.nn.Buffer(torch.randn(1000, 34) / 34**0.5)
        shapes = {"numbers.weight": (34, width), "tokens.weight": (75, width), "model.norm.weight": (width,)}
        for i in range(layers):
            p = f"model.layers.{i}."
            shapes |= {p + f"self_attn.{n}_proj.weight": (width, width) for n in "qkvo"}
            shapes |= {p + f"mlp.{n}_proj.weight": (hidden, width) for n in ("gate", "up")}
            shapes |= {p + "mlp.down_proj.weight": (width, hidden)}
            shapes |= {p + f"{n}_layernorm.weight": (width,) for n in ("input", "post_attention")}
        self.weights = {
            name: torch.nn.Parameter(torch.ones(shape) if len(shape) == 1 else torch.randn(shape) * (3 * shape[-1]) ** -0.5)
            for name, shape in shapes.items()
        }
        self.layers, self.width, self.explicit = layers, width, False

    def norm(self, x, name):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * self.weights[name]

    def heads(self, x, positions=None):
        x = x.unflatten(-1, (HEADS, -1)).transpose(-3, -2)  # [..., heads, tokens, dim]
        if positions is None:
            return x
        half = x.shape[-1] // 2
        angles = positions[:, None] * 1e4 ** (-torch.arange(half) / half)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        low, high = x[..., :half], x[..., half:]
        return torch.cat([low * cos - high * sin, high * cos + low * sin], -1)

    def attend(self, q, k, v, mask):
        if self.explicit:
            scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
            return scores.masked_fill(~mask, float("-inf")).softmax(-1).to(v.dtype) @ v
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)

    def layer(self, i, x, positions, mask, queries=None):
        """x [..., tokens, D]; `queries`: only the last so many tokens go on."""
        p, w = f"model.layers.{i}.", self.weights
        normed = self.norm(x, p + "input_layernorm.weight")
        last = x.shape[-2] - (queries or x.shape[-2])
        q = self.heads(F.linear(normed[..., last:, :], w[p + "self_attn.q_proj.weight"]), positions[last:])
        kv = F.linear(normed, torch.cat([w[p + "self_attn.k_proj.weight"], w[p + "self_attn.v_proj.weight"]]))
        k, v = kv.chunk(2, -1)
        out = self.attend(q, self.heads(k, positions), self.heads(v), mask[last:])
        x = x[..., last:, :] + F.linear(out.transpose(-3, -2).flatten(-2), w[p + "self_attn.o_proj.weight"])
        normed = self.norm(x, p + "post_attention_layernorm.weight")
        gate_up = F.linear(normed, torch.cat([w[p + "mlp.gate_proj.weight"], w[p + "mlp.up_proj.weight"]]))
        gate, up = gate_up.chunk(2, -1)
        return x + F.linear(F.silu(gate) * up, w[p + "mlp.down_proj.weight"])

    def forward(self, tokens, labelled):
        """tokens [tasks, rows, columns + 2], the first `labelled` rows labelled; sum of the losses at all bars."""
        tasks, rows, length = tokens.shape
        columns, queries = length - 2, rows - labelled
        table = self.features @ self.weights["numbers.weight"]
        embedding = self.weights["tokens.weight"]
        x = F.embedding(tokens[..., :columns], table) + embedding[11 : 11 + columns]
        x = torch.cat([x, F.embedding(tokens[..., columns:] - FIRST_LABEL, embedding)], -2)
        positions = torch.arange(length).float()
        causal = torch.ones(length, length, dtype=torch.bool).tril()
        groups = [(x[:, :labelled].flatten(0, 1), 2), (x[:, labelled:, :-1].flatten(0, 1), 1)]
        summaries = []
        for part, count in groups:
            if part.shape[0] == 0:
                continue
            n = part.shape[1]
            for i in range(ROW_LAYERS):
                part = self.layer(i, part, positions[:n], causal[:n, :n], count if i == ROW_LAYERS - 1 else None)
            summaries.append(part.reshape(tasks, -1, self.width))
        x = torch.cat(summaries, 1)

        row = torch.cat([torch.arange(labelled).repeat_interleave(2), torch.arange(labelled, rows)])
        is_label = torch.cat([torch.tensor([0, 1]).repeat(labelled), torch.zeros(queries, dtype=torch.long)]).bool()
        mask = (is_label[None] & (row[None] < row[:, None])) | ((row[None] == row[:, None]) & (~is_label[None] | is_label[:, None]))
        place = columns + is_label.float()
        for i in range(ROW_LAYERS, self.layers):
            x = self.layer(i, x, place, mask)
        bars = self.norm(x[:, ~is_label], "model.norm.weight")
        logits = F.linear(bars, embedding[:10]).float()
        return F.cross_entropy(logits.flatten(0, 1), (tokens[..., -1] - FIRST_LABEL).flatten(), reduction="sum")


def check(path, dtype):
    from safetensors.torch import load_file

    dump = load_file(path)
    network = Network()
    network.features = dump["number_features"]
    for name, weight in network.weights.items():
        weight.data.copy_(dump["value." + name])
    total = 0.0
    with torch.autocast("cpu", torch.bfloat16, enabled=dtype == "bfloat16"):
        for i in range(3):
            labelled, queries, columns = dump[f"task.{i}"].tolist()
            loss = network(dump[f"tokens.{i}"].long().view(1, labelled + queries, columns + 2), labelled)
            loss.backward()
            total += loss.item()
    ours = dump["loss"].item()
    print(f"loss: ours {ours:.6f}, PyTorch {total:.6f}, relative difference {abs(ours - total) / total:.2e}")
    worst = ("", 0.0)
    for name, weight in network.weights.items():
        difference = ((dump["gradient." + name] - weight.grad).norm() / weight.grad.norm()).item()
        worst = max(worst, (name, difference), key=lambda pair: pair[1])
    print(f"gradients: largest relative difference {worst[1]:.2e} ({worst[0]})")
    limit = 1e-4 if dtype == "float32" else 5e-2
    if worst[1] > limit or abs(ours - total) / total > limit:
        raise SystemExit(f"beyond {limit}")


def measure(args):
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    rows, columns = (int(n) for n in args.time.split("x"))
    network = Network()
    network.explicit = args.attention == "explicit"
    tokens = torch.randint(0, 1000, (args.tasks, rows, columns + 2))
    tokens[..., columns] = BAR
    tokens[..., columns + 1] = FIRST_LABEL + torch.randint(0, 4, (args.tasks, rows))
    matrices = [w for name, w in network.weights.items() if "proj" in name]
    others = [w for name, w in network.weights.items() if "proj" not in name]
    optimizers = [torch.optim.Muon(matrices, lr=1e-3), torch.optim.AdamW(others, lr=2e-4, fused=True)]
    times, network_times, start, first = [], [], time.time(), None
    while time.time() - start < args.seconds or len(times) < 3:
        begin = time.process_time()
        with torch.autocast("cpu", torch.bfloat16, enabled=args.dtype == "bfloat16"):
            loss = network(tokens, rows - rows // 5)
        loss.backward()
        network_times.append(time.process_time() - begin)
        torch.nn.utils.clip_grad_norm_(network.weights.values(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        times.append(time.process_time() - begin)
        first = first or loss.item()
    assert loss.item() < first
    step, of_network = (sorted(t)[len(t) // 2] for t in (times, network_times))
    print(f"{args.time}, {args.tasks} tasks: median step {1e3 * step:.0f} ms of processor time ({1e3 * of_network:.0f} ms loss and")
    print(f"gradients), {args.tasks / step:.2f} tasks/s, {args.tasks * rows * (columns + 2) / step:.0f} tokens/s")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FILE")
    parser.add_argument("--time", metavar="ROWSxCOLUMNS")
    parser.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    parser.add_argument("--tasks", type=int, default=8)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--attention", default="sdpa", choices=["sdpa", "explicit"])
    args = parser.parse_args()
    if args.check:
        check(args.check, args.dtype)
    if args.time:
        measure(args)


if __name__ == "__main__":
    main()
