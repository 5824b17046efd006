# Lays out what a build folder holds:  sh tools/setup/lay_out.sh BUILD FOLDER [without-libtorch]
# FOLDER/bin has the program, FOLDER/lib every library that it needs but the C library's own; it can be copied or moved as it is.
# Without libtorch, our libraries that need it are there nevertheless: for a machine that has it.
set -eu
export LC_ALL=C
build=$1 folder=$2 libtorch=${3:-with-libtorch}

needs_libtorch() { readelf -d "$1" | grep -q 'NEEDED.*\[lib\(torch\|c10\)'; }

# needs_in FOLDER: what the loader finds for the program there and for our libraries.
needs_in() {
  for file in "$1/bin/manyshot" "$1"/lib/libmanyshot*.so; do
    [ "$libtorch" = with-libtorch ] || ! needs_libtorch "$file" || continue
    ldd "$file"
  done
}

cmake --install "$build" --prefix "$folder" --strip >/dev/null

# Those of other people, by the paths that the build found them at. Of two with one name the program's comes first.
needs_in "$build" | sed -n 's/.* => \(\/.*\) (0x[0-9a-f]*)$/\1/p' | awk '!seen[$0]++' |
  while read -r library; do
    case ${library##*/} in
      libmanyshot* | ld-linux* | libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.* | libutil.so.* | libmvec.so.*) ;;
      *) [ -e "$folder/lib/${library##*/}" ] || cp -L "$library" "$folder/lib/" ;;
    esac
  done

missing=$(needs_in "$folder" | grep "not found" | sort -u) || :
[ -z "$missing" ] || {
  printf 'libraries are missing: %s\n' "$missing" >&2
  exit 2
}
