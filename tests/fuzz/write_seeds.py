"""Writes the seeds that are made of bytes rather than text: python3 tests/fuzz/write_seeds.py (from the repository's root).

corpus/token_shard: token files without their checksum, which fuzz_token_shard adds (docs/formats/corpus.md).
corpus/fit: a fit file, and labelled rows as one has them (docs/formats/msfit.md).
corpus/table_body/arrow is an Arrow stream as Arrow's own writer makes it, behind an "a"; nothing here writes it.
corpus/adapter: adapter_config.json, a zero byte, adapter_model.safetensors, as PEFT writes them.
"""
import json
import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"


def token_shard(samples):
    """The bytes of a token file of (index, features, labelled, queries, answer_begin, tokens)."""
    total, records, tokens = 0, b"", b""
    for index, features, labelled, queries, answer_begin, ids in samples:
        records += struct.pack("<QQQQIIII", index, total, len(ids), answer_begin, features, labelled, queries, 0)
        tokens += struct.pack(f"<{len(ids)}i", *ids)
        total += len(ids)
    return b"MSTOKENS" + struct.pack("<IIQ", 1, len(samples), total) + records + tokens


def safetensors(tensors):
    """The bytes of a file of name -> (shape, values), F32."""
    header, data = {}, b""
    for name, (shape, values) in tensors.items():
        begin = len(data)
        data += struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [begin, len(data)]}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def checksum(data):
    """That of core/bytes.h."""
    mask, lanes, total = 2**64 - 1, [0, 1, 2, 3], 0

    def mixed(value, word):
        value = (value ^ word) * 0x9E3779B97F4A7C15 & mask
        return (value << 29 | value >> 35) & mask

    padded = data + bytes(-len(data) % 32)
    for word, (value,) in enumerate(struct.iter_unpack("<Q", padded)):
        lanes[word % 4] = mixed(lanes[word % 4], value)
    for lane in lanes:
        total = mixed(total, lane)
    return mixed(total, len(data))


def rows(columns):
    """Labelled rows of name -> cells, None for missing ones."""
    count = len(next(iter(columns.values())))
    data = struct.pack("<BQQ", 0, count, len(columns))
    for name, cells in columns.items():
        text = "".join(cell or "" for cell in cells).encode()
        data += struct.pack("<Q", len(name)) + name.encode() + b"\0"
        data += b"".join(struct.pack("<I", 2**32 - 1 if cell is None else len(cell.encode())) for cell in cells)
        data += struct.pack("<Q", len(text)) + text
    return data


def fit_file(about, parts):
    listed = [{"name": name, "bytes": len(part), "checksum": f"{checksum(part):016x}"} for name, part in parts.items()]
    text = json.dumps(about | {"parts": listed}).encode()
    return b"\x89MSFIT\r\n" + struct.pack("<IIQQ", 1, 0, len(text), checksum(text)) + text + b"".join(parts.values())


def adapter(config, tensors):
    return json.dumps(config).encode() + b"\0" + safetensors(tensors)


def write(name, content):
    (CORPUS / name).parent.mkdir(parents=True, exist_ok=True)
    (CORPUS / name).write_bytes(content)


compact = (7, 1, 1, 1, 3, [1, 1010, 1000, 2, 1010, 1001])
text = (9, 0, 3, 2, 4, [5, 6, 7, 8, 9])
write("token_shard/empty.tokens", token_shard([]))
write("token_shard/compact.tokens", token_shard([compact]))
write("token_shard/several.tokens", token_shard([text, compact, (12, 0, 0, 0, 0, [])]))

example_rows = rows({"x": ["1", None, "2,5"], "tone": ["é", "", "b"], "y": ["a", "b", "a"]})
write("fit/rows", example_rows)
write("fit/file.msfit", fit_file({"format": "msfit", "options": {"target": "y"}}, {"fit/none": b"", "rows": example_rows}))

base = {"peft_type": "LORA", "r": 2, "lora_alpha": 4, "bias": "none", "use_rslora": False, "lora_dropout": 0.1,
        "target_modules": ["q_proj"], "init_lora_weights": True}
module = "base_model.model.model.layers.0.self_attn.q_proj"
pair = {f"{module}.lora_A.weight": ([2, 3], [0.5, -1, 2, 0, 1, 0.25]), f"{module}.lora_B.weight": ([1, 2], [1, -0.5])}
write("adapter/plain", adapter(base, pair))
write("adapter/rslora", adapter(base | {"use_rslora": True, "alpha_pattern": {"q_proj": 8, "layers.0.self_attn.q_proj": 3}}, pair))
write("adapter/patterns", adapter(base | {
    "r": 8, "rank_pattern": {r"layers\.\d+\..*": 2}, "alpha_pattern": {"^model.(a|b)+": 1, "q_proj": 3},
    "target_modules": r".*\.[qk]_proj", "exclude_modules": ["v_proj"], "layers_to_transform": [0, 7],
    "layers_pattern": ["h", "layers"], "init_lora_weights": "olora"}, pair))
write("adapter/layers", adapter(base | {"layers_to_transform": 0, "exclude_modules": r".*mlp.*"}, pair))
write("adapter/dora", adapter(base | {"use_dora": True}, pair))
write("adapter/one_matrix", adapter(base, {f"{module}.lora_A.weight": ([1, 1], [1])}))
