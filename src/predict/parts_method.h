// A method that is shown, behind a table's own columns, what repeats in its dates and what its words say of the target
// (encoding/parts/column_parts.h), fitted on the labelled rows.
#pragma once

#include <memory>

#include "predict/number_predictor.h"
#include "predict/predictor.h"

namespace manyshot {

// `method` itself where it does not want them (Method::reads_parts).
std::unique_ptr<Method> with_parts(std::unique_ptr<Method> method);
std::unique_ptr<NumberMethod> with_parts(std::unique_ptr<NumberMethod> method);

}  // namespace manyshot
