#!/bin/sh
# Tests of ./run: what it says when something is missing, and the wheels step.  sh run_test.sh REPOSITORY
# Works on a copy of the scripts in a folder whose name has a space; stand-ins for system commands come first in PATH.
set -u
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
copy="$work/a copy"
stand_ins=$work/stand-ins
mkdir -p "$copy/tools" "$stand_ins"
cp "$1/run" "$copy/" && cp -r "$1/tools/setup" "$copy/tools/" || exit 1
unset MANYSHOT_TORCH MANYSHOT_DEPS_DIR MANYSHOT_PACKAGES MANYSHOT_FUZZ MANYSHOT_PYTHON MANYSHOT_VERBOSE
failures=0

# expect NAME EXIT_CODE TEXT COMMAND...: COMMAND must end with EXIT_CODE and print TEXT.
expect() {
  name=$1 wanted_code=$2 wanted_text=$3
  shift 3
  output=$(PATH=$stand_ins:$PATH "$@" 2>&1)
  code=$?
  case $output in *"$wanted_text"*) found=yes ;; *) found=no ;; esac
  if [ $code -ne "$wanted_code" ] || [ $found = no ]; then
    printf 'FAILED: %s\n  wanted exit %s and: %s\n  got exit %s and: %s\n' "$name" "$wanted_code" "$wanted_text" "$code" "$output"
    failures=$((failures + 1))
  fi
}

# stand_in COMMAND SCRIPT
stand_in() {
  printf '#!/bin/sh\n%s\n' "$2" >"$stand_ins/$1"
  chmod +x "$stand_ins/$1"
}

# setup_step SCRIPT: runs a line of shell with the set-up functions loaded, as ./run does.
setup_step() {
  (cd "$copy" && sh -euc 'caller_dir=$PWD; for part in report machine packages wheels compile; do . tools/setup/$part.sh; done; '"$1")
}

expect "help lists the jobs" 0 "build and run every test" "$copy/run" help
expect "help without arguments" 0 "build and run every test" "$copy/run"
expect "an unknown job" 2 'there is no job "tset"; ./run help lists them' "$copy/run" tset

stand_in uname '[ "$1" = -m ] && echo arm64 || echo Darwin'
expect "another system" 1 "manyshot builds on Linux, and this is Darwin" "$copy/run" build
stand_in uname '[ "$1" = -m ] && echo riscv64 || echo Linux'
expect "another processor" 1 "x86_64 and aarch64 processors (its libraries exist for these), and this is riscv64" "$copy/run" build
rm "$stand_ins/uname"

stand_in dpkg-query 'printf "installed g++\nnot-installed cmake\ninstalled python3\n"; exit 1'
stand_in apt-get 'echo unused'
stand_in apt-cache 'exit 1'
stand_in id 'echo 1000'
stand_in sudo 'exit 1'
expect "packages without root" 1 "install them as root, then call again:  apt-get install --no-install-recommends cmake mold" \
  setup_step 'require_packages g++ cmake python3 mold'
expect "nothing is missing" 0 "" setup_step 'require_packages g++ python3; [ ! -e build/logs/packages.log ]'
expect "packages by hand" 0 "" setup_step 'MANYSHOT_PACKAGES=skip; require_packages cmake'

stand_in id 'echo 0'
stand_in apt-get 'case "$*" in *install*) echo "E: Failed to fetch: Temporary failure resolving mirror"; exit 100 ;; esac'
expect "apt without network" 1 "apt-get cannot reach its servers" setup_step 'require_packages cmake'
stand_in apt-get 'case "$*" in *install*) echo "E: Unable to locate package libhwy-dev"; exit 100 ;; esac'
expect "apt without a package" 1 '"universe" have: libhwy-dev; the whole log' setup_step 'require_packages libhwy-dev'
stand_in apt-get 'case "$*" in *install*) echo "E: dpkg was interrupted"; exit 100 ;; esac'
expect "apt fails otherwise" 1 "apt-get failed: E: dpkg was interrupted; the whole log is build/logs/packages.log" \
  setup_step 'require_packages cmake'
stand_in apt-get 'echo "$*" >>'"$work/apt-calls"
stand_in apt-cache '[ "$2" = mold ]'
expect "apt installs" 0 "Installing system packages (cmake ninja-build) ... " setup_step 'require_packages cmake ninja-build'
expect "what apt was asked" 0 "install --no-install-recommends cmake ninja-build mold" cat "$work/apt-calls"
rm "$stand_ins"/*

stand_in clang-format-14 'exit 127'
stand_in clang-format 'echo "Ubuntu clang-format version 18.1.3"'
expect "another clang-format" 1 "clang-format of version 14 is needed" setup_step 'find_clang_tool clang-format'
stand_in clang-format 'echo "Debian clang-format version 14.0.6"'
expect "clang-format under its short name" 0 "clang-format" setup_step 'find_clang_tool clang-format; echo "$clang_tool"'
rm "$stand_ins"/*

# A system without apt-get: a PATH with only what the scripts use.
for tool in sh dirname uname cat mkdir id; do ln -s "$(command -v $tool)" "$stand_ins/$tool"; done
expect "no apt-get" 1 "this system has no apt-get: install what these Debian packages hold" env PATH="$stand_ins" sh "$copy/run" build
rm "$stand_ins"/*

expect "a failing step shows its output" 1 "third line" setup_step 'step demo "Doing" sh -c "echo third line; exit 3"'
expect "and names the log" 1 '"Doing" failed; the whole log is build/logs/demo.log' setup_step 'step demo "Doing" false'
expect "verbose shows the output" 0 "third line" setup_step 'MANYSHOT_VERBOSE=1; step demo Doing echo third line'
expect "a failure in verbose mode" 1 '"Doing" failed; the whole log is' setup_step 'MANYSHOT_VERBOSE=1; step demo Doing false'

# The wheels step, on a wheel made here.
make_wheel() {
  python3 - "$work/index" "$copy/tools/setup/wheels-tiny.txt" "$1" <<'PYTHON'
import hashlib, os, sys, zipfile
index, pins, content = sys.argv[1:]
os.makedirs(index, exist_ok=True)
path = os.path.join(index, "tiny-1.0-py3-none-any.whl")
with zipfile.ZipFile(path, "w") as wheel:
    for name, text in [("tiny/keep.h", content), ("tiny/drop.py", ""), ("tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"),
                       ("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"), ("tiny-1.0.dist-info/RECORD", "")]:
        wheel.writestr(name, text)
with open(pins, "w") as lines:
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest()
    lines.write(f"# keep: tiny/*.h\ntiny==1.0 --hash=sha256:{digest}\n")
PYTHON
}

if python3 -m pip --version >/dev/null 2>&1; then
  export PIP_NO_INDEX=1 PIP_FIND_LINKS="$work/index" MANYSHOT_DEPS_DIR="$work/the deps"
  make_wheel first
  expect "a wheel is unpacked" 0 "Downloading and unpacking tiny 1.0 (1 kB) ... " setup_step 'require_wheels tiny "1 kB"'
  expect "its kept file" 0 "first" cat "$work/the deps/tiny/keep.h"
  expect "only what is kept" 0 "keep.h tiny.stamp" sh -c "cd '$work/the deps' && echo tiny/* *.stamp | sed 's#tiny/##' && [ ! -e partial ] && [ ! -e tiny-1.0.dist-info ]"
  mv "$work/index" "$work/away"
  expect "a second run does nothing" 0 "" setup_step 'require_wheels tiny "1 kB"'
  mv "$work/away" "$work/index"
  make_wheel second
  expect "a changed pin replaces it" 0 "Downloading" setup_step 'require_wheels tiny "1 kB"'
  expect "the new file" 0 "second" cat "$work/the deps/tiny/keep.h"
  rm "$work/the deps/tiny.stamp"
  sed -i 's/sha256:..../sha256:0000/' "$copy/tools/setup/wheels-tiny.txt"
  expect "another file under the same name" 1 "a downloaded wheel is not the pinned one" setup_step 'require_wheels tiny "1 kB"'
  expect "leaves what was there" 0 "second" cat "$work/the deps/tiny/keep.h"
  stand_in python3 'case "$*" in *download*) echo "OSError: [Errno 28] No space left on device"; exit 1 ;; esac'
  expect "a full disk" 1 "is full: 1 kB are downloaded" setup_step 'require_wheels tiny "1 kB"'
  rm "$stand_ins/python3"
  sed -i 's/tiny==1.0/tiny==2.0/' "$copy/tools/setup/wheels-tiny.txt"
  expect "a version that is not there" 1 "pip failed: ERROR: No matching distribution found for tiny==2.0" setup_step 'require_wheels tiny "1 kB"'
  unset PIP_NO_INDEX PIP_FIND_LINKS
  export PIP_INDEX_URL=http://127.0.0.1:1/ PIP_RETRIES=1
  expect "no network" 1 "pip finds no package index" setup_step 'require_wheels tiny "1 kB"'
  : >"$work/a file"
  MANYSHOT_DEPS_DIR="$work/a file/deps"
  expect "a folder that cannot be written" 1 "make it writable, or set MANYSHOT_DEPS_DIR" setup_step 'require_wheels tiny "1 kB"'
else
  echo "skipped the wheels step: python3 has no pip"
fi

[ $failures -eq 0 ] && echo "all passed"
