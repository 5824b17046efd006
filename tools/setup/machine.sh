# What we build on, and a lock so that two ./run take turns.

machine=$(uname -m)

require_supported_machine() {
  system=$(uname -s)
  [ "$system" = Linux ] || die "manyshot builds on Linux, and this is $system; use a Linux machine, container or virtual machine"
  case $machine in
    x86_64 | aarch64) ;;
    *) die "manyshot builds on x86_64 and aarch64 processors (its libraries exist for these), and this is $machine" ;;
  esac
}

# lock FILE: waits until no other ./run holds it. One lock at a time.
lock() {
  exec 9>"$1"
  flock -n 9 || {
    say "Waiting for another ./run to finish its set-up"
    flock 9
  }
}

unlock() { exec 9>&-; }
