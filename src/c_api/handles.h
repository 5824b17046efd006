// What the handles of include/manyshot.h point to.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "predict/fitted_task.h"
#include "predict/saved_fit.h"

struct manyshot_task {
  manyshot::SavedFit saved;
  std::unique_ptr<manyshot::FittedTask> task;
  std::string info;
};

struct manyshot_prediction {
  manyshot::TaskAnswers answers;
  std::vector<int32_t> labels;  // of classes
  std::vector<double> means;    // of numbers
  size_t num_rows = 0;
};
