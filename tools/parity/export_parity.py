#!/usr/bin/env python3
"""Trained, merged and exported models in the programs they are made for: transformers, PEFT, llama.cpp, tensorboard.

    export_parity.py --program build/release/bin/manyshot --run runs/a --base FOLDER

`--run` is a finished LoRA run of `manyshot train` and `--base` its base as a Hugging Face folder (for a .gguf base:
manyshot export --to safetensors first). Checks, and prints the differences of log-probabilities on some prompts:

- PEFT loads the adapter of the last checkpoint beside the base; the merged folder in transformers gives the same;
- llama.cpp (llama-cpp-python) loads the GGUF export and gives the same;
- tensorboard reads the event files, with as many losses as metrics.jsonl has.

Needs torch, transformers, peft, tensorboard, and llama-cpp-python (left out with a note when it is not installed).
"""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = ["The nurse is here and the clerk", "380,12,999|0\n14,5,380|1\n380,12", '[{"id": 0, "label":']


def log_probs(model, tokenizer, prompt):
    """[tokens, vocabulary] natural log-probabilities behind each token of the prompt."""
    ids = tokenizer(prompt, return_tensors="pt", add_special_tokens=False).input_ids
    with torch.no_grad():
        return torch.log_softmax(model(ids).logits[0].float(), -1).numpy(), ids[0].tolist()


def last_checkpoint(run):
    return max(run.glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))


def check(name, difference, limit):
    print(f"{name:<58} difference {difference:.2e} (limit {limit:.0e})")
    return difference <= limit


def check_adapter(program, base, checkpoint, folder, tokenizer):
    """PEFT beside the base against our merge in transformers; both in f32."""
    plain = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    expected_plain = [log_probs(plain, tokenizer, prompt)[0] for prompt in PROMPTS]
    adapted = PeftModel.from_pretrained(plain, checkpoint).eval()
    expected = [log_probs(adapted, tokenizer, prompt)[0] for prompt in PROMPTS]
    merged_folder = folder / "merged"
    subprocess.run([program, "merge", "--model", base, "--adapter", checkpoint, "--out", merged_folder,
                    "--dtype", "float32"], check=True)
    merged = AutoModelForCausalLM.from_pretrained(merged_folder, dtype=torch.float32).eval()
    found = [log_probs(merged, tokenizer, prompt)[0] for prompt in PROMPTS]
    moved = max(np.abs(a - b).max() for a, b in zip(expected, expected_plain))
    print(f"the adapter changes log-probabilities by up to {moved:.2e}")
    return check("PEFT beside the base, transformers on the merged folder",
                 max(np.abs(a - b).max() for a, b in zip(expected, found)), 1e-3) and moved > 0, merged_folder, found


def check_llama_cpp(program, merged_folder, expected, folder, tokenizer):
    try:
        from llama_cpp import Llama
    except ImportError:
        print("llama-cpp-python is not installed: its check is left out")
        return True
    fine = True
    # llama.cpp keeps keys and values in f16 and, for q8_0, multiplies in 8 bits: means are compared, over likely tokens.
    for dtype, limit in (("float32", 5e-3), ("bfloat16", 5e-2), ("q8_0", 2e-1)):
        path = folder / f"merged-{dtype}.gguf"
        subprocess.run([program, "export", "--model", merged_folder, "--to", "gguf", "--dtype", dtype, "--out", path],
                       check=True)
        llama = Llama(str(path), logits_all=True, n_ctx=512, verbose=False)
        differences = []
        for prompt, wanted in zip(PROMPTS, expected):
            ids = tokenizer(prompt, add_special_tokens=False).input_ids
            if llama.tokenize(prompt.encode(), add_bos=False) != ids:
                print(f"llama.cpp splits {prompt!r} otherwise")
                return False
            llama.reset()
            llama.eval(ids)
            logits = np.array(llama.scores[: len(ids)], dtype=np.float64)
            found = logits - np.log(np.exp(logits - logits.max(-1, keepdims=True)).sum(-1, keepdims=True)) \
                - logits.max(-1, keepdims=True)
            likely = wanted > -8  # tokens that matter
            differences.append(np.abs(found - wanted)[likely])
        differences = np.concatenate(differences)
        print(f"llama.cpp, GGUF in {dtype}: largest difference {differences.max():.2e}")
        fine = check(f"llama.cpp, GGUF in {dtype}, mean", differences.mean(), limit) and fine
    return fine


def check_tensorboard(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    events = EventAccumulator(str(run))
    events.Reload()
    with open(run / "metrics.jsonl") as file:
        losses = {line["step"]: line["loss"] for line in map(json.loads, file) if "loss" in line}
    read = {event.step: event.value for event in events.Scalars("train/loss")}
    if losses.keys() != read.keys():
        print(f"tensorboard reads {len(read)} losses, metrics.jsonl has {len(losses)}")
        return False
    return check("tensorboard's losses, metrics.jsonl", max(abs(losses[s] - read[s]) for s in losses), 1e-5)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--run", type=pathlib.Path, required=True)
    parser.add_argument("--base", required=True)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    checkpoint = last_checkpoint(arguments.run)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        fine, merged_folder, expected = check_adapter(arguments.program, arguments.base, checkpoint, folder, tokenizer)
        fine = check_llama_cpp(arguments.program, merged_folder, expected, folder, tokenizer) and fine
    fine = check_tensorboard(arguments.run) and fine
    sys.exit(0 if fine else 1)


if __name__ == "__main__":
    main()
