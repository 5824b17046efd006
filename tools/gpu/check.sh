#!/bin/sh
# What the engine does on this machine's GPU, in about a minute:  tools/gpu/check.sh [PROGRAM] [FOLDER]
# PROGRAM is manyshot (that of an unpacked archive, or build/release/bin/manyshot), FOLDER keeps the runs and results.json.
# Needs that program, and a torch installation as docs/adr/0018 says. Prints one JSON object; exits with 1 when a check fails.
set -eu
program=${1:-build/release/bin/manyshot} out=${2:-$(mktemp -d)}
mkdir -p "$out"
command -v python3 >/dev/null || { echo "check.sh: python3 is needed to read the results" >&2; exit 2; }

# write_recipe FILE SHOTS QUERIES FEATURES BATCH STEPS: a decoder of 12 million parameters on tasks of one size.
write_recipe() {
  cat >"$1" <<EOF
seed = 1
[compact]
hidden_size = 320
intermediate_size = 864
num_attention_heads = 10
num_key_value_heads = 10
num_hidden_layers = 13
row_layers = 3
[checkpoint]
every_minutes = 0
[evaluate]
tasks = 0
[[stage]]
name = "check"
steps = $6
batch = $5
optimizer = "muon"
learning_rate = 0.003
vector_learning_rate = 0.003
warmup_steps = 5
loss = "dense"
[stage.corpus]
prior = "mlp"
shots = "$2:$2"
queries = $3
features = "$4"
classes = "2:10"
filter_tasks = false
EOF
}

# The same samples and weights on both: losses before the first step.
write_recipe "$out/first.toml" 128 32 4:12 8 1
for device in cpu cuda; do
  "$program" train --config "$out/first.toml" --check --json --device "$device" >"$out/first-$device.json"
done

# shape NAME SHOTS QUERIES FEATURES BATCH
shape() {
  write_recipe "$out/$1.toml" "$2" "$3" "$4" "$5" 25
  rm -rf "$out/$1"
  "$program" train --config "$out/$1.toml" --device cuda --out "$out/$1" >"$out/$1.log" 2>&1 || {
    tail -n 3 "$out/$1.log" >&2
    exit 1
  }
}
shape 64x8 48 16 8:8 256
shape 256x12 224 32 12:12 64
shape 512x20 448 64 20:20 24

python3 - "$out" <<'EOF'
import json, statistics, subprocess, sys
out = sys.argv[1]
first = {d: json.load(open(f"{out}/first-{d}.json"))["stages"][0]["first_loss"] for d in ("cpu", "cuda")}
result = {"first_loss": first, "shapes": {}}
try:
    result["gpu"] = subprocess.run(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
                                   capture_output=True, text=True).stdout.strip()
except OSError:
    result["gpu"] = ""
for name in ("64x8", "256x12", "512x20"):
    steps = [json.loads(line) for line in open(f"{out}/{name}/metrics.jsonl")]
    steps = [s for s in steps if "loss" in s]
    late = steps[5:]  # the first ones load kernels
    seconds = [b["seconds"] - a["seconds"] for a, b in zip(late, late[1:])]
    samples = late[1]["samples"] - late[0]["samples"]
    result["shapes"][name] = {
        "step_seconds": statistics.median(seconds),
        "sample_seconds": statistics.median(s["sample_seconds"] for s in late), "tasks_per_second": samples / statistics.median(seconds),
        "tflops": statistics.median(s["gflops_per_second"] for s in late) / 1000,
        "utilisation": statistics.median(s.get("utilisation", 0) for s in late),
        "loss_first": steps[0]["loss"], "loss_last": steps[-1]["loss"]}
difference = abs(first["cpu"] - first["cuda"]) / first["cpu"]
result["checks"] = {"first loss as on the CPU": difference < 0.01,
                    "loss falls": all(s["loss_last"] < s["loss_first"] for s in result["shapes"].values())}
json.dump(result, open(f"{out}/results.json", "w"), indent=1)
print(json.dumps(result))
sys.exit(0 if all(result["checks"].values()) else 1)
EOF
