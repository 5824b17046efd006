#!/bin/sh
# A packed program is whole: unpacked in a root that has the C library and nothing else, it does its work there.
#   sh package_test.sh REPOSITORY BUILD
set -u
repository=$1 build=$2
work="$build/package test"
rm -rf "$work"
mkdir -p "$work/tree" "$work/root"
trap 'rm -rf "$work"' EXIT

# skip REASON: CTest counts 77 as skipped.
skip() {
  echo "skipped: $1"
  exit 77
}
. "$repository/tests/setup/checks.sh"

command -v dpkg-query >/dev/null || skip "no dpkg here, which tells the licences of libraries"
command -v xz >/dev/null || skip "no xz here (Debian package xz-utils)"
# On a later system than Debian 12 the libraries want that system's C library: ./run package refuses there.
here=$(getconf GNU_LIBC_VERSION | cut -d ' ' -f 2)
glibc=$(printf '%s\n2.36\n' "$here" | sort -V | tail -n 1)

package=$(sh "$repository/tools/package/tree.sh" "$build" "$work/tree" "$glibc") || {
  echo "FAILED: tree.sh"
  exit 1
}
tree=$work/tree/$package
archive=$work/manyshot.tar.xz
pack() { SOURCE_DATE_EPOCH=1700000000 sh "$repository/tools/package/archive.sh" "$tree" "$1" 2; }
check "packs, small enough even at a fast level" pack "$archive"
check "its SHA-256" sh -c 'cd "$1" && sha256sum --check manyshot.tar.xz.sha256' - "$work"
check "files are root's, of the time that was asked for, in one folder" [ "$(TZ=UTC tar --list --verbose --numeric-owner --file "$archive" |
  grep -cv "^[-d]rw.r-.r-. 0/0 .* 2023-11-14 22:13 $package/")" -eq 0 ]
check "no links" [ "$(find "$tree" -type l)" = "" ]
check "no other model" [ "$(ls "$tree/share/manyshot/models")" = default ]
check "no libtorch" [ "$(find "$tree" -name 'libtorch*' -o -name 'libc10*')" = "" ]
check "Arrow's licence" grep -q "Apache License" "$tree/licenses/arrow.txt"
for library in "$tree"/lib/*.so*; do
  case ${library##*/} in
    libmanyshot* | libarrow.* | libparquet.*) ;;
    *) check "source of ${library##*/}" grep -q "^${library##*/}	" "$tree/licenses/sources.txt" ;;
  esac
done

# What the check refuses, on copies of the program alone.
mkdir -p "$work/wrong/bin" "$work/wrong/lib"
check_wrong() { sh "$repository/tools/package/check.sh" "$work/wrong" "$1"; }
cp "$tree/bin/manyshot" "$work/wrong/bin/" && cp "$tree"/lib/libstdc++.so.6 "$work/wrong/lib/"
check "a later C library" fails_with "libstdc++.so.6: wants GLIBC_2.3[0-9], which glibc 2.29 lacks" check_wrong 2.29
check "a library that is not there" fails_with "manyshot: wants libmanyshot_core.so, which is not there" check_wrong "$glibc"
cp "$build/lib/libmanyshot_table.so" "$work/wrong/lib/" && echo text >"$work/wrong/lib/libtext.so"
check "a file that is no library" fails_with "libtext.so: cannot be read by readelf" check_wrong "$glibc"
check "another place" fails_with 'libmanyshot_table.so: looks for libraries in "/.*pyarrow"' check_wrong "$glibc"
check "traces of the repository" fails_with "libmanyshot_table.so: knows $repository" check_wrong "$glibc"

# The loader asks /proc where the program is; in a root without it, LD_ORIGIN_PATH.
root=$work/root
tar --extract --file "$archive" --directory "$root"
ldd "$tree/bin/manyshot" | sed -n -e 's/.* => \(\/.*\) (0x[0-9a-f]*)$/\1/p' -e 's/^[[:blank:]]*\(\/.*\) (0x[0-9a-f]*)$/\1/p' | grep -v "^$tree/" |
  while read -r library; do
    mkdir -p "$root/${library%/*}"
    cp -L "$library" "$root/$library"
  done
cp "$(command -v env)" "$root/env"
become_root=
[ "$(id -u)" -eq 0 ] || become_root="unshare --map-root-user"
# shellcheck disable=SC2086
in_root() { $become_root chroot "$root" /env -i "LD_ORIGIN_PATH=/$package/bin" "$@"; }
if in_root /env >/dev/null 2>&1; then
  inside=
  program() { in_root "/$package/bin/manyshot" "$@"; }
else
  echo "no empty root, since chroot is not allowed here: the program runs in the ordinary one, with an empty environment"
  inside=$root
  program() { (cd / && env -i "$root/$package/bin/manyshot" "$@"); }
fi
wine=$inside/$package/share/manyshot/examples/wine
predict() { program predict --train "$wine/train.csv" --test "$wine/test.csv" --target quality --quiet --beside majority "$@"; }
answers=$(wc -l <"$repository/examples/wine/test.csv")
check "predicts with the default model" predict --model default --ensemble 1 --shots 64 --out "$inside/default.csv" --report "$inside/default.html"
check "an answer for each row" [ "$(wc -l <"$root/default.csv")" -eq "$answers" ]
check "charts in the report" grep -q "plotly.js v" "$root/default.html"
check "forest" predict --model forest --out "$inside/forest.csv"
check "xgboost" predict --model xgboost --shots 64 --out "$inside/xgboost.csv"
check "Parquet" program corpus --tasks 20 --seed 1 --shots 50 --features 5 --layout parquet --out "$inside/parquet" --quiet
check "reads Parquet" program info --table "$inside/parquet/parquet/part-000000.parquet"
check "HDF5" program corpus --tasks 20 --seed 1 --shots 50 --features 5 --classes 2 --layout hdf5 --out "$inside/hdf5" --quiet
check "evaluates" program evaluate --tables "$wine/train.csv" --models forest --shots 64 --max-queries 50 --out "$inside/evaluation" --quiet
check "its report" [ -s "$root/evaluation/report.html" ]
[ ! -e "$tree/lib/libmanyshot_torch.so" ] ||
  check "says that libtorch is not there" fails_with "engine reference needs libmanyshot_torch.so, which does not open here (libtorch_cpu.so" \
    predict --model default --engine reference --out "$inside/reference.csv"

[ $failures -eq 0 ] && echo "all passed"
