#!/bin/sh
# What the engine does on this machine's GPU, in a minute or two:  tools/gpu/check.sh [PROGRAM] [FOLDER] [MODEL]
# PROGRAM is manyshot (that of an unpacked archive, or build/release/bin/manyshot), FOLDER keeps the runs and results.json. MODEL is a
# folder with a language model's config.json and tokenizer.json: with it the training of a model of that shape is timed, too, first of
# all weights from scratch, then of LoRA on what that leaves, beside transformers and PEFT where python3 has them. Needs that program, python3, and a torch installation (docs/training.md,
# "On a GPU"). Prints one JSON object; exits with 1 when a check fails. DEVICE=torch-cpu SIZE=small tries the script without a GPU.
set -eu
program=${1:-build/release/bin/manyshot} out=${2:-$(mktemp -d)} model=${3:-}
device=${DEVICE:-cuda} size=${SIZE:-full}
mkdir -p "$out"
command -v python3 >/dev/null || { echo "check.sh: python3 is needed to read the results" >&2; exit 2; }
case $size in
  small) width=32 mlp=48 heads=2 layers=3 row_layers=1 steps=8 divisor=16 queries=300 ;;
  *) width=320 mlp=864 heads=10 layers=13 row_layers=3 steps=25 divisor=1 queries=100000 ;;  # 12 million parameters
esac

# write_recipe FILE SHOTS QUERIES FEATURES BATCH STEPS: a compact decoder on tasks of one size.
write_recipe() {
  cat >"$1" <<EOF
seed = 1
[compact]
hidden_size = $width
intermediate_size = $mlp
num_attention_heads = $heads
num_key_value_heads = $heads
num_hidden_layers = $layers
row_layers = $row_layers
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
shots = "$2"
queries = $3
features = "$4"
classes = "2:10"
filter_tasks = false
EOF
}

# train NAME RECIPE [ARGUMENT ...]
train() {
  name=$1 recipe=$2
  shift 2
  rm -rf "${out:?}/$name"
  "$program" train --config "$recipe" --device "$device" --out "$out/$name" "$@" >"$out/$name.log" 2>&1 || {
    tail -n 3 "$out/$name.log" >&2
    exit 1
  }
}

# The same samples and weights on both: losses before the first step.
write_recipe "$out/first.toml" 128 32 4:12 8 1
for where in cpu "$device"; do
  "$program" train --config "$out/first.toml" --check --json --device "$where" >"$out/first-$where.json"
done

# shape NAME SHOTS QUERIES FEATURES BATCH
shape() {
  write_recipe "$out/$1.toml" "$2" "$3" "$4" $(($5 / divisor + 1)) "$steps"
  train "$1" "$out/$1.toml"
}
shape 64x8 48 16 8:8 256
shape 256x12 224 32 12:12 64
shape 512x20 448 64 20:20 24

# The model that ships, behind 1,024 labelled rows of 20 columns.
table() {
  awk -v rows="$1" -v labelled="$2" 'BEGIN {
    srand(rows)
    for (c = 0; c < 20; c++) printf "x%d%s", c, c < 19 ? "," : labelled ? ",y\n" : "\n"
    for (r = 0; r < rows; r++) {
      sum = 0
      for (c = 0; c < 20; c++) { x = rand() + rand() + rand() - 1.5; if (c < 4) sum += x; printf "%.4f%s", x, c < 19 ? "," : "" }
      print labelled ? (sum < -0.5 ? ",low" : sum < 0.5 ? ",middle" : ",high") : ""
    }
  }'
}
table 1024 1 >"$out/train.csv"
table $queries "" >"$out/test.csv"
"$program" predict --train "$out/train.csv" --target y --test "$out/test.csv" --model default --device "$device" --out "$out/answers.csv" --json \
  >"$out/predict.json" 2>"$out/predict.log" || { tail -n 3 "$out/predict.log" >&2; exit 1; }

if [ -n "$model" ]; then
  cat >"$out/all-weights.toml" <<EOF
seed = 1
[model]
base = "fresh"
config = "$model"
[checkpoint]
every_minutes = 0
[evaluate]
tasks = 0
[[stage]]
name = "check"
steps = $steps
batch = 4
learning_rate = 0.0003
max_tokens = 2048
[stage.corpus]
prior = "mlp"
shots = "8:64"
queries = 8
features = "4:8"
filter_tasks = false
EOF
  train all-weights "$out/all-weights.toml"
  sed -e '/^config/d' -e "s|^base = .*|base = \"$out/all-weights/checkpoint-$steps\"|" "$out/all-weights.toml" >"$out/lora.toml"
  train lora "$out/lora.toml"
  ! python3 -c "import peft, transformers" 2>/dev/null || python3 "${0%/*}/lora_peer.py" "$model" >"$out/lora_peer.json" 2>"$out/lora_peer.log" || true
fi

python3 - "$out" "$device" <<'EOF'
import json, os, statistics, subprocess, sys
out, device = sys.argv[1:]
first = {d: json.load(open(f"{out}/first-{d}.json"))["stages"][0]["first_loss"] for d in ("cpu", device)}
result = {"device": device, "first_loss": first, "runs": {}}
try:
    result["gpu"] = subprocess.run(["nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader"],
                                   capture_output=True, text=True).stdout.strip()
except OSError:
    result["gpu"] = ""
for name in ("64x8", "256x12", "512x20", "all-weights", "lora"):
    if not os.path.exists(f"{out}/{name}/metrics.jsonl"):
        continue
    steps = [json.loads(line) for line in open(f"{out}/{name}/metrics.jsonl")]
    steps = [s for s in steps if "loss" in s]
    late = steps[5:]  # the first ones load kernels
    seconds = statistics.median(b["seconds"] - a["seconds"] for a, b in zip(late, late[1:]))
    result["runs"][name] = {
        "step_seconds": seconds,
        "sample_seconds": statistics.median(s["sample_seconds"] for s in late),
        "samples_per_second": (late[1]["samples"] - late[0]["samples"]) / seconds,
        "tokens_per_second": statistics.median(s["tokens_per_second"] for s in late),
        "tflops": statistics.median(s["gflops_per_second"] for s in late) / 1000,
        "utilisation": statistics.median(s.get("utilisation", 0) for s in late),
        "loss_first": statistics.mean(s["loss"] for s in steps[:5]),
        "loss_last": statistics.mean(s["loss"] for s in steps[-5:])}
result["predict"] = {name: value for name, value in json.load(open(f"{out}/predict.json")).items() if name.endswith("seconds")}
if os.path.exists(f"{out}/lora_peer.json") and os.path.getsize(f"{out}/lora_peer.json"):
    result["transformers_peft"] = json.load(open(f"{out}/lora_peer.json"))
difference = abs(first["cpu"] - first[device]) / first["cpu"]
result["checks"] = {"first loss as on the CPU": difference < 0.01,
                    "losses fall": all(r["loss_last"] < r["loss_first"] for r in result["runs"].values())}
json.dump(result, open(f"{out}/results.json", "w"), indent=1)
print(json.dumps(result))
sys.exit(0 if all(result["checks"].values()) else 1)
EOF
