#include <CLI/CLI.hpp>
#include "predict/predictor.h"
#include <xgboost/c_api.h>
