#!/usr/bin/env python3
"""Knowledge and perplexity of a language model in a GGUF file beside transformers. Needs torch, transformers and gguf.

    knowledge_parity.py --program build/release/bin/manyshot --gguf SmolLM2-135M-Instruct.Q4_1.gguf
                        --knowledge mmlu_subset.csv [--shots 0,5] [--perplexity text.txt] [--dtype float32,bfloat16]

transformers computes in float32, one prompt at a time: what a plain script does. Prompts are written here anew; which questions
are demonstrations is read from the program's result. --limit N takes N questions, evenly spaced, so that most subjects occur.
Both sides have one thread, and the program's processor time includes loading. Exits 1 when the choice's four log-probabilities
or the nats per token differ by more than the tolerances below, or when another choice is made in float32.

SmolLM2-135M-Instruct (Q4_1), 150 questions without demonstrations and 5,864 tokens (LGPL 2.1), an AMD EPYC core that others used too:

             same choice   largest difference       perplexity (transformers 14.1497)   processor time of transformers / ours
  float32    150 / 150     6.5e-5 nats              14.1498                             57.5 s / 33.6 s, text 49.9 s / 33.4 s
  bfloat16   150 / 150     0.26 nats                14.1430                             57.5 s / 18.0 s, text 49.9 s / 17.3 s
  60 questions behind 5 others: float32 60 / 60, 5.1e-5 nats, 51.9 s / 30.0 s; bfloat16 59 / 60, 0.28 nats, 51.9 s / 16.8 s
"""
import argparse
import csv
import json
import math
import resource
import subprocess
import tempfile
import time
from pathlib import Path

import torch
from gguf import GGUFReader
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoModelForCausalLM, AutoTokenizer

LETTERS = "ABCD"
# Largest difference of the four log-probabilities, and of nats per token, from transformers in float32.
LOG_PROB_TOLERANCES = {"float32": 2e-3, "bfloat16": 0.6}
NATS_TOLERANCES = {"float32": 1e-4, "bfloat16": 0.01}


def read_questions(path, limit):
    rows = list(csv.DictReader(open(path, encoding="utf-8", newline="")))
    count = min(limit or len(rows), len(rows))
    return [rows[index * len(rows) // count] for index in range(count)]


def question_text(row):
    return row["question"] + "\n" + "".join(f"{letter}. {row[letter]}\n" for letter in LETTERS) + "Answer:"


def prompt(rows, index, shots):
    text = f"The following are multiple choice questions (with answers) about {rows[index]['subject'].replace('_', ' ')}.\n\n"
    for shot in shots:
        text += question_text(rows[shot]) + " " + rows[shot]["answer"] + "\n\n"
    return text + question_text(rows[index])


@torch.no_grad()
def knowledge(model, tokenizer, rows, shots_of):
    letters = [tokenizer.encode(" " + letter, add_special_tokens=False) for letter in LETTERS]
    assert all(len(ids) == 1 for ids in letters), "letters are one token each in the models compared here"
    letters = [ids[0] for ids in letters]
    result = []
    for index, shots in enumerate(shots_of):
        ids = tokenizer.encode(prompt(rows, index, shots), return_tensors="pt")
        result.append(torch.log_softmax(model(ids, logits_to_keep=1).logits[0, -1].float(), -1)[letters])
    return torch.stack(result)


@torch.no_grad()
def perplexity(model, tokenizer, text, window, stride):
    ids = tokenizer.encode(text, return_tensors="pt", verbose=False)
    total, previous_end = 0.0, 0
    for begin in range(0, ids.size(1), stride):
        end = min(begin + window, ids.size(1))
        part = ids[:, begin:end]
        log_probs = torch.log_softmax(model(part).logits[0, :-1].float(), -1).gather(1, part[0, 1:, None])[:, 0]
        new = end - max(previous_end, 1)
        total += log_probs[len(log_probs) - new:].double().sum().item()
        previous_end = end
        if end == ids.size(1):
            break
    return -total / (ids.size(1) - 1), ids.size(1) - 1


def ours(arguments, *options):
    """The program's result, and the processor time it took in seconds, loading included."""
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.program, "evaluate", "--models", arguments.gguf, "--out", folder, "--threads", "1", *map(str, options)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return json.loads((Path(folder) / "general_ability.json").read_text())["models"][0], seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True)
    parser.add_argument("--gguf", required=True)
    parser.add_argument("--knowledge")
    parser.add_argument("--shots", default="0,5")
    parser.add_argument("--perplexity")
    parser.add_argument("--window", type=int, default=2048)
    parser.add_argument("--stride", type=int, default=1024)
    parser.add_argument("--dtype", default="float32,bfloat16")
    parser.add_argument("--limit", type=int, help="questions taken")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    path = Path(arguments.gguf)
    tokenizer = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    if GGUFReader(path).fields["tokenizer.ggml.pre"].contents() == "smollm":  # transformers forgets how digits are split
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence([Digits(individual_digits=True), ByteLevel(add_prefix_space=False)])
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    worst = []

    if arguments.knowledge:
        rows = read_questions(arguments.knowledge, arguments.limit)
        scratch = tempfile.TemporaryDirectory()
        questions = Path(scratch.name) / "questions.csv"
        with open(questions, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, rows[0].keys())
            writer.writeheader()
            writer.writerows(rows)
        for shots in arguments.shots.split(","):
            reference = None
            for dtype in arguments.dtype.split(","):
                result, own_seconds = ours(arguments, "--knowledge", questions, "--knowledge-shots", shots, "--dtype", dtype)
                answers = result["knowledge"]["answers"]
                if reference is None:
                    start = time.process_time()
                    reference = knowledge(model, tokenizer, rows, [answer["shots"] for answer in answers])
                    seconds = time.process_time() - start
                right = torch.tensor([LETTERS.index(row["answer"]) for row in rows])
                own = torch.tensor([answer["log_probs"] for answer in answers])
                difference = (own - reference).abs().max().item()
                print(f"{shots} shots, {dtype}: accuracy {100 * (own.argmax(1) == right).float().mean():.1f} %, "
                      f"transformers {100 * (reference.argmax(1) == right).float().mean():.1f} %; same choice "
                      f"{(own.argmax(1) == reference.argmax(1)).sum()}/{len(answers)}; largest difference {difference:.2g} nats; "
                      f"processor time {own_seconds:.1f} s, transformers {seconds:.1f} s ({seconds / own_seconds:.2f} times)", flush=True)
                worst.append((difference, LOG_PROB_TOLERANCES[dtype]))
                if dtype == "float32":
                    worst.append(((own.argmax(1) != reference.argmax(1)).sum().item(), 0))

    if arguments.perplexity:
        text = Path(arguments.perplexity).read_text(encoding="utf-8")
        start = time.process_time()
        nats, tokens = perplexity(model, tokenizer, text, arguments.window, arguments.stride)
        seconds = time.process_time() - start
        for dtype in arguments.dtype.split(","):
            result, own_seconds = ours(arguments, "--perplexity", arguments.perplexity, "--perplexity-window", arguments.window,
                                       "--perplexity-stride", arguments.stride, "--dtype", dtype)
            result = result["perplexity"]
            assert result["tokens"] == tokens, (result["tokens"], tokens)
            print(f"perplexity of {tokens} tokens, {dtype}: {result['perplexity']:.4f}, transformers {math.exp(nats):.4f}; "
                  f"processor time {own_seconds:.1f} s, transformers {seconds:.1f} s ({seconds / own_seconds:.2f} times)", flush=True)
            worst.append((abs(result["nats_per_token"] - nats), NATS_TOLERANCES[dtype]))
    raise SystemExit(any(difference > tolerance for difference, tolerance in worst))


if __name__ == "__main__":
    main()
