# What the tests of an installed and of a packed program check with; sourced by them. $work is a folder for scratch files.
failures=0

# check NAME COMMAND...
check() {
  name=$1
  shift
  output=$("$@" 2>&1) || {
    printf 'FAILED: %s\n%s\n' "$name" "$output"
    failures=$((failures + 1))
  }
}
# fails_with TEXT COMMAND...
fails_with() {
  text=$1
  shift
  ! "$@" >"$work/said" 2>&1 && grep -q -- "$text" "$work/said"
}
