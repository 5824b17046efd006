#!/usr/bin/env python3
"""50 queries behind labelled rows on a GGUF language model: manyshot beside transformers and llama.cpp, in one run.

    text_predict_peers.py --program build/release/bin/manyshot --gguf SmolLM2-135M-Instruct.Q4_1.gguf --train examples/wine/train.csv
        --test examples/wine/test.csv --target quality [--shots 64] [--queries 50] [--peers transformers,llama.cpp] [--repeat 3]

manyshot scores every class of every query (predict, whole command). The peers read the prompt of `manyshot prompt` with all queries in it
and write, most likely token first, as many tokens as the JSON of the answers has: what a client of a general engine does. Loading is
timed apart for them. Also times prefill alone, in tokens per second. Needs torch, transformers, gguf; llama-cpp-python.
"""
import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path


def timed(repeat, run):
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds), min(seconds), max(seconds)


def show(name, times, note=""):
    print(f"{name:<58} {times[0]:8.2f} s ({times[1]:.2f} to {times[2]:.2f}) {note}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--program", "--gguf", "--train", "--test", "--target"):
        parser.add_argument(name, required=True)
    parser.add_argument("--shots", default=64, type=int)
    parser.add_argument("--queries", default=50, type=int)
    parser.add_argument("--threads", default=2, type=int)
    parser.add_argument("--repeat", default=3, type=int)
    parser.add_argument("--peers", default="transformers,llama.cpp")
    parser.add_argument("--llama-settings", default="off:512,off:2048,on:512,on:2048", help="flash attention:batch, ...")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        head = Path(options.test).read_text().splitlines(keepends=True)[: options.queries + 1]
        test = Path(folder) / "test.csv"
        test.write_text("".join(head))
        task = ["--model", options.gguf, "--train", options.train, "--test", str(test), "--target", options.target, "--shots", str(options.shots),
                "--threads", str(options.threads)]
        out = Path(folder) / "out.csv"
        ours = timed(options.repeat, lambda: subprocess.run([options.program, "predict", *task, "--out", str(out), "--quiet"], check=True))
        show("manyshot predict, whole command", ours)
        assert len(out.read_text().splitlines()) == options.queries + 1

        def prompt(layout, *more):
            return subprocess.run([options.program, "prompt", *task, "--layout", layout, "--queries", str(options.queries), *more], check=True,
                                  capture_output=True, text=True).stdout

        tokens = json.loads(prompt("tokens"))
        answer = json.loads(prompt("alpaca"))["output"]
        answer_tokens = json.loads(subprocess.run([options.program, "tokenize", "--model", options.gguf], input=answer, check=True, capture_output=True,
                                                  text=True).stdout)
        print(f"{options.shots} labelled rows, {options.queries} queries in one prompt: {len(tokens)} tokens, the answers {len(answer_tokens)}")
        request = Path(folder) / "score.jsonl"
        text = prompt("text")[:-1]
        request.write_text(json.dumps({"prompt": text, "continuations": ["["]}))
        load = Path(folder) / "load.jsonl"
        load.write_text(json.dumps({"prompt": "The answer is", "continuations": [" 1"]}))
        score = [options.program, "score", "--model", options.gguf, "--threads", str(options.threads), "--out", str(out), "--quiet", "--in"]
        whole = timed(options.repeat, lambda: subprocess.run([*score, str(request)], check=True))
        start_up = timed(options.repeat, lambda: subprocess.run([*score, str(load)], check=True))
        show("manyshot score, the same prompt, start-up taken off", tuple(t - start_up[0] for t in whole),
             f"{len(tokens) / (whole[0] - start_up[0]):.0f} tokens/s of prefill; start-up {start_up[0]:.2f} s")

        if "transformers" in options.peers:
            import torch
            from language_parity import folder_from_gguf
            from transformers import AutoModelForCausalLM

            torch.set_num_threads(options.threads)
            start = time.perf_counter()
            folder_from_gguf(options.gguf, folder)  # dequantised: transformers' own packed weights compute in float32
            model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16).eval()
            print(f"transformers: loaded in {time.perf_counter() - start:.1f} s")
            ids = torch.tensor([tokens])
            with torch.inference_mode():
                prefill = timed(options.repeat, lambda: model(ids, logits_to_keep=1))
                show("transformers bf16, prefill", prefill, f"{len(tokens) / prefill[0]:.0f} tokens/s")
                generate = timed(1, lambda: model.generate(ids, do_sample=False, min_new_tokens=len(answer_tokens), max_new_tokens=len(answer_tokens),
                                                           attention_mask=torch.ones_like(ids), pad_token_id=2))
                show("transformers bf16, greedy JSON", generate, f"{generate[0] / ours[0]:.1f} times manyshot's")
            del model

        if "llama.cpp" in options.peers:
            from llama_cpp import Llama

            best = None
            for setting in options.llama_settings.split(","):
                flash, batch = setting.split(":")[0] == "on", int(setting.split(":")[1])
                start = time.perf_counter()
                llama = Llama(options.gguf, n_ctx=8192, n_batch=batch, n_ubatch=batch, n_threads=options.threads, n_threads_batch=options.threads,
                              flash_attn=flash, verbose=False)
                loaded = time.perf_counter() - start

                def prefill_only():
                    llama.reset()
                    llama.eval(tokens)

                def generate_all():
                    llama.reset()
                    for count, _ in enumerate(llama.generate(tokens, top_k=1, temp=0.0, reset=True)):
                        if count + 1 == len(answer_tokens):
                            break

                prefill = timed(options.repeat, prefill_only)
                times = timed(options.repeat, generate_all)
                settings = f"llama.cpp, flash attention {'on' if flash else 'off'}, batch {batch}"
                show(settings + ", prefill", prefill, f"{len(tokens) / prefill[0]:.0f} tokens/s; loaded in {loaded:.2f} s")
                show(settings + ", greedy JSON", times, f"{times[0] / ours[0]:.1f} times manyshot's")
                best = min(best or times, times)
                del llama
            show("llama.cpp, best settings", best, f"{best[0] / ours[0]:.1f} times manyshot's")


if __name__ == "__main__":
    main()
