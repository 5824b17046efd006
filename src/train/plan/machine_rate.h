// How many floating-point operations a second this machine's matrix products do: what utilisation is measured against.
#pragma once

#include "model/dtype.h"

namespace manyshot::train {

// Measured now, in about 0.2 s, with our own products of that type on all threads.
double measure_matrix_rate(DType dtype);

}  // namespace manyshot::train
