#!/bin/sh
# A training run on a GPU that is lent for minutes:  tools/gpu/train.sh RECIPE FOLDER [SECONDS] [CHECKPOINT]
# Stops well before SECONDS (540) are over, keeps a checkpoint every minute, and leaves in FOLDER/parts what has to travel: the last
# checkpoint in parts of at most 15 MiB (cat FOLDER/parts/checkpoint.tar.* | tar -x) and the run's log and report. CHECKPOINT, or a
# folder of such parts, is gone on from. With WEIGHTS=N the last N of the recipe's own checkpoints travel instead, of each the weights
# alone (weights-STEP.tar.*). SET holds changes of the recipe, with blanks between them: SET="seed=7 stage.main.steps=900". MANYSHOT names the program (build/release/bin/manyshot). Prints one JSON object.
set -eu
[ $# -ge 2 ] || { sed -n '2,6s/^# //p' "$0" >&2; exit 2; }
recipe=$1 out=$2 seconds=${3:-540} from=${4:-}
program=${MANYSHOT:-build/release/bin/manyshot}
mkdir -p "$out"

set -- --config "$recipe" --out "$out/run" --device "${MANYSHOT_DEVICE:-cuda}" --json --set checkpoint.best_metric=none
if [ -z "${WEIGHTS:-}" ]; then set -- "$@" --set checkpoint.every_minutes=1 --set checkpoint.keep_last=1; fi
for change in ${SET:-}; do set -- "$@" --set "$change"; done
if [ -n "$from" ]; then
  if [ -e "$from/checkpoint.tar.aa" ]; then
    mkdir -p "$out/from"
    cat "$from"/checkpoint.tar.* | tar -x -C "$out/from"
    from=$(ls -d "$out"/from/checkpoint-*)
  fi
  set -- "$@" --resume "$from"
fi

# As Ctrl-C does: the step under way is finished and kept. Half a minute is for that, and for packing.
began=$(date +%s)
status=0
timeout --signal INT $((seconds - 30)) "$program" train "$@" >"$out/result.json" 2>"$out/log" || status=$?
took=$(($(date +%s) - began))
checkpoints=$(ls "$out/run" 2>/dev/null | sed -n 's/^checkpoint-\([0-9]*\)$/\1/p' | sort -n)
checkpoint=$(echo "$checkpoints" | tail -n 1)
if [ -z "$checkpoint" ]; then
  tail -n 5 "$out/log" >&2
  exit 1
fi
rm -rf "$out/parts"
mkdir "$out/parts"
if [ -z "${WEIGHTS:-}" ]; then
  tar -c -C "$out/run" "checkpoint-$checkpoint" | split -b 15m - "$out/parts/checkpoint.tar."
else
  for step in $(echo "$checkpoints" | tail -n "$WEIGHTS"); do
    (cd "$out/run" && tar -c "checkpoint-$step/config.json" "checkpoint-$step/model.safetensors") |
      split -b 15m - "$out/parts/weights-$step.tar."
  done
fi
for file in metrics.jsonl run.json report.html; do
  [ ! -e "$out/run/$file" ] || gzip -c "$out/run/$file" >"$out/parts/$file.gz"
done
printf '{"checkpoint": "%s", "seconds": %s, "status": %s, "finished": %s, "parts": %s, "last": %s}\n' "checkpoint-$checkpoint" "$took" "$status" \
  "$([ "$status" = 0 ] && echo true || echo false)" "$(ls "$out/parts" | wc -l)" "$(grep '"loss"' "$out/run/metrics.jsonl" | tail -n 1)"
