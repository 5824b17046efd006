# Installs the program for one user or, as root, for all:  ./run install [PREFIX]
prefix=${1:-${HOME:-}/.local}
case $prefix in
  /.local) die "HOME is not set; say where:  ./run install PREFIX" 2 ;;
  /*) ;;
  *) prefix=$caller_dir/$prefix ;;
esac
prepare "$preset" program
sh tools/setup/install_tree.sh "build/$preset" "$prefix" || exit
say "Installed in $prefix/lib/manyshot ($(du -sh "$prefix/lib/manyshot" | cut -f 1)), which can be copied to another machine of this kind; the program is $prefix/bin/manyshot"
case :$PATH: in
  *":$prefix/bin:"*) ;;
  *) say "To call it as manyshot:  export PATH=\"$prefix/bin:\$PATH\"" ;;
esac
