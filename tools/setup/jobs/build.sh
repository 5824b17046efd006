prepare "$preset" manyshot
say "The program is build/$preset/bin/manyshot"
