#!/bin/sh
# Times whole commands: tools/bench.sh PROGRAM. Medians of five runs, with the answers checked. ./run bench calls it.
# With MANYSHOT_PEERS=/path/to/python (torch and numpy installed) the same network in eager PyTorch is timed in the same run.
set -eu
program=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# table ROWS SEED: 20 numeric columns and three classes that depend on them.
table() {
  awk -v rows="$1" -v seed="$2" 'BEGIN {
    srand(seed)
    for (c = 0; c < 20; c++) printf "x%d,", c
    print "label"
    for (r = 0; r < rows; r++) {
      s = 0
      for (c = 0; c < 20; c++) { x = rand() + rand() + rand() - 1.5; printf "%.4f,", x; if (c < 4) s += x * (c + 1) }
      print (s < -1 ? "low" : s < 1 ? "middle" : "high")
    }
  }'
}

# seconds COMMAND...: the median wall time of five runs.
seconds() {
  for _ in 1 2 3 4 5; do
    start=$(date +%s%N)
    "$@" >/dev/null 2>&1
    echo $(($(date +%s%N) - start))
  done | sort -n | awk '{ t[NR] = $1 } END { printf "%.3f (%.3f to %.3f)", t[3] / 1e9, t[1] / 1e9, t[NR] / 1e9 }'
}


table 512 1 >"$folder/train.csv"
table 1000 2 >"$folder/test_with_labels.csv"
cut -d, -f1-20 "$folder/test_with_labels.csv" >"$folder/test.csv"
head -n 65 "$folder/train.csv" | cut -d, -f1-5,21 >"$folder/small.csv"
head -n 2 "$folder/test.csv" | cut -d, -f1-5 >"$folder/one.csv"

run() {
  train=$1 test=$2 model=$3
  shift 3
  "$program" predict --train "$folder/$train" --test "$folder/$test" --target label --out "$folder/out.csv" --model "$model" "$@"
}

printf '\npredict, whole command, seconds: median (min to max) of 5\n'
printf '  512 labelled rows x 20 columns, 1,000 queries, ensemble 4            %s\n' "$(seconds run train.csv test.csv default --ensemble 4)"
printf '  the same with float32                                                %s\n' "$(seconds run train.csv test.csv default --ensemble 4 --dtype float32)"
printf '  the same on one thread                                               %s\n' "$(seconds run train.csv test.csv default --ensemble 4 --threads 1)"
printf '  ensemble 8, the model alone                                          %s\n' "$(seconds run train.csv test.csv default)"
printf '  ensemble 8, --model auto                                             %s\n' "$(seconds run train.csv test.csv auto)"
printf '  start-up to first answer: 64 rows x 5 columns, 1 query, ensemble 16  %s\n' "$(seconds run small.csv one.csv default)"
printf '  manyshot version                                                     %s\n' "$(seconds "$program" version)"
run train.csv test_with_labels.csv default --ensemble 4 2>&1 | sed 's/^/  /'

printf '\ncorpus, whole command, 3,000 tasks of prior mix drawn, judged, encoded, tokenized and written\n'
"$program" corpus --tasks 3000 --seed 1 --layout tokens --format compact --shots 8:512 --out "$folder/corpus" 2>&1 | sed -n '1p' | sed 's/^.*: /  /'

if [ -n "${MANYSHOT_PEERS:-}" ]; then
  printf '\neager PyTorch, the same network and work (without start-up and reading)\n'
  env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$MANYSHOT_PEERS" tools/parity/eager_pytorch_compact.py \
    --model tests/data/compact_golden --golden tests/data/compact_golden/golden.json
  env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE "$MANYSHOT_PEERS" tools/parity/eager_pytorch_compact.py --model models/default --time
fi
