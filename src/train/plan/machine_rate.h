// How many floating-point operations a second this machine's matrix products do: what utilisation is measured against.
#pragma once

#include "model/dtype.h"
#include "train/models/run_model.h"
#include "train/recipe.h"

namespace manyshot::train {

// Measured now, in about 0.2 s, with our own products of that type on all threads.
double measure_matrix_rate(DType dtype);
// Of what trains the model: its device's, if that is known, else measured now.
double matrix_rate(const Recipe& recipe, RunModel& model);

}  // namespace manyshot::train
