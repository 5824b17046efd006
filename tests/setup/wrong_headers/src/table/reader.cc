  #  include "core/used.h"
// #include "table/by_commented_include.h"
#include <table/by_commented_include.h>
