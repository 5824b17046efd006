// The random functions R^p -> R^q of graph nodes, and the random points they start from (docs/prior.md, "graph").
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "prior/graph/correlated_draws.h"
#include "prior/task/node_matrix.h"

namespace manyshot::prior {

enum class Mechanism { kMlp, kTrees, kDiscretise, kLinear, kQuadratic, kPeriodic, kEm, kProduct };
constexpr auto names_of(Mechanism) {
  return std::to_array<Named<Mechanism>>({{Mechanism::kMlp, "mlp"},
                                          {Mechanism::kTrees, "trees"},
                                          {Mechanism::kDiscretise, "discretise"},
                                          {Mechanism::kLinear, "linear"},
                                          {Mechanism::kQuadratic, "quadratic"},
                                          {Mechanism::kPeriodic, "periodic"},
                                          {Mechanism::kEm, "em"},
                                          {Mechanism::kProduct, "product"}});
}
inline constexpr size_t kNumMechanisms = names_of(Mechanism{}).size();

// Rows of inputs to columns of outputs. All matrices hold a node's dimensions as columns.
class RandomFunctions {
 public:
  // out = mechanism(in) with num_outputs columns; `text` (may be null) gets its name and numbers. in and out are
  // different matrices.
  void apply(Mechanism mechanism, CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
             std::string* text);
  // Any of the eight; any but MLP, EM and product.
  void apply_any(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void apply_cheap(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                   std::string* text);
  // num_rows random points of num_dimensions: a cloud, then any function of it.
  void points(CorrelatedDraws& draws, size_t num_rows, size_t num_dimensions, NodeMatrix& out, std::string* text);

  struct Matrix {
    size_t rows = 0, columns = 0;
    std::vector<float> values;  // row-major
    float* row(size_t index) { return values.data() + index * columns; }
  };
  static Matrix random_matrix(CorrelatedDraws& draws, size_t rows, size_t columns);
  // The activations of the MLP mechanism: standardise, shift and scale, a core, standardise. Returns the core's name.
  static std::string activate(CorrelatedDraws& draws, NodeMatrix& x);

 private:
  void mlp(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void trees(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void discretise(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void quadratic(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void periodic(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void em(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);
  void product(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out, std::string* text);

  NodeMatrix first_, second_, third_, factor_, cloud_;
};

// out = matrix * x.
void multiply(const RandomFunctions::Matrix& matrix, const NodeMatrix& x, NodeMatrix& out);

// Rows of x by their nearest centre in the L_p distance over at most 64 dimensions; returns indices into `centres`,
// which are row numbers.
std::vector<uint32_t> nearest_centres(const NodeMatrix& x, const std::vector<uint32_t>& centres, double p);

}  // namespace manyshot::prior
