# Lays out what an archive holds:  sh tools/package/tree.sh BUILD PARENT [GLIBC_VERSION]
# PARENT/manyshot-VERSION-linux-MACHINE then runs on every Linux of that machine with a C library of that version or later, by
# default 2.36 (Debian 12). Prints its name.
set -eu
build=$1 parent=$2 glibc=${3:-2.36}
here=$(cd "${0%/*}/../.." && pwd)
deps=$(sed -n 's/^MANYSHOT_DEPS_DIR:[A-Z]*=//p' "$build/CMakeCache.txt")
name=$("$build/bin/manyshot" version | sed -n '1s/ /-/p')-linux-$(uname -m)
tree=$parent/$name

rm -rf "$tree"
sh "$here/tools/setup/lay_out.sh" "$build" "$tree" without-libtorch
strip --strip-unneeded "$tree"/lib/libarrow.so.* "$tree"/lib/libparquet.so.*  # 12 MB of symbols; everything else has none
mkdir -p "$tree/share/manyshot"
cp -R "$here/models" "$here/examples" "$tree/share/manyshot/"
sh "$here/tools/setup/shell_files.sh" "$tree/bin/manyshot" "$tree/share"
cp "$here/LICENSE" "$tree/"
cp "$here/tools/package/readme.md" "$tree/README.md"
sh "$here/tools/package/licences.sh" "$deps" "$tree"
sh "$here/tools/package/check.sh" "$tree" "$glibc"
echo "$name"
