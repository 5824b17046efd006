# Fuzzes first, so that the output ends with CTest's summary. Options mean a chosen part of the tests: no fuzzing then.
clang_can_fuzz() {
  echo 'extern "C" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }' |
    clang++ -x c++ -fsanitize=fuzzer,address - -o build/clang-can-fuzz
}

fuzz=${MANYSHOT_FUZZ:-auto}
[ $# -eq 0 ] || fuzz=OFF
prepare "$preset" all
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
