"""Writes the seeds that are made of bytes rather than text: python3 tests/fuzz/write_seeds.py (from the repository's root).

corpus/token_shard: token files without their checksum, which fuzz_token_shard adds (docs/formats/corpus.md).
"""
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


def write(name, content):
    (CORPUS / name).parent.mkdir(parents=True, exist_ok=True)
    (CORPUS / name).write_bytes(content)


compact = (7, 1, 1, 1, 3, [1, 1010, 1000, 2, 1010, 1001])
text = (9, 0, 3, 2, 4, [5, 6, 7, 8, 9])
write("token_shard/empty.tokens", token_shard([]))
write("token_shard/compact.tokens", token_shard([compact]))
write("token_shard/several.tokens", token_shard([text, compact, (12, 0, 0, 0, 0, [])]))
