#include "mcp/prediction_json.h"

#include "predict/write_predictions.h"

namespace manyshot::mcp {

Json quantiles_json(std::span<const double> slices) {
  Json quantiles = Json::object();
  for (size_t level = 0; level < kWrittenLevels.size(); ++level)
    quantiles[kLevelColumns[level]] = quantile_of(slices, kWrittenLevels[level]);
  return quantiles;
}

}  // namespace manyshot::mcp
