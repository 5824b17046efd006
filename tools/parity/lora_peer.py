#!/usr/bin/env python3
"""LoRA training of language models beside transformers + PEFT. Needs torch, transformers, peft, safetensors, gguf.

    lora_peer.py --steps-program build/release/bin/language_train_steps tiny
        gradients in float32 on small random Llama and Qwen2 models, all weights and LoRA; adapters there and back
    lora_peer.py --steps-program ... --gguf SmolLM2-135M-Instruct.Q4_1.gguf --prompts DIR --tokens 1024 real
        the same on a real model, and the losses of 20 AdamW steps in bfloat16
    lora_peer.py --steps-program ... --gguf ... --prompts DIR --tokens 2048 time
        tokens per second and peak memory of both, each in a process of its own

DIR: the folder of `manyshot corpus --layout alpaca`. What was measured: docs/benchmarks.md.
"""
import argparse
import json
import math
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from language_parity import folder_from_gguf, save_tiny_model
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoTokenizer

MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
GRADIENT_TOLERANCE = 1e-4  # of |ours - exact| / |exact| over each tensor, float32; or transformers' own error where that is larger
LOSS_TOLERANCE = 0.02      # nats a token, bfloat16


def run_steps(program, **request):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(request, file)
        file.flush()
        done = subprocess.run([program, file.name], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return json.loads(done.stdout)


def peft_model(folder, dtype, rank=8, alpha=16):
    """A has PEFT's own first values, B small random ones, so that every gradient is far from zero."""
    torch.manual_seed(1)
    base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    model = get_peft_model(base, LoraConfig(r=rank, lora_alpha=alpha, lora_dropout=0.0, target_modules=MODULES, task_type="CAUSAL_LM"))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.normal_(0, 0.02)
    return model


def token_loss(model, tokens, labels):
    """transformers' own; of a model in float64 in float64, where transformers would round the logits to float32."""
    if next(model.parameters()).dtype != torch.float64:
        return model(tokens, labels=labels, use_cache=False).loss
    logits = model(tokens, use_cache=False).logits
    return torch.nn.functional.cross_entropy(logits[0, :-1], labels[0, 1:])


def batch_loss(model, samples):
    """Sum over supervised tokens of -ln p, over their number: what transformers does with labels, sample by sample."""
    total, weight = 0.0, 0
    for sample in samples:
        tokens = torch.tensor([sample["tokens"]])
        labels = torch.full_like(tokens, -100)
        for place in sample["supervised"]:
            labels[0, place] = tokens[0, place]
        total = total + token_loss(model, tokens, labels) * len(sample["supervised"])
        weight += len(sample["supervised"])
    return total / weight


def relative_errors(found, expected):
    return {name: float((found[name].double() - value).norm() / value.norm()) for name, value in expected.items()}


def gradients_of(model, samples, rename):
    model.zero_grad()
    loss = batch_loss(model, samples)
    loss.backward()
    return loss.item(), {rename(name): p.grad.detach().clone() for name, p in model.named_parameters() if p.requires_grad}


def compare_gradients(name, model, samples, path, rename):
    """Ours and theirs in float32 against theirs in float64."""
    _, theirs = gradients_of(model, samples, rename)
    loss, exact = gradients_of(model.double(), samples, rename)
    model.float()
    ours = load_file(path)
    assert ours.keys() == exact.keys()
    our_error = max(relative_errors({n: g.reshape(exact[n].shape) for n, g in ours.items()}, exact).values())
    their_error = max(relative_errors(theirs, exact).values())
    is_close = our_error < max(GRADIENT_TOLERANCE, their_error)
    print(f"{name}: largest relative error of a gradient {our_error:.2g} (transformers in float32: {their_error:.2g})", "" if is_close else "TOO FAR",
          flush=True)
    return is_close, loss


def lora_parity(name, program, folder, samples):
    """Gradients, one step with each, and the adapters that both save."""
    model = peft_model(folder, torch.float32)
    with tempfile.TemporaryDirectory() as work:
        model.save_pretrained(work + "/theirs")
        result = run_steps(program, model=str(folder), adapter=work + "/theirs", samples=samples, steps=1, learning_rate=1e-3,
                           gradients=work + "/gradients.safetensors", save=work + "/ours")
        is_close, loss = compare_gradients(name, model, samples, work + "/gradients.safetensors", lambda n: n.replace(".default", ""))
        difference = abs(result["steps"][0]["loss"] - loss)
        print(f"{name}: loss {loss:.6f}, ours off by {difference:.1g}", flush=True)
        gradients_of(model, samples, str)
        torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.0).step()
        loaded = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32), work + "/ours")
        with torch.no_grad():
            tokens = torch.tensor([samples[0]["tokens"]])
            logits = (model(tokens).logits - loaded(tokens).logits).abs().max().item()
        print(f"{name}: our adapter in PEFT after a step, logits off by {logits:.1g}", flush=True)
        return is_close and difference < 1e-4 and logits < 1e-2


def all_weights_parity(name, program, folder, samples):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    with tempfile.TemporaryDirectory() as work:
        run_steps(program, model=str(folder), train_all=True, samples=samples, steps=1, gradients=work + "/gradients.safetensors")
        return compare_gradients(f"{name}, all weights", model, samples, work + "/gradients.safetensors", str)[0]


def tiny_parity(program):
    is_close = True
    for family, tied in (("llama", True), ("llama", False), ("qwen2", True), ("qwen2", False)):
        generator = torch.Generator().manual_seed(2)
        samples = [{"tokens": torch.randint(0, 128, (count,), generator=generator).tolist(), "supervised": list(range(count // 2, count, 2))}
                   for count in (90, 33, 200)]
        with tempfile.TemporaryDirectory() as folder:
            save_tiny_model(family, "llama3", tied, folder)
            name = f"{family} {'tied' if tied else 'untied'}"
            is_close &= lora_parity(name, program, folder, samples)
            is_close &= all_weights_parity(name, program, folder, samples)
    return is_close


def tabular_samples(gguf, prompts, tokens, count):
    """Prompts of exactly `tokens` tokens, their answers supervised; short ones are filled up at the front, long ones cut there."""
    path = Path(gguf)
    tokenizer = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    samples = []
    for part in sorted(Path(prompts, "alpaca").glob("*.jsonl")):
        for line in part.read_text().splitlines():
            row = json.loads(line)
            prompt = tokenizer(row["instruction"] + "\n" + row["input"])["input_ids"]
            answer = tokenizer(row["output"])["input_ids"]
            if len(answer) > tokens // 2:
                continue
            prompt = (prompt * (tokens // len(prompt) + 1))[-(tokens - len(answer)):]
            samples.append({"tokens": prompt + answer, "supervised": list(range(tokens - len(answer), tokens))})
            if len(samples) == count:
                return samples
    raise SystemExit(f"{prompts}: {len(samples)} prompts with answers below {tokens // 2} tokens, {count} are needed")


def real_parity(program, gguf, prompts, tokens, threads):
    torch.set_num_threads(threads)
    samples = tabular_samples(gguf, prompts, tokens, 4)
    with tempfile.TemporaryDirectory() as folder:
        folder_from_gguf(gguf, folder)
        is_close = lora_parity(Path(gguf).name, program, folder, samples[:2])
        model = peft_model(folder, torch.bfloat16)
        model.save_pretrained(folder + "/adapter")
        optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4, weight_decay=0.0)
        theirs = []
        for step in range(20):
            loss = batch_loss(model, samples[step % 4 : step % 4 + 1])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            theirs.append(loss.item())
        result = run_steps(program, model=folder, adapter=folder + "/adapter", dtype="bfloat16", samples=samples, batch=1, steps=20, learning_rate=1e-4)
    ours = [step["loss"] for step in result["steps"]]
    worst = max(abs(a - b) for a, b in zip(ours, theirs))
    print("step  transformers + PEFT  ours")
    for step, (a, b) in enumerate(zip(theirs, ours)):
        print(f"{step:4}  {a:19.4f}  {b:.4f}")
    print(f"largest difference {worst:.3g} nats", "" if worst < LOSS_TOLERANCE else "TOO FAR")
    return is_close and worst < LOSS_TOLERANCE


def time_peft(folder, samples, steps, threads):
    """In a process of its own, for its peak memory."""
    torch.set_num_threads(threads)
    model = peft_model(folder, torch.bfloat16)
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    seconds, cpu_seconds = [], []
    for step in range(steps):
        wall, cpu = time.perf_counter(), time.process_time()
        loss = batch_loss(model, [samples[step % len(samples)]])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        seconds.append(time.perf_counter() - wall)
        cpu_seconds.append(time.process_time() - cpu)
    return {"seconds": seconds, "cpu_seconds": cpu_seconds, "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024}


def time_both(program, gguf, prompts, tokens, steps, threads, rounds):
    samples = tabular_samples(gguf, prompts, tokens, 2)
    with tempfile.TemporaryDirectory() as folder:
        folder_from_gguf(gguf, folder)
        request = Path(folder, "request.json")
        request.write_text(json.dumps({"folder": folder, "samples": samples, "steps": steps, "threads": threads}))
        theirs, ours = [], []
        for _ in range(rounds):
            done = subprocess.run([sys.executable, __file__, "--peft-request", str(request), "peft"], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr)
            theirs.append(json.loads(done.stdout.splitlines()[-1]))
            ours.append(run_steps(program, model=folder, dtype="bfloat16", samples=samples, batch=1, steps=steps, threads=threads))
    their_wall = min(s for run in theirs for s in run["seconds"][1:])
    their_cpu = min(s for run in theirs for s in run["cpu_seconds"][1:])
    our_steps = [step for run in ours for step in run["steps"][1:]]
    our_wall, our_cpu = min(s["seconds"] for s in our_steps), min(s["cpu_seconds"] for s in our_steps)
    their_peak, our_peak = max(run["peak_bytes"] for run in theirs), max(run["peak_bytes"] for run in ours)
    print(f"{tokens} tokens, {threads} threads, best of {len(our_steps)} steps   transformers + PEFT   ours   ratio")
    print(f"tokens/s             {tokens / their_wall:10.0f} {tokens / our_wall:10.0f} {their_wall / our_wall:6.2f}")
    print(f"tokens/CPU second    {tokens / their_cpu:10.0f} {tokens / our_cpu:10.0f} {their_cpu / our_cpu:6.2f}")
    print(f"peak memory, GB      {their_peak / 1e9:10.2f} {our_peak / 1e9:10.2f} {our_peak / their_peak:6.2f}")
    print(f"ours: estimated {ours[0]['estimated_bytes'] / 1e9:.2f} GB; {our_steps[0]['flops'] / our_wall / 1e9:.0f} GFLOP/s of model FLOPs"
          f" ({our_steps[0]['flops'] / 1e12:.3f} TFLOP a step)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", choices=["tiny", "real", "time", "peft"])
    parser.add_argument("--steps-program", help="the built language_train_steps")
    parser.add_argument("--gguf", help="a GGUF file of the Llama architecture with tied embeddings")
    parser.add_argument("--prompts", help="a folder of manyshot corpus --layout alpaca")
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peft-request", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.mode == "tiny":
        raise SystemExit(0 if tiny_parity(args.steps_program) else 1)
    if args.mode == "real":
        raise SystemExit(0 if real_parity(args.steps_program, args.gguf, args.prompts, args.tokens, args.threads) else 1)
    if args.mode == "time":
        time_both(args.steps_program, args.gguf, args.prompts, args.tokens, args.steps, args.threads, args.rounds)
    else:
        request = json.loads(Path(args.peft_request).read_text())
        print(json.dumps(time_peft(request["folder"], request["samples"], request["steps"], request["threads"])))


if __name__ == "__main__":
    main()
