# Installs what a build folder holds:  sh tools/setup/install_tree.sh BUILD PREFIX
# PREFIX/lib/manyshot is the whole program: bin/ and lib/ (lay_out.sh), share/ with the models. It can be copied or moved as it is.
# PREFIX/bin/manyshot is a link to it; PREFIX/share gets its manual page and completions (shell_files.sh). Nothing that is there is touched before all of it is ready.
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

sh "${0%/*}/lay_out.sh" "$build" "$partial"
mkdir -p "$partial/share/manyshot/models"
for model in "$build"/share/manyshot/models/*; do
  [ ! -e "$model" ] || cp -RL "$model" "$partial/share/manyshot/models/"
done
"$partial/bin/manyshot" version >/dev/null

rm -rf "$home"
mv "$partial" "$home"
ln -sfn ../lib/manyshot/bin/manyshot "$link"
sh "${0%/*}/shell_files.sh" "$home/bin/manyshot" "$prefix/share"
