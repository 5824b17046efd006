# clang-tidy on the sources of src/ that differ from a commit: ./run tidy COMMIT. Without one, from where this branch left
# origin/main, or from the commit before the last. At most MANYSHOT_TIDY_FILES of them, since each takes ten seconds and more.
# shellcheck disable=SC2086
require_packages $tidy_packages
find_clang_tool clang-tidy
prepare "$preset" manyshot

base=${1:-$(git merge-base HEAD origin/main 2>/dev/null || :)}
[ -n "$base" ] && [ "$base" != "$(git rev-parse HEAD)" ] || base=HEAD~1
if ! git rev-parse --quiet --verify "$base^{commit}" >/dev/null; then
  [ $# -eq 0 ] || die "there is no commit \"$1\" to compare with"
  say "No clang-tidy: this checkout has one commit only, and nothing to compare with"
  exit 0
fi
changed=$(git diff --name-only --diff-filter=d "$base" -- 'src/*.cc')
if [ -z "$changed" ]; then
  say "No source of src/ differs from $base"
  exit 0
fi
number=$(printf '%s\n' "$changed" | wc -l)
most=${MANYSHOT_TIDY_FILES:-16}
[ "$number" -le "$most" ] || say "clang-tidy reads $most of the $number sources that differ from $base (MANYSHOT_TIDY_FILES)"
printf '%s\n' "$changed" | head -n "$most" |
  xargs -P 2 -n 1 "$clang_tool" -p "build/$preset" --quiet --warnings-as-errors='*' || die "clang-tidy found the above"
