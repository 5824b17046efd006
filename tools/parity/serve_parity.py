#!/usr/bin/env python3
"""Clients that people have, against `manyshot serve`: lm-evaluation-harness and the openai package.

    pip install openai 'lm_eval[api]'
    python tools/parity/serve_parity.py build/release/bin/manyshot smollm2

1. `lm_eval --model local-completions` answers multiple-choice questions by the server (echo, logprobs, its own
   /tokenize); each choice's log-likelihood must be that of `manyshot score`, and whether it is the greedy one that of
   `manyshot generate`.
2. The openai client gets the texts of `manyshot generate`, whole and streamed, many at the same time.

Prints what was compared and the largest difference; the exit code says whether all agreed.
"""

import concurrent.futures
import json
import pathlib
import subprocess
import sys
import tempfile

import openai

PROGRAM, MODEL = sys.argv[1:3]
FACTS = [
    ("The capital of France is", ["Paris", "Rome", "Madrid", "Oslo"]),
    ("Water is made of hydrogen and", ["oxygen", "iron", "helium", "salt"]),
    ("The opposite of hot is", ["cold", "warm", "tall", "blue"]),
    ("Two plus three is", ["five", "six", "nine", "ten"]),
    ("A young dog is called a", ["puppy", "kitten", "calf", "foal"]),
    ("The sun rises in the", ["east", "west", "north", "south"]),
    ("Größe und Maß — a metre has this many centimetres:", ["100", "10", "60", "1000"]),
    ("Emoji 🙂 stand for", ["feelings", "numbers", "chemicals", "🙂🙂"]),
]
QUESTIONS = [
    {"question": before + fact, "choices": choices, "answer": 0}
    for before in ("", "Q: Complete the sentence.\n", "Once more:  ", "In short, ", "Everybody knows this: ")
    for fact, choices in FACTS
]
TASK = """task: served_facts
dataset_path: json
dataset_kwargs: {{data_files: {{test: {questions}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_target: answer
doc_to_choice: choices
metric_list: [{{metric: acc}}]
metadata: {{version: 1}}
"""


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], check=True, capture_output=True, text=True).stdout


def lines_of(path):
    return [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]


def write_lines(path, values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))


def harness_answers(folder, url):
    """{(question, choice): (log-likelihood, is greedy)} as lm_eval logs them."""
    write_lines(folder / "questions.jsonl", QUESTIONS)
    (folder / "task.yaml").write_text(TASK.format(questions=folder / "questions.jsonl"))
    arguments = f"model=served,base_url={url}/completions,num_concurrent=8,max_retries=1"
    subprocess.run(
        [str(pathlib.Path(sys.executable).parent / "lm_eval"), "--model", "local-completions", "--model_args", arguments,
         "--tasks", "served_facts", "--include_path", str(folder), "--batch_size", "4", "--log_samples",
         "--output_path", str(folder / "harness")],
        check=True, capture_output=True, text=True)
    answers = {}
    for sample in lines_of(next((folder / "harness").rglob("samples_*.jsonl"))):
        for choice, response in zip(sample["doc"]["choices"], sample["resps"]):
            log_prob, is_greedy = response[0]
            answers[sample["doc"]["question"], choice] = float(log_prob), str(is_greedy) == "True"
    return answers


def own_answers(folder):
    """The same by `manyshot score`; a choice is greedy where `manyshot generate` writes it."""
    write_lines(folder / "scores.jsonl", [
        {"prompt": q["question"], "continuations": [" " + choice for choice in q["choices"]]} for q in QUESTIONS])
    run("score", "--model", MODEL, "--in", str(folder / "scores.jsonl"), "--out", str(folder / "scored.jsonl"))
    write_lines(folder / "prompts.jsonl", [{"prompt": q["question"]} for q in QUESTIONS])
    run("generate", "--model", MODEL, "--in", str(folder / "prompts.jsonl"), "--out", str(folder / "texts.jsonl"),
        "--max-tokens", "16")
    answers = {}
    for question, scored, text in zip(QUESTIONS, lines_of(folder / "scored.jsonl"), lines_of(folder / "texts.jsonl")):
        for choice, log_prob in zip(question["choices"], scored["logprobs"]):
            answers[question["question"], choice] = log_prob, text["text"].startswith(" " + choice)
    return answers


def check_harness(folder, url):
    theirs, ours = harness_answers(folder, url), own_answers(folder)
    assert theirs.keys() == ours.keys()
    largest = max(abs(theirs[key][0] - ours[key][0]) for key in ours)
    greedy = sum(theirs[key][1] == ours[key][1] for key in ours)
    print(f"lm_eval: {len(ours)} choices, largest difference of a log-likelihood {largest:.2e}, "
          f"greedy or not agrees for {greedy}")
    return largest < 1e-5 and greedy == len(ours)


def check_openai(folder, url):
    client = openai.OpenAI(base_url=url, api_key="none", max_retries=0)
    prompts = [q["question"] for q in QUESTIONS]
    texts = [line["text"] for line in lines_of(folder / "texts.jsonl")]
    options = dict(model="served", max_tokens=16, temperature=0)

    def whole(prompt):
        return client.completions.create(prompt=prompt, **options).choices[0].text

    def streamed(prompt):
        chunks = list(client.completions.create(prompt=prompt, stream=True, **options))
        assert all(chunk.choices[0].finish_reason is None for chunk in chunks[:-1])
        assert chunks[-1].choices[0].finish_reason in ("stop", "length")
        return "".join(chunk.choices[0].text for chunk in chunks)

    def chat(prompt):
        messages = [{"role": "user", "content": prompt}]
        return client.chat.completions.create(messages=messages, **options).choices[0].message.content

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = {"whole": list(pool.map(whole, prompts)), "streamed": list(pool.map(streamed, prompts)),
                 "chat": list(pool.map(chat, prompts))}
    found["one request"] = [c.text for c in client.completions.create(prompt=prompts, **options).choices]
    run("generate", "--model", MODEL, "--in", str(folder / "prompts.jsonl"), "--out", str(folder / "chat.jsonl"),
        "--chat", "chatml", "--max-tokens", "16")
    chat_texts = [line["text"] for line in lines_of(folder / "chat.jsonl")]
    agree = True
    for kind, answers in found.items():
        same = sum(a == b for a, b in zip(answers, chat_texts if kind == "chat" else texts))
        print(f"openai, {kind}: {same} of {len(prompts)} texts are those of manyshot generate")
        agree = agree and same == len(prompts)
    return agree


def main():
    server = subprocess.Popen([PROGRAM, "serve", "--model", MODEL, "--name", "served", "--port", "0"],
                              stdout=subprocess.PIPE, text=True)
    try:
        url = server.stdout.readline().split()[-1]
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            agree = check_harness(folder, url)
            agree = check_openai(folder, url) and agree
    finally:
        server.terminate()
        server.wait()
    return 0 if agree else 1


sys.exit(main())
