# The program, and the libraries that it opens when they are asked for.
prepare "$preset" program
say "The program is build/$preset/bin/manyshot"
