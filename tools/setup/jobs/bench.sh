# Runs every benchmark program, then those that compare whole commands (tools/bench.sh). Options go to each program.
prepare "$preset" all
for program in "build/$preset"/bin/*_bench; do
  [ -x "$program" ] || continue
  say "" "\$ $program $*"
  "$program" "$@"
done
[ ! -x tools/bench.sh ] || tools/bench.sh "build/$preset/bin/manyshot"
