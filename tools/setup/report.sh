# Messages, and steps whose output goes to a log.

# say LINE...
say() { printf '%s\n' "$@"; }

# die MESSAGE [EXIT_CODE]
die() {
  printf 'run: %s\n' "$1" >&2
  exit "${2:-1}"
}

log_file() { printf 'build/logs/%s.log' "$1"; }

# logged NAME TITLE COMMAND...: runs COMMAND with its output in the log NAME and prints the title and the seconds it took; with
# MANYSHOT_VERBOSE=1 the output too. Fails if COMMAND fails. COMMAND runs without set -e: join its parts with &&.
logged() {
  log=$(log_file "$1") title=$2 started=$(date +%s)
  shift 2
  mkdir -p build/logs
  rm -f "$log.failed"
  if [ "${MANYSHOT_VERBOSE:-}" = 1 ]; then
    say "$title:"
    { "$@" 2>&1 || : >"$log.failed"; } | tee "$log"
  else
    printf '%s ... ' "$title"
    "$@" >"$log" 2>&1 || : >"$log.failed"
  fi
  seconds=$(($(date +%s) - started))
  if [ -e "$log.failed" ]; then
    say "failed after $seconds s"
    return 1
  fi
  say "$seconds s"
}

# step NAME TITLE COMMAND...: as logged, but a failure shows the end of the log and stops.
step() {
  logged "$@" && return
  [ "${MANYSHOT_VERBOSE:-}" = 1 ] || tail -n 30 "$(log_file "$1")" >&2
  die_with_log "$1" "\"$2\" failed"
}

# die_with_log NAME MESSAGE
die_with_log() { die "$2; the whole log is $(log_file "$1")"; }

# log_says NAME PATTERN: whether the log holds the extended regular expression.
log_says() { grep -Eq "$2" "$(log_file "$1")"; }

# last_line NAME PATTERN: the last line of the log that holds the pattern.
last_line() { grep -E "$2" "$(log_file "$1")" | tail -n 1; }
