#!/usr/bin/env python3
"""Adapters of every kind that PEFT writes: what PEFT computes with them and what manyshot does.

    adapter_parity.py --program build/release/bin/manyshot --base FOLDER

`--base` is a Llama or Qwen2 model as a Hugging Face folder; a small one will do. For each start of the weights and each
way to choose modules, ranks and alphas, PEFT makes an adapter, moves its factors a little, saves it, loads it again
beside the base, and both programs score the same prompts. Prints the largest difference of log-probabilities, or what
manyshot says when it refuses the adapter; the second column is what is expected.

Needs torch, transformers and peft.
"""
import argparse
import json
import pathlib
import subprocess
import tempfile

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPTS = [("The nurse is here and", " the clerk"), ("380,12,999|0\n14,5,380|1\n380,12", ",5|1")]
TOLERANCE = 2e-5  # float32 on both sides
PLAIN = dict(r=4, lora_alpha=8, target_modules=["q_proj", "v_proj", "down_proj"])

# name, whether manyshot applies it, what LoraConfig is given, what is changed in adapter_config.json afterwards
CASES = [
    ("plain", True, PLAIN, {}),
    ("rslora", True, PLAIN | {"use_rslora": True}, {}),
    ("gaussian", True, PLAIN | {"init_lora_weights": "gaussian"}, {}),
    ("orthogonal", True, PLAIN | {"init_lora_weights": "orthogonal"}, {}),
    ("random", True, PLAIN | {"init_lora_weights": False}, {}),
    ("mica", True, PLAIN | {"init_lora_weights": "mica"}, {}),
    ("olora", True, PLAIN | {"init_lora_weights": "olora"}, {}),
    ("olora_rslora", True, PLAIN | {"init_lora_weights": "olora", "use_rslora": True}, {}),
    ("pissa", False, PLAIN | {"init_lora_weights": "pissa"}, {}),
    ("pissa_niter_4", False, PLAIN | {"init_lora_weights": "pissa_niter_4"}, {}),
    ("dora", False, PLAIN | {"use_dora": True}, {}),
    ("alpha_pattern", True, PLAIN | {"alpha_pattern": {"layers.0.self_attn.q_proj": 32, "q_proj": 2}}, {}),
    ("alpha_order", True, PLAIN | {"alpha_pattern": {"q_proj": 2, "layers.0.self_attn.q_proj": 32}}, {}),
    ("alpha_regex", True, PLAIN | {"alpha_pattern": {r"^model\.layers\.[02]\..*proj": 3, r"mlp\..*": 20}}, {}),
    ("rank_pattern", True, PLAIN | {"rank_pattern": {r"layers\.1\..*_proj": 6, "v_proj": 2}}, {}),
    # PEFT sorts the keys when it saves, and then refuses its own file.
    ("rank_order", False, PLAIN | {"rank_pattern": {"v_proj": 2, r"layers\.1\..*_proj": 6}}, {}),
    ("target_regex", True, PLAIN | {"target_modules": r".*\.[01]\.(self_attn|mlp)\.(k_proj|up_proj)"}, {}),
    ("all_linear", True, PLAIN | {"target_modules": "all-linear"}, {}),
    ("exclude", True, PLAIN | {"exclude_modules": ["layers.0.self_attn.q_proj"]}, {}),
    ("layers", True, PLAIN | {"layers_to_transform": [1], "layers_pattern": "layers"}, {}),
    ("narrower_targets", True, PLAIN, {"target_modules": ["v_proj"]}),
    ("narrower_layers", True, PLAIN, {"layers_to_transform": [0]}),
    ("other_layers_pattern", True, PLAIN, {"layers_to_transform": 1, "layers_pattern": ["h", "layers"]}),
    ("no_targets", True, PLAIN, {"target_modules": None}),
    ("fan_in_fan_out", True, PLAIN, {"fan_in_fan_out": True}),
    ("wrong_r", False, PLAIN, {"r": 8}),
]


def log_prob(model, tokenizer, prompt, continuation):
    first = tokenizer(prompt, add_special_tokens=False).input_ids
    whole = tokenizer(prompt + continuation, add_special_tokens=False).input_ids
    shared = 0
    while shared < len(first) and first[shared] == whole[shared]:
        shared += 1
    with torch.no_grad():
        log_probs = torch.log_softmax(model(torch.tensor([whole])).logits[0].double(), -1)
    return sum(log_probs[i - 1, whole[i]].item() for i in range(shared, len(whole)))


def make_adapter(base, settings, changes, folder):
    torch.manual_seed(1)
    model = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32),
                           LoraConfig(task_type="CAUSAL_LM", **settings))
    for name, values in model.named_parameters():
        if "lora_A" in name or "lora_B" in name:
            values.data += 0.05 * torch.randn_like(values)
    model.save_pretrained(folder)
    path = pathlib.Path(folder) / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def peft_scores(base, folder, tokenizer):
    try:
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), folder)
    except (RuntimeError, ValueError) as error:
        return str(error).strip().splitlines()[0]
    return [log_prob(model.eval(), tokenizer, *prompt) for prompt in PROMPTS]


def manyshot_scores(program, base, folder):
    requests = "".join(json.dumps({"prompt": a, "continuations": [b]}) + "\n" for a, b in PROMPTS)
    path = pathlib.Path(folder) / "requests.jsonl"
    path.write_text(requests)
    run = subprocess.run([program, "score", "--model", base, "--adapter", folder, "--in", str(path), "--dtype", "float32"],
                         capture_output=True, text=True)
    if run.returncode != 0:
        return run.stderr.strip().splitlines()[-1]
    return [json.loads(line)["logprobs"][0] for line in run.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--base", required=True)
    arguments = parser.parse_args()
    tokenizer = AutoTokenizer.from_pretrained(arguments.base)
    failures = 0
    for name, is_applied, settings, changes in CASES:
        with tempfile.TemporaryDirectory() as folder:
            make_adapter(arguments.base, settings, changes, folder)
            theirs, ours = peft_scores(arguments.base, folder, tokenizer), manyshot_scores(
                arguments.program, arguments.base, folder)
        if isinstance(ours, str):
            passed, words = not is_applied, ours + (f"  [PEFT: {theirs[:80]}]" if isinstance(theirs, str) else "")
        elif isinstance(theirs, str):
            passed, words = False, f"PEFT refuses it: {theirs}"
        else:
            difference = max(abs(a - b) for a, b in zip(ours, theirs))
            passed, words = is_applied and difference < TOLERANCE, f"{difference:.1e}"
        failures += not passed
        print(f"{name:22} {'applied' if is_applied else 'refused':8} {'ok' if passed else 'FAILED':7} {words}")
    raise SystemExit(failures > 0)


if __name__ == "__main__":
    main()
