# Step 3: configure by preset and compile. prepare runs all three steps.

preset=release
[ "${MANYSHOT_TORCH:-ON}" != OFF ] || preset=no-torch

# prepare PRESET TARGET...: leaves the targets of that preset built in build/PRESET.
prepare() {
  require_supported_machine
  # shellcheck disable=SC2086
  require_packages $build_packages
  require_wheels arrow "55 MB"
  require_wheels plotly "10 MB"
  case $1 in release | dev) require_wheels torch "530 MB" ;; esac
  mkdir -p build
  lock build/lock
  configure "$1"
  compile "$@"
  unlock
}

# Configures when this preset never was, or was with other presets or another wheels folder; ninja notices everything else.
configure() {
  configured="build/$1/configured-by"
  wanted="$(cksum <CMakePresets.json) $deps_dir"
  if [ ! -f "build/$1/build.ninja" ] || [ "$(cat "$configured" 2>/dev/null)" != "$wanted" ]; then
    step "configure-$1" "Configuring ($1)" cmake --preset "$1" "-DMANYSHOT_DEPS_DIR=$deps_dir"
    printf '%s\n' "$wanted" >"$configured"
  fi
}

compile() {
  build_dir=build/$1
  shift
  case $(ninja -C "$build_dir" -n "$@" 2>&1) in *"no work to do"*) return 0 ;; esac
  step "compile-${build_dir#build/}" "Compiling ($*)" ninja -C "$build_dir" "$@"
}
