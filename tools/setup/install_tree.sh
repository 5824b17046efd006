# Installs what a build folder holds:  sh tools/setup/install_tree.sh BUILD PREFIX
# PREFIX/lib/manyshot is the whole program: bin/, lib/ with every library but the C library's own, share/ with the models.
# It can be copied or moved as it is. PREFIX/bin/manyshot is a link to it. Nothing that is there is touched before all of it is ready.
set -eu
build=$1 prefix=$2
home=$prefix/lib/manyshot link=$prefix/bin/manyshot partial=$prefix/lib/manyshot.partial

refuse() {
  printf 'install: %s\n' "$1" >&2
  exit 2
}
[ ! -e "$home" ] || [ -x "$home/bin/manyshot" ] || refuse "$home is there and is not an installed manyshot; choose another PREFIX"
[ ! -e "$link" ] || [ -L "$link" ] || refuse "$link is there and is not a link; choose another PREFIX"
mkdir -p "$prefix/lib" "$prefix/bin" || refuse "cannot write to $prefix; choose another PREFIX"
[ -w "$prefix/lib" ] && [ -w "$prefix/bin" ] || refuse "cannot write to $prefix; choose another PREFIX"
trap 'rm -rf "$partial"' EXIT
trap 'exit 130' INT TERM HUP
rm -rf "$partial"

cmake --install "$build" --prefix "$partial" --strip >/dev/null

# Those of other people, by the paths that the build found them at. Of two with one name the program's comes first.
ldd "$build/bin/manyshot" "$build"/lib/libmanyshot_*.so | sed -n 's/.* => \(\/.*\) (0x[0-9a-f]*)$/\1/p' | awk '!seen[$0]++' |
  while read -r library; do
    case ${library##*/} in
      libmanyshot_* | ld-linux* | libc.so.* | libm.so.* | libdl.so.* | libpthread.so.* | librt.so.* | libresolv.so.* | libutil.so.* | libmvec.so.*) ;;
      *) [ -e "$partial/lib/${library##*/}" ] || cp -L "$library" "$partial/lib/" ;;
    esac
  done

mkdir -p "$partial/share/manyshot/models"
for model in "$build"/share/manyshot/models/*; do
  [ ! -e "$model" ] || cp -RL "$model" "$partial/share/manyshot/models/"
done

missing=$(ldd "$partial/bin/manyshot" "$partial"/lib/libmanyshot_*.so | grep "not found" | sort -u) || :
[ -z "$missing" ] || refuse "libraries are missing: $missing"
"$partial/bin/manyshot" version >/dev/null

rm -rf "$home"
mv "$partial" "$home"
ln -sfn ../lib/manyshot/bin/manyshot "$link"
