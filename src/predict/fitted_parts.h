// A method fitted once for each part of the rows that are asked for (predict/own_rows.h), and asked by part.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "predict/number_predictor.h"
#include "predict/own_rows.h"
#include "predict/predictor.h"
#include "table/take_rows.h"

namespace manyshot {

// AnyPredictor: Predictor or NumberPredictor.
template <class AnyPredictor>
struct FittedParts {
  std::string name;
  std::vector<std::unique_ptr<AnyPredictor>> parts;

  size_t batch_rows() const { return parts.front()->batch_rows(); }
};

template <class AnyPredictor, class AnyMethod, class AnyTable>
FittedParts<AnyPredictor> fit_parts(const std::string& name, const AnyMethod& method,
                                    const std::vector<AnyTable>& shots, const FitStore& store = {}) {
  FittedParts<AnyPredictor> fitted{.name = name};
  for (const AnyTable& of_part : shots) fitted.parts.push_back(method.fit_with(of_part, store));
  return fitted;
}

inline std::vector<double> answers_of(const Predictor& predictor, const Table& queries) {
  return predictor.predict(queries);
}
inline std::vector<double> answers_of(const NumberPredictor& predictor, const Table& queries) {
  return predictor.predict(queries).values;
}

// [Q, numbers of an answer] Each query by the predictor of its part, which `own` tells of `rows`.
template <class AnyPredictor>
std::vector<double> predict_parts(const FittedParts<AnyPredictor>& method, const Table& queries,
                                  const std::vector<uint64_t>& rows, const std::optional<OwnRows>& own) {
  if (method.parts.size() == 1) return answers_of(*method.parts.front(), queries);
  std::vector<double> result;
  for (size_t part = 0; part < method.parts.size(); ++part) {
    std::vector<uint64_t> places;
    for (size_t place = 0; place < rows.size(); ++place) {
      if (own->part[rows[place]] == static_cast<int32_t>(part)) places.push_back(place);
    }
    if (places.empty()) continue;
    const std::vector<double> answers = answers_of(*method.parts[part], take_rows(queries, places));
    const size_t width = answers.size() / places.size();
    result.resize(rows.size() * width);
    for (size_t i = 0; i < places.size(); ++i) {
      std::copy_n(answers.begin() + static_cast<ptrdiff_t>(i * width), width,
                  result.begin() + static_cast<ptrdiff_t>(places[i] * width));
    }
  }
  return result;
}

}  // namespace manyshot
