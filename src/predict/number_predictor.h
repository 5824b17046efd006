// NumberMethod and NumberPredictor: the one door for whatever predicts numbers, as Method and Predictor
// (predict/predictor.h) are for classes. Baselines answer through it now, in-context models later.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "predict/distribution.h"
#include "predict/fit_store.h"
#include "table/table.h"

namespace manyshot {

// Labelled rows: the features of N rows and the number of each.
struct NumberedTable {
  Table features;
  std::vector<double> numbers;  // [N] finite
};

// Safe to use from several threads, all of its functions at the same time.
class NumberPredictor {
 public:
  virtual ~NumberPredictor() = default;
  // One distribution for each query. `queries` has the columns of the labelled rows. A query's answer is the same bits
  // whatever other rows stand beside it and however many threads run.
  virtual Distributions predict(const Table& queries) const = 0;
  // Queries that one call should hold.
  virtual size_t batch_rows() const { return 16'384; }
  // [N] The mean predicted for each labelled row without its own number, NaN for a row without any; empty where the
  // method has none to give.
  virtual std::vector<double> honest_means() const { return {}; }
  // What the predictor had to decide, leave out or lose, as sentences for the user.
  virtual std::vector<std::string> notes() const { return {}; }
};

// Safe to use from several threads.
class NumberMethod {
 public:
  virtual ~NumberMethod() = default;
  // Labelled rows the method can use at most; nothing: no limit.
  virtual std::optional<uint64_t> max_labelled_rows() const { return std::nullopt; }
  // As Method::reads_parts().
  virtual bool reads_parts() const { return true; }
  // REQUIRES: at least one labelled row. Throws Error(kBadInput) when no column tells them apart.
  virtual std::unique_ptr<NumberPredictor> fit(const NumberedTable& shots) const = 0;
  // The same predictor; what takes time is read from the store, or kept there (predict/fit_store.h).
  virtual std::unique_ptr<NumberPredictor> fit_with(const NumberedTable& shots, const FitStore& /*store*/) const {
    return fit(shots);
  }
};

}  // namespace manyshot
