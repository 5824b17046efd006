# Step 1: system packages, by apt-get. Nothing happens when they are there.

build_packages="g++ cmake ninja-build pkg-config python3 python3-pip ca-certificates
  libfmt-dev libspdlog-dev nlohmann-json3-dev libcli11-dev libtomlplusplus-dev libhwy-dev libxgboost-dev
  libpcre2-dev libutf8proc-dev libzstd-dev zlib1g-dev libcurl4-openssl-dev libcpp-httplib-dev libsqlite3-dev libhdf5-dev
  libgtest-dev libgmock-dev libbenchmark-dev"
faster_packages="ccache mold"  # installed along with others where the distribution has them
package_packages="xz-utils"
fuzz_packages="clang libclang-rt-dev"
python_packages="python3-venv"
format_packages="clang-format-14"  # other versions format differently
tidy_packages="clang-tidy-14 git"

# require_packages PACKAGE...: installs what is missing, or says in one line what to install.
require_packages() {
  [ "${MANYSHOT_PACKAGES:-}" != skip ] || return 0
  command -v apt-get >/dev/null && command -v dpkg-query >/dev/null ||
    die "this system has no apt-get: install what these Debian packages hold, then call again with MANYSHOT_PACKAGES=skip:  $*"
  missing=$(missing_packages "$@")
  [ -n "$missing" ] || return 0
  if [ "$(id -u)" -eq 0 ]; then
    as_root=
  elif sudo -n true 2>/dev/null; then
    as_root="sudo -n"
  else
    die "system packages are missing; install them as root, then call again:  apt-get install --no-install-recommends $missing"
  fi
  logged packages "Installing system packages ($missing)" install_packages "$missing" || explain_failed_packages
}

explain_failed_packages() {
  if log_says packages 'Temporary failure resolving|Could not connect|Could not resolve|Network is unreachable'; then
    reason="apt-get cannot reach its servers: connect to the network or set up apt's proxy, then call again"
  elif log_says packages 'Unable to locate package'; then
    unlocated=$(sed -n 's/^E: Unable to locate package //p' "$(log_file packages)" | paste -s -d ' ' -)
    reason="this system's apt sources lack packages that Debian 12 and Ubuntu 24.04 with \"universe\" have: $unlocated"
  else
    reason="apt-get failed: $(last_line packages '^E: ')"
  fi
  die_with_log packages "$reason"
}

missing_packages() {
  installed=" $(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p' | tr '\n' ' ') "
  missing=
  for package; do
    case $installed in *" $package "*) ;; *) missing="$missing${missing:+ }$package" ;; esac
  done
  printf '%s' "$missing"
}

install_packages() {
  $as_root env LC_ALL=C apt-get -q update && wanted=$1 || return
  for package in $faster_packages; do
    ! apt-cache show "$package" >/dev/null 2>&1 || wanted="$wanted $package"
  done
  # shellcheck disable=SC2086
  $as_root env LC_ALL=C DEBIAN_FRONTEND=noninteractive \
    apt-get -q -y -o Acquire::Retries=2 -o DPkg::Lock::Timeout=300 install --no-install-recommends $wanted
}

# find_clang_tool NAME: sets clang_tool to version 14 of clang-format or clang-tidy, under whichever name it is installed.
find_clang_tool() {
  for clang_tool in "$1-14" "$1"; do
    case $("$clang_tool" --version 2>/dev/null) in *"version 14."*) return 0 ;; esac
  done
  die "$1 of version 14 is needed (others judge differently), in Debian and Ubuntu the package $1-14"
}
