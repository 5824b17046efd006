# Formats our own C++ sources in place. --check only lists what differs, and fails if anything does.
# shellcheck disable=SC2086
require_packages $format_packages
find_clang_tool clang-format
case ${1:-} in
  --check) set -- --dry-run --Werror ;;
  *) set -- -i ;;
esac
find src tests benchmarks \( -name '*.h' -o -name '*.cc' \) -not -path 'tests/setup/wrong_*' -exec "$clang_tool" "$@" {} + ||
  die "some sources are not formatted; ./run format does it"
