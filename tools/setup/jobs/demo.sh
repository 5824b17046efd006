# Predicts a bundled table with the default model and shows the score and the first answers.
train=examples/obesity/train.csv
test=examples/obesity/test.csv
target=NObeyesdad
answers=build/demo/predictions.csv

# first_answers COUNT: row, prediction, its probability, and the answer that stands in the test file, in aligned columns.
# These files quote no cell, so awk can split them at the commas.
first_answers() {
  awk -F, -v count="$1" -v target="$target" '
    NR == FNR { if (FNR == 1) for (i = 1; i <= NF; i++) p[substr($i, 3)] = i; else { label[FNR] = $2; chance[FNR] = $p[$2] } next }
    FNR == 1 { for (i = 1; i <= NF; i++) if ($i == target) column = i; printf "%5s  %-20s  %-11s  %s\n", "row", "prediction", "probability", "in the test file"; next }
    FNR > count + 1 { exit }
    { printf "%5d  %-20s  %-11.3f  %s\n", FNR - 2, label[FNR], chance[FNR], $column }' "$answers" "$test"
}

prepare "$preset" manyshot
mkdir -p "${answers%/*}"
set -- "build/$preset/bin/manyshot" predict --train "$train" --test "$test" --target "$target" --out "$answers"
say "" "\$ $*"
"$@"
# On a terminal the program has shown them itself.
[ -t 2 ] || {
  say ""
  first_answers 8
}
say "" "All answers, with one probability per class: $answers"
