#!/usr/bin/env python3
"""Our Llama and Qwen2 decoder against transformers. Needs torch, transformers, safetensors, and gguf for --gguf.

    language_parity.py --dump build/release/bin/log_probs_dump                 random tiny models, every rope scaling
    language_parity.py --dump ... --gguf SmolLM2-135M-Instruct.Q4_1.gguf       a real model (Llama), in float32 and bfloat16
    language_parity.py --golden tests/data/language                            writes the fixtures of golden_decoder_test.cc
    language_parity.py --gguf FILE --time 512,2048,8192 [--threads 2] [--repeat 3]          prefill speed of transformers
"""
import argparse
import json
import math
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM, Qwen2Config, Qwen2ForCausalLM

SHAPE = dict(vocab_size=128, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
             num_key_value_heads=2, head_dim=16, max_position_embeddings=256)
ROPES = {
    "plain": {"rope_type": "default"},
    "linear": {"rope_type": "linear", "factor": 4.0},
    "llama3": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
               "original_max_position_embeddings": 64},
    "yarn": {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 64},
}
# Largest difference of log-probabilities from transformers in float32, in nats (measured: tiny models 1.2e-5 and 0.11, SmolLM2 3e-4 and
# 0.37, where transformers' own bfloat16 is off by 0.17 and 0.59).
TINY_TOLERANCES = {"float32": 5e-5, "bfloat16": 0.3}
REAL_TOLERANCES = {"float32": 1e-3, "bfloat16": 0.6}


def save_tiny_model(family, rope, tied, folder):
    parameters = dict(ROPES[rope], rope_theta=1e4)
    config_class, model_class = {"llama": (LlamaConfig, LlamaForCausalLM), "qwen2": (Qwen2Config, Qwen2ForCausalLM)}[family]
    config = config_class(**SHAPE, rope_parameters=parameters, tie_word_embeddings=tied, rms_norm_eps=1e-5)
    torch.manual_seed(1)
    model = model_class(config).eval()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "norm" in name:
                parameter.normal_(1, 0.2)
            else:
                parameter.normal_(0, 0.5 if name.endswith("bias") else 1.5 / math.sqrt(SHAPE["hidden_size"]))
    model.to(torch.bfloat16).save_pretrained(folder)  # weights that both dtypes hold exactly


@torch.no_grad()
def log_probs(model, tokens):
    logits = model(torch.tensor([tokens]), use_cache=False).logits[0].float()
    return torch.log_softmax(logits, -1)[:-1].gather(1, torch.tensor(tokens[1:]).unsqueeze(1)).squeeze(1)


def ours(dump, path, dtype, tokens):
    done = subprocess.run([dump, str(path), dtype], input=" ".join(map(str, tokens)) + "\n", capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr)
    return torch.tensor(json.loads(done.stdout))


def compare(name, dump, path, load, tokens, tolerances):
    """load(dtype): the model in transformers. (Not .to(dtype), which rounds the rotary frequencies too.)"""
    expected = log_probs(load(torch.float32), tokens)
    lines = [f"{name}, {len(tokens)} tokens:"]
    is_close = True
    for dtype, tolerance in tolerances.items():
        difference = (ours(dump, path, dtype, tokens) - expected).abs()
        is_close &= bool(difference.max() < tolerance)
        lines.append(f"{dtype} max {difference.max():.2g} mean {difference.mean():.2g}")
    theirs = (log_probs(load(torch.bfloat16), tokens) - expected).abs()
    lines.append(f"(transformers bfloat16 max {theirs.max():.2g} mean {theirs.mean():.2g})")
    print(*lines, "" if is_close else "TOO FAR", flush=True)
    return is_close


def tiny_parity(dump):
    is_close = True
    for family in ("llama", "qwen2"):
        for rope in ROPES:
            tied = (family == "llama") == (rope in ("plain", "yarn"))
            tokens = torch.randint(0, SHAPE["vocab_size"], (200,), generator=torch.Generator().manual_seed(2)).tolist()
            with tempfile.TemporaryDirectory() as folder:
                save_tiny_model(family, rope, tied, folder)
                load = lambda dtype: AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
                is_close &= compare(f"{family} {rope}", dump, folder, load, tokens, TINY_TOLERANCES)
    return is_close


def write_golden(folder):
    for family, rope, tied in (("llama", "llama3", True), ("qwen2", "yarn", False)):
        to = Path(folder) / f"tiny_{family}"
        save_tiny_model(family, rope, tied, to)
        (to / "generation_config.json").unlink(missing_ok=True)
        tokens = torch.randint(0, SHAPE["vocab_size"], (150,), generator=torch.Generator().manual_seed(3)).tolist()
        golden = {"tokens": tokens, "log_probs": [round(p, 6) for p in log_probs(AutoModelForCausalLM.from_pretrained(to, dtype=torch.float32), tokens).tolist()]}
        (to / "golden.json").write_text(json.dumps(golden) + "\n")


def folder_from_gguf(path, folder):
    """A Hugging Face folder with the dequantised weights of a GGUF file, in float32."""
    from gguf import GGUFReader, dequantize

    reader = GGUFReader(path)
    field = lambda name: reader.fields[f"llama.{name}"].contents()
    names = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "attn_norm": "input_layernorm", "ffn_norm": "post_attention_layernorm",
             "attn_q": "self_attn.q_proj", "attn_k": "self_attn.k_proj", "attn_v": "self_attn.v_proj", "attn_output": "self_attn.o_proj",
             "ffn_gate": "mlp.gate_proj", "ffn_up": "mlp.up_proj", "ffn_down": "mlp.down_proj"}
    heads = {"attn_q": field("attention.head_count"), "attn_k": field("attention.head_count_kv")}
    state = {}
    for tensor in reader.tensors:
        parts = tensor.name.split(".")
        values = torch.from_numpy(dequantize(tensor.data, tensor.tensor_type).copy())
        kind = parts[-2]
        if kind in heads:  # llama.cpp pairs neighbouring dimensions, transformers the halves of a head
            values = values.reshape(heads[kind], values.shape[0] // heads[kind] // 2, 2, values.shape[1]).swapaxes(1, 2).reshape(values.shape)
        prefix = f"model.layers.{parts[1]}." if parts[0] == "blk" else ""
        state[f"{prefix}{names[kind]}.weight"] = values
    embedding = state["model.embed_tokens.weight"]
    config = LlamaConfig(vocab_size=embedding.shape[0], hidden_size=field("embedding_length"), intermediate_size=field("feed_forward_length"),
                         num_hidden_layers=field("block_count"), num_attention_heads=heads["attn_q"], num_key_value_heads=heads["attn_k"],
                         max_position_embeddings=field("context_length"), rms_norm_eps=field("attention.layer_norm_rms_epsilon"),
                         rope_parameters={"rope_type": "default", "rope_theta": field("rope.freq_base")}, tie_word_embeddings=True)
    model = LlamaForCausalLM(config)
    missing, unexpected = model.load_state_dict(state, strict=False)
    assert missing in ([], ["lm_head.weight"]) and not unexpected, (missing, unexpected)
    model.tie_weights()
    model.save_pretrained(folder)


def gguf_parity(dump, path):
    """Random tokens are unlikely everywhere; a repeated pattern gives confident predictions too."""
    draw = torch.randint(0, 32000, (40,), generator=torch.Generator().manual_seed(4)).tolist()
    with tempfile.TemporaryDirectory() as folder:
        folder_from_gguf(path, folder)
        load = lambda dtype: AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        return compare(Path(path).name, dump, path, load, draw * 13 + draw[:20], REAL_TOLERANCES)


@torch.no_grad()
def time_prefill(path, lengths, threads, repeats):
    torch.set_num_threads(threads)
    with tempfile.TemporaryDirectory() as folder:
        folder_from_gguf(path, folder)
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16)
    for implementation in ("sdpa", "eager"):
        model.set_attn_implementation(implementation)
        for length in lengths:
            if implementation == "eager" and length > 4096:
                continue  # its scores alone need length^2 * heads * 4 bytes
            tokens = torch.randint(0, model.config.vocab_size, (1, length))
            wall, cpu = [], []
            for _ in range(repeats):
                start, cpu_start = time.perf_counter(), time.process_time()
                model(tokens, use_cache=True, logits_to_keep=1)
                wall.append(time.perf_counter() - start)
                cpu.append(time.process_time() - cpu_start)
            print(f"transformers bfloat16 {implementation}, {threads} threads, {length} tokens: {length / min(wall):.0f} tokens/s, "
                  f"{length / min(cpu):.0f} per CPU second (best of {repeats})", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dump", help="our log_probs_dump program")
    parser.add_argument("--gguf", help="a GGUF file of the Llama architecture with tied embeddings")
    parser.add_argument("--golden", help="write the test fixtures into this folder")
    parser.add_argument("--time", help="lengths, such as 512,2048,8192")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    args = parser.parse_args()
    if args.golden:
        write_golden(args.golden)
    if args.time:
        time_prefill(args.gguf, [int(length) for length in args.time.split(",")], args.threads, args.repeat)
    elif args.dump:
        is_close = gguf_parity(args.dump, args.gguf) if args.gguf else tiny_parity(args.dump)
        raise SystemExit(0 if is_close else 1)


if __name__ == "__main__":
    main()
