# Step 2: pinned wheels, of which we unpack headers and libraries into a private folder. Nothing happens when they are there.

case ${MANYSHOT_DEPS_DIR:=.deps} in
  /*) deps_dir=$MANYSHOT_DEPS_DIR ;;
  .deps) deps_dir=$PWD/.deps ;;
  *) deps_dir=$caller_dir/$MANYSHOT_DEPS_DIR ;;
esac

# require_wheels GROUP SIZE: unpacks the wheels of wheels-GROUP.txt. The stamp is a copy of that file and written last, so an
# interrupted run starts this step over.
require_wheels() {
  pins=tools/setup/wheels-$1.txt stamp=$deps_dir/$1.stamp
  ! cmp -s "$pins" "$stamp" || return 0
  mkdir -p "$deps_dir" && [ -w "$deps_dir" ] || die "cannot write to $deps_dir: make it writable, or set MANYSHOT_DEPS_DIR"
  lock "$deps_dir/lock"
  cmp -s "$pins" "$stamp" || unpack_wheels "$@"
  unlock
}

unpack_wheels() {
  find_pip
  partial=$deps_dir/partial
  trap 'rm -rf "$partial"' EXIT
  trap 'exit 130' INT TERM HUP
  rm -rf "$partial"
  mkdir -p "$partial/wheels" "$partial/tree"
  logged "wheels-$1" "Downloading and unpacking $(pinned_versions) ($2)" fetch_wheels || explain_failed_wheels "wheels-$1" "$2"
  rm -f "$stamp"
  for entry in "$partial/tree"/*; do
    rm -rf "${deps_dir:?}/${entry##*/}"
    mv "$entry" "$deps_dir/"
  done
  cp "$pins" "$stamp"
  rm -rf "$partial"
}

pinned_versions() { sed -n 's/^\([a-z].*\)==\([^ ]*\).*/\1 \2/p' "$pins" | paste -s -d, - | sed 's/,/, /g'; }

find_pip() {
  for python in python3 /usr/bin/python3; do
    ! "$python" -m pip --version >/dev/null 2>&1 || return 0
  done
  die "python3 with pip is needed to fetch wheels; install the packages python3 and python3-pip"
}

# The wheels are chosen for Python 3.11 whatever the host's Python is, so that everybody gets the same files. pip downloads
# into TMPDIR first: /tmp may be too small for libtorch.
fetch_wheels() {
  TMPDIR=$partial LC_ALL=C PIP_REQUIRE_VIRTUALENV=0 "$python" -m pip download --disable-pip-version-check --no-cache-dir \
    --no-deps --require-hashes --only-binary=:all: --implementation cp --python-version 3.11 \
    --platform "manylinux_2_28_$machine" --platform "manylinux_2_25_$machine" --platform "manylinux_2_17_$machine" \
    --dest "$partial/wheels" --requirement "$pins" &&
    "$python" tools/setup/unpack_wheels.py "$pins" "$partial/wheels" "$partial/tree"
}

explain_failed_wheels() {
  if log_says "$1" 'NewConnectionError|ConnectTimeout|ProxyError|from versions: none'; then
    reason="pip finds no package index that has them: connect to the network, or set pip's proxy or index"
  elif log_says "$1" 'No space left on device'; then
    reason="the disk that holds $deps_dir is full: $2 are downloaded, and twice as much is needed while they are unpacked"
  elif log_says "$1" 'DO NOT MATCH THE HASHES'; then
    reason="a downloaded wheel is not the pinned one (its SHA-256 differs)"
  else
    reason="pip failed: $(last_line "$1" '^[A-Za-z]*(ERROR|Error): ')"
  fi
  die_with_log "$1" "$reason"
}
