# Packs the program for machines on which nothing can be installed:  ./run package [FOLDER]
folder=${1:-build/package}
case $folder in
  /* | build/package) ;;
  *) folder=$caller_dir/$folder ;;
esac
mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] || die "cannot write to $folder; choose another:  ./run package FOLDER" 2
# shellcheck disable=SC2086
require_packages $package_packages
prepare "$preset" program

lock build/package.lock
tree=build/package-tree
archive=$folder/manyshot-linux-$machine.tar.xz
rm -rf "$tree"
mkdir "$tree"
name=$(sh tools/package/tree.sh "build/$preset" "$tree") || exit
step package "Compressing $name" sh tools/package/archive.sh "$tree/$name" "$archive" 9
rm -rf "$tree"
say "The program is packed in $archive ($(du -h --apparent-size "$archive" | cut -f 1)), with its SHA-256 beside it"
