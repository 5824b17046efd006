#include <xgboost/c_api.h>
#include <CLI/CLI.hpp>
