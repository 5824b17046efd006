#include <torch/torch.h>
#include <xgboost/c_api.h>
