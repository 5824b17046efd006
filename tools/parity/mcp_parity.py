#!/usr/bin/env python3
"""The clients of the Python package mcp, against `manyshot mcp`.

    pip install mcp
    python tools/parity/mcp_parity.py build/release/bin/manyshot

Over standard input and output, in the stateless revision and in those that begin with a handshake: tools are listed,
schemas hold (the client checks each answer against the tool's own), predictions are those of `manyshot predict`,
scores those of `predict --folds`, progress is told, failures are results, paths outside the folder are refused, and a
call that times out does not stop the next one. What was remembered in one connection is there in the next.

Prints what was compared; the exit code says whether all agreed.
"""

import asyncio
import csv
import json
import pathlib
import random
import subprocess
import sys
import tempfile

from mcp import Client, ClientSession, StdioServerParameters, stdio_client

PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
OPTIONS = {"target": "kind", "model": "default", "ensemble": 2}
NUM_CHECKS = 0


def check(what, found, expected):
    global NUM_CHECKS
    NUM_CHECKS += 1
    if found != expected:
        sys.exit(f"{what}: found {found!r}, expected {expected!r}")


def write_table(path, seed, rows):
    draw = random.Random(seed)
    with open(path, "w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["height", "tone", "kind"])
        for _ in range(rows):
            height, tone = draw.random(), draw.choice(["red", "blue"])
            table.writerow([f"{height:.3f}", tone, "oak" if height > (0.3 if tone == "red" else 0.7) else "elm"])


def command_line(*arguments):
    """Predictions as CSV rows, and the summary."""
    flags = [word for name, value in OPTIONS.items() for word in (f"--{name}", str(value))]
    done = subprocess.run([PROGRAM, "predict", *arguments, *flags, "--json", "--quiet"], capture_output=True, text=True, check=True)
    return list(csv.DictReader(done.stdout.splitlines())), json.loads(done.stderr.splitlines()[-1])


async def use_tools(client, root, round_number):
    """All tools, through whatever client gives call_tool and list_tools."""
    tools = (await client.list_tools()).tools
    check("tools", sorted(tool.name for tool in tools),
          ["evaluate", "fit", "forget", "load_table", "memories", "predict", "predict_outcome", "recall", "remember"])

    async def call(name, arguments, **more):
        result = await client.call_tool(name, arguments, **more)
        if result.is_error:
            sys.exit(f"{name}: {result.content[0].text}")
        check(f"{name} as text", json.loads(result.content[0].text), result.structured_content)
        return result.structured_content

    table = await call("load_table", {"path": "train.csv"})
    check("rows", table["num_rows"], 120)
    own, _ = command_line("--train", str(root / "train.csv"), "--test", str(root / "test.csv"))
    fit = await call("fit", {"train": table["table_id"], **OPTIONS})
    for answer in (await call("predict", {"fit": fit["fit_id"], "test": "test.csv"}),
                   await call("predict", {"train": "train.csv", "test": "test.csv", **OPTIONS})):
        shown = [(row["prediction"], *(f"{p:.6g}" for p in row["probabilities"].values())) for row in answer["predictions"]]
        check("predictions", shown, [(row["prediction"], row["p_elm"], row["p_oak"]) for row in own])

    _, summary = command_line("--train", str(root / "train.csv"), "--folds", "4")
    told = []

    async def on_progress(progress, total, message):
        told.append(message)

    scores = await call("evaluate", {"table": "train.csv", "folds": 4, **OPTIONS}, progress_callback=on_progress)
    check("scores", scores["metrics"], summary["metrics"])
    check("progress", told[:2], ["reading and fitting", "predicting with default"])

    for path in ("../secret.csv", "/etc/passwd"):
        result = await client.call_tool("load_table", {"path": path})
        check("a path outside", (result.is_error, "outside the folder" in result.content[0].text), (True, True))
    wrong = await client.call_tool("predict", {"test": "test.csv"})
    check("a call that lacks something", (wrong.is_error, wrong.content[0].text), (True, "give fit, or train and target"))

    before = (await call("predict_outcome", {"collection": "trips", "fields": {"day": "mon"}}))["num_experiences"]
    check("remembered of earlier connections", before, 20 * round_number)
    for number in range(20):
        day = ["mon", "fri"][number % 2]
        await call("remember", {"collection": "trips", "fields": {"day": day, "hour": number}, "outcome": day == "mon"})
    outcome = await call("predict_outcome", {"collection": "trips", "fields": {"hour": 3}, "alternatives": [{"day": "mon"}, {"day": "fri"}]})
    check("basis", outcome["basis"], "model")
    check("outcomes", [row["prediction"] for row in outcome["predictions"]], ["true", "false"])
    nearest = await call("recall", {"collection": "trips", "fields": {"day": "fri", "hour": 5}, "count": 1})
    check("nearest", nearest["experiences"][0]["fields"], {"day": "fri", "hour": 5})


async def give_up(server):
    """A call that takes long, and a client that does not wait."""
    async with Client(server, read_timeout_seconds=0.3) as client:
        try:
            await client.call_tool("evaluate", {"table": "train.csv", "target": "kind", "model": "auto", "folds": 100})
            sys.exit("the long call was fast")
        except Exception as error:  # noqa: BLE001: its type is the package's
            print(f"  given up: {type(error).__name__}")
    async with Client(server) as client:
        check("after it", (await client.call_tool("memories", {})).is_error, False)


async def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder) / "root"
        root.mkdir()
        write_table(root / "train.csv", 1, 120)
        write_table(root / "test.csv", 2, 15)
        write_table(pathlib.Path(folder) / "secret.csv", 3, 20)
        server = StdioServerParameters(command=PROGRAM, args=["mcp", "--root", str(root), "--memory", f"{folder}/agent.memory"])
        for round_number, mode in enumerate(["auto", "2026-07-28", "legacy"]):
            async with Client(server, mode=mode) as client:
                print(f"client in mode {mode}: revision {client.protocol_version}")
                await use_tools(client, root, round_number)
        async with stdio_client(server) as (read, write), ClientSession(read, write) as session:
            result = await session.initialize()
            print(f"session with a handshake: revision {result.protocol_version}")
            await use_tools(session, root, 3)
        await give_up(server)
    print(f"{NUM_CHECKS} checks, all agree")


asyncio.run(main())
