# The program, and the library it opens when libtorch is asked for.
case $preset in
  release) prepare "$preset" manyshot manyshot_torch ;;
  *) prepare "$preset" manyshot ;;
esac
say "The program is build/$preset/bin/manyshot"
