// The random draws of one graph task. A scalar has a name: its first use draws where it lies and how much it varies
// within this task, so that repeated draws may be nearly constant, spread or bimodal, while over tasks they are uniform
// (docs/prior.md, "graph").
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "prior/random/bulk_random.h"
#include "prior/random/draws.h"

namespace manyshot::prior {

class CorrelatedDraws {
 public:
  explicit CorrelatedDraws(const Rng& rng) : rng_(rng), plain_(rng.child("plain")) {}

  // Independent draws, for choices among kinds.
  Draws& plain() { return plain_; }
  // A generator of its own for each call.
  BulkRandom bulk() { return BulkRandom(rng_.child("bulk", next_bulk_++)); }

  // low + (high - low) u with u ~ Beta(s t, s (1 - t)); t ~ U(0,1), s ~ log-uniform(0.1, 10,000) once for the name.
  // With `boundary`, a twelfth of u lies on each end when u is uniform.
  double number(std::string_view name, double low, double high, bool boundary = false);
  double log_number(std::string_view name, double low, double high, bool boundary = false);
  int64_t integer(std::string_view name, int64_t low, int64_t high, bool boundary = false);
  int64_t log_integer(std::string_view name, int64_t low, int64_t high);

  // Positive weights of length sqrt(count): anything from flat to one that dominates.
  std::vector<float> weights(size_t count);

 private:
  double unit(std::string_view name, bool boundary);
  struct Scalar {
    double location = 0;
    double concentration = 0;
  };
  Rng rng_;
  Draws plain_;
  uint64_t next_bulk_ = 0;
  std::map<std::string, Scalar, std::less<>> scalars_;
};

}  // namespace manyshot::prior
