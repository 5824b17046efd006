"""Many clients at once: `manyshot serve` answers each prediction, with the bytes of `manyshot predict`, in flat memory.

    python3 tools/parity/tables_load.py --program build/release/bin/manyshot

Fits a model to examples/wine, then sends --requests predictions of a few rows each from --connections connections that
stay open, in --rounds rounds, and compares every answer with the line that `manyshot predict` writes. Prints requests and rows a
second, the slowest answers, rows in a pass, and the memory after each round. Exit code 1: an answer is missing or differs.
"""
import argparse
import csv
import http.client
import io
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def metric(port, name):
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/metrics")
    return float(re.search(rf"^manyshot_{name} (\S+)$", connection.getresponse().read().decode(), re.M).group(1))


def post(connection, path, body, accept="application/json"):
    connection.request("POST", path, body=body, headers={"Content-Type": "text/csv", "Accept": accept})
    response = connection.getresponse()
    return response.status, response.read().decode()


class Client(threading.Thread):
    """Asks for its share of the requests, one after the other, on one connection."""

    def __init__(self, port, header, lines, expected, starts, rows):
        super().__init__()
        self.port, self.header, self.lines, self.expected = port, header, lines, expected
        self.starts, self.rows = starts, rows
        self.num_good, self.seconds, self.problem = 0, [], ""

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        for start in self.starts:
            places = [(start + i) % len(self.lines) for i in range(self.rows)]
            body = "\n".join([self.header] + [self.lines[place] for place in places]) + "\n"
            begin = time.monotonic()
            status, text = post(connection, "/v1/predict?fit=wine", body, "text/csv")
            self.seconds.append(time.monotonic() - begin)
            answers = [row[1:] for row in csv.reader(io.StringIO(text))][1:]
            if status == 200 and answers == [self.expected[place] for place in places]:
                self.num_good += 1
            else:
                self.problem = text[:300]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default="build/release/bin/manyshot")
    parser.add_argument("--model", default="default")
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--rows", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    train, test = ROOT / "examples/wine/train.csv", ROOT / "examples/wine/test.csv"
    header, *lines = test.read_text().splitlines()
    fit_options = ["--task", "classification", "--model", options.model]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(folder) / "out.csv"
        subprocess.run([options.program, "predict", "--train", train, "--test", test, "--target", "quality", "--beside",
                        "none", "--out", out, *fit_options], check=True, stderr=subprocess.DEVNULL)
        expected = [row[1:] for row in csv.reader(out.open())][1:]
    server = subprocess.Popen([options.program, "serve", "--port", "0", "--json"], stdout=subprocess.PIPE)
    try:
        port = json.loads(server.stdout.readline())["port"]
        begin = time.monotonic()
        status, text = post(http.client.HTTPConnection("127.0.0.1", port),
                            f"/v1/fit?target=quality&name=wine&task=classification&model={options.model}", train.read_text())
        if status != 200:
            sys.exit(text)
        print(f"fitted {options.model} to {json.loads(text)['labelled_rows']} rows in {time.monotonic() - begin:.2f} s")
        num_good = 0
        for turn in range(1, options.rounds + 1):
            passes = metric(port, "prediction_passes_total")
            clients = [Client(port, header, lines, expected, range(first, options.requests, options.connections),
                              options.rows) for first in range(options.connections)]
            begin = time.monotonic()
            for client in clients:
                client.start()
            for client in clients:
                client.join()
            took = time.monotonic() - begin
            seconds = sorted(second for client in clients for second in client.seconds)
            passes = metric(port, "prediction_passes_total") - passes
            good = sum(client.num_good for client in clients)
            num_good += good
            print(f"round {turn}: {good} of {options.requests} answers right, {options.requests / took:.0f} requests/s, "
                  f"{options.requests * options.rows / took:.0f} rows/s; median {1000 * seconds[len(seconds) // 2]:.0f} ms, "
                  f"slowest {1000 * seconds[-1]:.0f} ms; {options.requests / passes:.1f} requests a pass; memory "
                  f"{metric(port, 'memory_bytes') / 2**20:.0f} MiB")
            for client in clients:
                if client.problem:
                    print("  an answer that is wrong:", client.problem)
                    break
    finally:
        server.terminate()
        server.wait()
    sys.exit(0 if num_good == options.rounds * options.requests else 1)


if __name__ == "__main__":
    main()
