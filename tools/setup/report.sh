# Messages, and steps whose output goes to a log.

# say LINE...
say() { printf '%s\n' "$@"; }

# die MESSAGE [EXIT_CODE]
die() {
  printf 'run: %s\n' "$1" >&2
  exit "${2:-1}"
}

log_file() { printf 'build/logs/%s.log' "$1"; }

# logged NAME TITLE COMMAND...: runs COMMAND with its output in the log NAME, prints the title and the seconds it took, and
# returns its exit code. MANYSHOT_VERBOSE=1 shows the output instead. COMMAND runs without set -e: join its parts with &&.
logged() {
  log=$(log_file "$1") title=$2 started=$(date +%s) code=0
  shift 2
  if [ "${MANYSHOT_VERBOSE:-}" = 1 ]; then
    say "$title:"
    "$@" || code=$?
  else
    mkdir -p build/logs
    printf '%s ... ' "$title"
    "$@" >"$log" 2>&1 || code=$?
  fi
  seconds=$(($(date +%s) - started))
  if [ $code -eq 0 ]; then say "$seconds s"; else say "failed after $seconds s"; fi
  return $code
}

# step NAME TITLE COMMAND...: as logged, but a failure shows the end of the log and stops.
step() {
  logged "$@" && return
  [ "${MANYSHOT_VERBOSE:-}" = 1 ] || tail -n 30 "$(log_file "$1")" >&2
  die "\"$2\" failed$(log_hint "$1")"
}

# log_hint NAME: where the log is, if there is one.
log_hint() {
  [ "${MANYSHOT_VERBOSE:-}" = 1 ] || printf '; the whole log is %s' "$(log_file "$1")"
}

# log_says NAME PATTERN: whether the log holds the extended regular expression.
log_says() {
  [ "${MANYSHOT_VERBOSE:-}" != 1 ] && grep -Eq "$2" "$(log_file "$1")"
}
