"""Our tokenizer against Hugging Face `tokenizers`: fixtures, equal ids, speed.

Needs PyPI tokenizers 0.23 (and gguf for `smollm2`); the C++ programs are build/release/bin/tokenize_lines and tokenizer_bench.

  tokenizer_parity.py golden tests/encoding/tokenizer/golden     small tokenizer.json files and their ids for the tests
  tokenizer_parity.py train DIR                                  vocabularies of 6,000 tokens with each family's settings
  tokenizer_parity.py smollm2 MODEL.gguf OUT.json                the tokenizer.json that equals a GGUF's tokenizer.ggml.* keys
  tokenizer_parity.py compare TOKENIZE_LINES TOKENIZER.json...   ids on a mixed corpus; exit 1 when any differ
  tokenizer_parity.py speed TOKENIZER_BENCH TOKENIZER.json [MB]  one core, prompt text
  tokenizer_parity.py ranges src/encoding/tokenizer/char_ranges.inc
"""
import argparse
import glob
import json
import os
import random
import subprocess
import sys
import sysconfig
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

CONTRACTIONS = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
REST = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
PATTERNS = {"qwen2": CONTRACTIONS + r"\p{N}" + REST, "llama3": CONTRACTIONS + r"\p{N}{1,3}" + REST}
SPECIAL = {"gpt2": ["<|endoftext|>"],
           "smollm": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
           "qwen2": ["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
           "llama3": ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"]}


def pre_tokenizer(family):
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=family not in PATTERNS)
    if family == "gpt2":
        return byte_level
    if family == "smollm":
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), byte_level])
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(PATTERNS[family]), "isolated"), byte_level])


def family_tokenizer(family, model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizer(family)
    tokenizer.decoder = decoders.ByteLevel()
    if family == "qwen2":
        tokenizer.normalizer = normalizers.NFC()
    return tokenizer


def forget_merges_of_one(model):
    """Takes out the merges that make the longest word, so that only ignore_merges still finds it."""
    longest = max((token for token in model["vocab"] if token.isalpha() and token.isascii()), key=lambda token: (len(token), token))
    model["merges"] = [merge for merge in model["merges"] if "".join(merge) != longest]


def train(family, texts, vocab_size):
    tokenizer = family_tokenizer(family, models.BPE())
    in_vocabulary = SPECIAL[family] if family == "smollm" else []  # as in each family's own file
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=vocab_size, show_progress=False, special_tokens=in_vocabulary,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    if family == "llama3":
        document = json.loads(tokenizer.to_str())
        forget_merges_of_one(document["model"])
        document["model"]["ignore_merges"] = True
        tokenizer = Tokenizer.from_str(json.dumps(document))
    tokenizer.add_special_tokens([AddedToken(text, normalized=family == "gpt2", special=True) for text in SPECIAL[family]])
    if family == "qwen2":
        tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False, special=False)])
    if family == "gpt2":  # options the families leave off
        tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, rstrip=True, special=True)])
    if family == "llama3":
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[
                ("<|begin_of_text|>", tokenizer.token_to_id("<|begin_of_text|>"))])])
    return tokenizer


# ---- texts ----

def prompt(rng, rows):
    """Shots of a table as the `concat` format writes them."""
    labels = rng.sample(["nurse", "0", "1", "very_recom", "priority", "setosa", "negative"], 3)
    features = rng.randint(3, 12)
    lines = [",".join(str(rng.randint(0, 999)) for _ in range(features)) + "|" + rng.choice(labels) for _ in range(rows)]
    return ("You are an expert in classifying rows of a table; labels are " + ", ".join(labels) +
            ". Values are features joined by commas, the label follows the bar.\n\n[Training set]\n" + "\n".join(lines) +
            "\n\n[Test set]\nID 0:" + lines[0].split("|")[0] + '\nAnswer as JSON: [{"id": 0, "label": "').replace("\r", "")


def named_rows(rng, rows):
    """The same table in words, as the `tabllm` format writes it."""
    names = ["age", "hours per week", "capital gain", "education", "marital status"]
    words = ["Bachelors", "Never-married", "Self-emp-not-inc", "Husband", "yes", "no", "?"]
    def cell():
        return rng.choice([str(rng.randint(0, 99)), f"{rng.gauss(0, 100):.2f}", rng.choice(words)])
    return "\n".join(" ".join(f"The {name} is {cell()}." for name in names) + " Label: " + rng.choice("01") for _ in range(rows))


def python_sources(limit):
    total = 0
    for path in sorted(glob.glob(sysconfig.get_paths()["stdlib"] + "/**/*.py", recursive=True)):
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        total += len(text)
        yield text
        if total > limit:
            return


ALPHABETS = [(0x20, 0x7E), (0x09, 0x0D), (0xA0, 0x24F), (0x300, 0x36F), (0x370, 0x3FF), (0x400, 0x4FF), (0x590, 0x6FF),
             (0x900, 0x97F), (0xE00, 0xE7F), (0x1100, 0x11FF), (0x1680, 0x1680), (0x1E00, 0x1FFF), (0x2000, 0x206F),
             (0x2070, 0x218F), (0x2460, 0x24FF), (0x3000, 0x30FF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF),
             (0xFE00, 0xFE0F), (0xFF00, 0xFFEF), (0x1D400, 0x1D7FF), (0x1F300, 0x1FAFF), (0x20000, 0x2A6DF), (0, 0x1F)]
MIXED = list("  \t\n\r\u00a0\u3000\u0085'\u2019sStTrReEvVmMlLdD\u017f0123456789\u0660\u00bd\u2160abzAZéß文字🙂\u0301\u200d.,;|{}_-<>\x00\x7f")
PHRASES = ["'s", "'S", "'ll", "'LL", "'\u017f", "don't", "I'VE", "\r\n", "\n\n", "   ", "1234567", "<|im_start|>", "<|im_end|>",
           "<|endoftext|>", "<|eot_id|>", "<|begin_of_text|>", "<tool_call>", " <mask> ", "<|im_st", "e\u0301", "\u1112\u1161\u11ab",
           "👩\u200d👩\u200d👧", "🇩🇪", "unmergeable", "\u212b", "\u0344", "x" * 70, " " * 40]


def random_texts(rng, count):
    for _ in range(count):
        kind = rng.random()
        length = rng.randint(1, 60)
        if kind < 0.45:
            yield "".join(rng.choice(MIXED) for _ in range(length))
        elif kind < 0.75:
            yield "".join(rng.choice(PHRASES) if rng.random() < 0.3 else rng.choice(MIXED) for _ in range(length))
        elif kind < 0.97:
            text = ""
            while len(text) < length:
                first, last = rng.choice(ALPHABETS)
                text += "".join(chr(rng.randint(first, last)) for _ in range(rng.randint(1, 8))) + rng.choice(["", " ", "\n"])
            yield text
        else:
            yield "".join(chr(c) for c in (rng.randint(0, 0x10FFFF) for _ in range(length)) if not 0xD800 <= c < 0xE000)


def every_character():
    for start in range(0, 0x110000, 64):
        code_points = [c for c in range(start, start + 64) if not 0xD800 <= c < 0xE000]
        if code_points:
            yield "".join("a" + chr(c) + " 1" + chr(c) + chr(c) for c in code_points)


def mixed_corpus(seed=7):
    rng = random.Random(seed)
    yield from every_character()
    yield from python_sources(8_000_000)
    yield from (prompt(rng, rng.randint(1, 64)) for _ in range(1000))
    yield from (named_rows(rng, 20) for _ in range(200))
    yield from random_texts(rng, 60_000)
    for unit in [" ", "\n", "a", "1", "\u0301", "文", "ab ", "-", "\r\n "]:
        yield unit * 5000


# ---- commands ----

def golden(arguments):
    rng = random.Random(1)
    texts = [prompt(rng, 30) for _ in range(20)] + [named_rows(rng, 20) for _ in range(5)] + list(random_texts(rng, 400))
    checks = [prompt(rng, 4), named_rows(rng, 2)] + PHRASES + [t for t in random_texts(rng, 150)]
    for family in SPECIAL:
        tokenizer = train(family, texts, 256 + 300)
        stem = os.path.join(arguments.directory, family)
        with open(stem + ".json", "w") as file:
            file.write(json.dumps(json.loads(tokenizer.to_str()), separators=(",", ":")) + "\n")
        with open(stem + ".ids.json", "w") as file:
            for text in checks:
                tokenizer.encode_special_tokens = False
                ids = tokenizer.encode(text, add_special_tokens=False).ids
                tokenizer.encode_special_tokens = True
                plain = tokenizer.encode(text, add_special_tokens=False).ids
                file.write(json.dumps({"text": text, "ids": ids, "plain": plain}, separators=(",", ":")) + "\n")


def train_all(arguments):
    rng = random.Random(2)
    texts = list(python_sources(4_000_000)) + list(random_texts(rng, 20_000)) + [prompt(rng, 30) for _ in range(100)]
    for family in SPECIAL:
        train(family, texts, 6000).save(os.path.join(arguments.directory, family + ".json"))


def smollm2(arguments):
    import gguf
    fields = gguf.GGUFReader(arguments.model).fields
    tokens, types = (fields["tokenizer.ggml." + key].contents() for key in ("tokens", "token_type"))
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"].contents()]
    assert fields["tokenizer.ggml.pre"].contents() == "smollm"
    tokenizer = family_tokenizer("smollm", models.BPE({token: i for i, token in enumerate(tokens)}, merges))
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False)
                                  for token, kind in zip(tokens, types) if kind == 3])
    tokenizer.save(arguments.out)
    alphabet = set(pre_tokenizers.ByteLevel.alphabet())
    print(f"{len(tokens)} tokens, {len(merges)} merges; bytes without a token: {sorted(alphabet - set(tokens))}")


def our_ids(program, path, lines, plain):
    command = [program, path] + (["--plain"] if plain else [])
    with tempfile.TemporaryFile("w+") as stdin:
        stdin.write("\n".join(lines) + "\n")
        stdin.seek(0)
        output = subprocess.run(command, stdin=stdin, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def compare(arguments):
    texts = list(mixed_corpus())
    lines = [json.dumps(text) for text in texts]
    different = 0
    for path in arguments.tokenizers:
        tokenizer = Tokenizer.from_file(path)
        for plain in (False, True):
            tokenizer.encode_special_tokens = plain
            expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
            ours = our_ids(arguments.program, path, lines, plain)
            wrong = [i for i in range(len(texts)) if ours[i] != expected[i]]
            wrong += [None] * (len(ours) != len(expected))
            different += len(wrong)
            print(f"{path}{' plain' if plain else ''}: {len(texts)} texts, {sum(len(t.encode()) for t in texts)} bytes, "
                  f"{sum(map(len, expected))} tokens; {len(wrong)} texts differ")
            for i in wrong[:5]:
                at = next((k for k, (a, b) in enumerate(zip(ours[i], expected[i])) if a != b), min(len(ours[i]), len(expected[i])))
                print("  at token", at, "ours", ours[i][at:at + 6], "theirs", expected[i][at:at + 6],
                      "in", ascii(tokenizer.decode(expected[i][max(0, at - 3):at + 6], skip_special_tokens=False)))
    sys.exit(different > 0)


def speed(arguments):
    rng = random.Random(3)
    texts, size = [], 0
    while size < arguments.megabytes * 1_000_000:
        texts.append(prompt(rng, 64) if rng.random() < 0.8 else named_rows(rng, 64))
        size += len(texts[-1].encode())
    tokenizer = Tokenizer.from_file(arguments.tokenizer)
    tokenizer.encode_batch(texts[:100], add_special_tokens=False)
    seconds, digest = [], 0
    for _ in range(3):
        begin = time.process_time()
        num_tokens = 0
        for start in range(0, len(texts), 512):
            num_tokens += sum(len(e) for e in tokenizer.encode_batch_fast(texts[start:start + 512], add_special_tokens=False))
        seconds.append(time.process_time() - begin)
    theirs = size / min(seconds) / 1e6
    print(f"Hugging Face tokenizers encode_batch_fast, one thread: {theirs:.1f} MB/s (best of 3), {num_tokens} tokens")
    with tempfile.NamedTemporaryFile("w") as file:
        file.write("\n".join(json.dumps(text) for text in texts) + "\n")
        file.flush()
        environment = dict(os.environ, MANYSHOT_TOKENIZER=arguments.tokenizer, MANYSHOT_TEXTS=file.name)
        output = subprocess.run([arguments.program, "--benchmark_format=json", "--benchmark_filter=encode", "--benchmark_repetitions=3"],
                                env=environment, capture_output=True, text=True, check=True).stdout
    runs = [run for run in json.loads(output)["benchmarks"] if run["run_type"] == "iteration"]
    ours = max(run["bytes_per_second"] for run in runs) / 1e6
    assert runs[0]["tokens"] == num_tokens, (runs[0]["tokens"], num_tokens)
    print(f"manyshot, one thread: {ours:.1f} MB/s (best of 3), the same number of tokens; {ours / theirs:.1f} times as fast")


def ranges(arguments):
    def matched(pattern):
        split = pre_tokenizers.Split(Regex(pattern), "isolated")
        code_points = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
        found = set()
        for start in range(0, len(code_points), 4096):
            chunk = code_points[start:start + 4096]
            text = "".join("\x01" + chr(c) + "\x02" for c in chunk)  # neither is in any of the classes
            found.update(ord(piece) for piece, _ in split.pre_tokenize_str(text) if len(piece) == 1 and piece not in "\x01\x02")
        return sorted(found)

    def as_lines(code_points):
        runs = []
        for c in code_points:
            if runs and runs[-1][1] == c - 1:
                runs[-1][1] = c
            else:
                runs.append([c, c])
        line = "   "
        for first, last in runs:
            item = f" {{0x{first:X}, 0x{last:X}}},"
            if len(line) + len(item) > 119:
                yield line
                line = "   "
            line += item
        yield line

    with open(arguments.out, "w") as file:
        file.write("// Written by tools/parity/tokenizer_parity.py ranges, from what Hugging Face tokenizers 0.23.3 matches.\n")
        for name, pattern in (("kLetters", r"\p{L}"), ("kNumbers", r"\p{N}"), ("kSpaces", r"\s")):
            lines = "\n".join(as_lines(matched(pattern)))
            file.write(f"constexpr Range {name}[] = {{\n{lines}\n}};\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    def command(name, function, *options):
        sub = commands.add_parser(name)
        sub.set_defaults(run=function)
        for option, settings in options:
            sub.add_argument(option, **settings)
    command("golden", golden, ("directory", {}))
    command("train", train_all, ("directory", {}))
    command("smollm2", smollm2, ("model", {}), ("out", {}))
    command("compare", compare, ("program", {}), ("tokenizers", {"nargs": "+"}))
    command("speed", speed, ("program", {}), ("tokenizer", {}), ("megabytes", {"nargs": "?", "type": float, "default": 20}))
    command("ranges", ranges, ("out", {}))
    arguments = parser.parse_args()
    arguments.run(arguments)


if __name__ == "__main__":
    main()
