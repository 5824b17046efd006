# Writes the pages that the program makes itself. --check leaves them alone and fails if they differ.
prepare "$preset" manyshot
"build/$preset/bin/manyshot" help --markdown >build/options.md
if [ "${1:-}" != --check ]; then
  cp build/options.md docs/options.md
  say "Wrote docs/options.md"
elif ! diff -u docs/options.md build/options.md; then
  die "docs/options.md is out of date; ./run docs writes it"
fi
