#include <arrow/api.h>

#  include <toml++/toml.h>
#include "reader.h"
