# Fuzzes first, so that the output ends with CTest's summary. Options mean a chosen part of the tests: no fuzzing then.
clang_can_fuzz() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address - -o build/clang-can-fuzz
}

# The packages that the tests of manyshot's own Python package need, in a virtual environment; made again when the list of
# them changes. Without it those tests are skipped, which costs no other test.
make_python() {
  stamp="$deps_dir/python/requirements.txt"
  cmp -s python/tests/requirements.txt "$stamp" && return
  # shellcheck disable=SC2086
  require_packages $python_packages
  rm -rf "$deps_dir/python"
  if logged python "Fetching Python packages for the tests" sh tools/python/venv.sh "$deps_dir/python"; then
    cp python/tests/requirements.txt "$stamp"
  else
    rm -rf "$deps_dir/python"
    say "Not testing the Python package: its packages could not be fetched; the log is $(log_file python)"
  fi
}

fuzz=${MANYSHOT_FUZZ:-auto}
[ $# -eq 0 ] || fuzz=OFF
prepare "$preset" all
if [ "${MANYSHOT_PYTHON:-OFF}" = ON ]; then
  make_python
elif [ $# -eq 0 ] && [ ! -x "$deps_dir/python/bin/python" ]; then
  say "Not testing the Python package: that needs 0.8 GB of Python packages (MANYSHOT_PYTHON=ON fetches them)"
fi
if [ "$fuzz" = ON ]; then
  # shellcheck disable=SC2086
  require_packages $fuzz_packages
elif [ "$fuzz" = auto ]; then
  clang_can_fuzz >/dev/null 2>&1 && fuzz=ON || fuzz=OFF
fi
if [ "$fuzz" = ON ]; then
  prepare fuzz tests/fuzz/all
  step fuzz "Fuzzing" ctest --test-dir build/fuzz --output-on-failure -j2
elif [ $# -eq 0 ]; then
  say "Not fuzzing: that needs Clang with libFuzzer (MANYSHOT_FUZZ=ON installs it)"
fi
exec ctest --test-dir "build/$preset" --output-on-failure -j2 "$@"
