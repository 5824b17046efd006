"""Shards of one manyshot job as tasks of a Ray cluster, which starts those again whose node was lost.

    python examples/cluster/ray_job.py --shards 64 --cpus 2 -- corpus --tasks 3000000 --seed 1 --layout tokens --out /shared/corpus

What stands behind -- is a command of manyshot that knows --shard (synth, corpus, evaluate, lab run), with --out in a folder
that all nodes see. The same call goes on where an earlier one ended.
"""

import argparse
import subprocess
import sys

import ray


class Killed(Exception):
    """By a signal, such as a machine's that runs out of memory or is taken away: worth another try."""


@ray.remote(max_retries=5, retry_exceptions=[Killed])
def run_shard(program: str, arguments: list[str], index: int, count: int, cpus: int) -> tuple[int, int, str]:
    """The shard's index, the exit code, and the end of what the program said."""
    command = [program, *arguments, "--shard", f"{index}/{count}", "--threads", str(cpus), "--quiet"]
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode < 0:
        raise Killed(f"shard {index}/{count} was ended by signal {-result.returncode}")
    return index, result.returncode, result.stderr[-2000:]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, required=True, help="parts of the job; several for each task that runs at a time")
    parser.add_argument("--cpus", type=int, default=1, help="cores of a part")
    parser.add_argument("--program", default="manyshot", help="the program, at the same place on all nodes")
    parser.add_argument("command", nargs=argparse.REMAINDER, help="-- and a command of manyshot")
    options = parser.parse_args()
    arguments = options.command[1:] if options.command[:1] == ["--"] else options.command
    if not arguments:
        parser.error("say behind -- what manyshot shall do")

    ray.init(log_to_driver=False)
    task = run_shard.options(num_cpus=options.cpus)
    running = [task.remote(options.program, arguments, i, options.shards, options.cpus) for i in range(options.shards)]
    failures = 0
    while running:
        finished, running = ray.wait(running)
        index, code, message = ray.get(finished[0])
        failures += code != 0
        print(f"shard {index}/{options.shards}: {'done' if code == 0 else f'exit code {code}: {message.strip()}'}; {len(running)} left", flush=True)
    return 2 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
