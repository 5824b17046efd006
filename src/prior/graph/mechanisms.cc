#include "prior/graph/mechanisms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "prior/random/column_loops.h"
#include "prior/scm/activations.h"
#include "prior/task/notes.h"

namespace manyshot::prior {

using kernels::gemm;
using kernels::Store;

namespace {

constexpr size_t kMostDistanceDimensions = 64;
constexpr float kLargest = 1e6f;  // of a core activation, so that one steep exponential does not cost the task
using Matrix = RandomFunctions::Matrix;

Matrix normal_matrix(CorrelatedDraws& draws, size_t rows, size_t columns, float deviation = 1) {
  Matrix matrix{rows, columns, std::vector<float>(rows * columns)};
  draws.bulk().normal(0, 0, deviation, matrix.values.data(), matrix.values.size());
  return matrix;
}

// Cores that apply_activation() does not have. Row-wise ones see all dimensions of a row.
enum class Core {
  kActivation,  // one of activations.h
  kStep,
  kLogAbs,
  kRank,
  kSigmoid,
  kRound,
  kFraction,
  kSoftmax,
  kOneHotMax,
  kArgSort,
  kLogSigmoid,
  kReluPower,
  kSignedPower,
  kInversePower,
  kIntegerPower,
};
constexpr Core kListedCores[] = {Core::kStep,     Core::kLogAbs,  Core::kRank,      Core::kSigmoid, Core::kRound,
                                 Core::kFraction, Core::kSoftmax, Core::kOneHotMax, Core::kArgSort, Core::kLogSigmoid};
constexpr size_t kNumListedActivations = 17;  // activations.h without sqrt_abs and fourier
constexpr std::string_view kCoreNames[] = {
    "",        "step",    "ln_abs",      "rank",       "sigmoid",      "round",         "fraction",     "softmax",
    "one_hot", "argsort", "log_sigmoid", "relu_power", "signed_power", "inverse_power", "integer_power"};

struct ChosenCore {
  Core core = Core::kActivation;
  Activation activation = Activation::kIdentity;
  double power = 1;
  std::string name() const {
    if (core == Core::kActivation) return std::string(activation_name(activation));
    const std::string text(kCoreNames[static_cast<size_t>(core)]);
    return core >= Core::kReluPower ? fmt::format("{}({})", text, short_number(power)) : text;
  }
};

ChosenCore draw_listed(CorrelatedDraws& draws) {
  const size_t index = draws.plain().below(kNumListedActivations + std::size(kListedCores));
  ChosenCore chosen;
  if (index >= kNumListedActivations) {
    chosen.core = kListedCores[index - kNumListedActivations];
  } else {
    chosen.activation = static_cast<Activation>(index < static_cast<size_t>(Activation::kSqrtAbs) ? index : index + 1);
  }
  return chosen;
}

// Of one row's values.
void apply_row(Core core, std::vector<float>& row, std::vector<uint32_t>& order) {
  const size_t count = row.size();
  if (core == Core::kSoftmax) {
    const float most = *std::max_element(row.begin(), row.end());
    float sum = 0;
    for (float& v : row) sum += v = std::exp(v - most);
    for (float& v : row) v /= sum;
  } else if (core == Core::kOneHotMax) {
    const size_t best = static_cast<size_t>(std::max_element(row.begin(), row.end()) - row.begin());
    std::fill(row.begin(), row.end(), 0.0f);
    row[best] = 1;
  } else {
    order.resize(count);
    std::iota(order.begin(), order.end(), 0u);
    std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return row[a] < row[b]; });
    for (size_t place = 0; place < count; ++place) {
      if (core == Core::kArgSort) row[place] = static_cast<float>(order[place]);
    }
    if (core == Core::kRank) {
      for (size_t place = 0; place < count; ++place) row[order[place]] = static_cast<float>(place);
    }
  }
}

float apply_value(Core core, float x) {
  switch (core) {
    case Core::kStep:
      return x >= 0 ? 1.0f : 0.0f;
    case Core::kLogAbs:
      return std::clamp(std::log(std::abs(x) + 1e-12f), -10.0f, 10.0f);
    case Core::kSigmoid:
      return 1 / (1 + std::exp(-x));
    case Core::kRound:
      return std::nearbyint(x);
    case Core::kFraction:
      return x - std::floor(x);
    case Core::kLogSigmoid:
      return std::min(x, 0.0f) - std::log1p(std::exp(-std::abs(x)));
    default:
      return x;
  }
}

void apply_core(const ChosenCore& chosen, NodeMatrix& x) {
  const size_t num_rows = x.num_rows();
  switch (chosen.core) {
    case Core::kRank:
    case Core::kSoftmax:
    case Core::kOneHotMax:
    case Core::kArgSort: {
      std::vector<float> row(x.num_nodes());
      std::vector<uint32_t> order;
      for (size_t i = 0; i < num_rows; ++i) {
        for (size_t node = 0; node < row.size(); ++node) row[node] = x.node(node)[i];
        apply_row(chosen.core, row, order);
        for (size_t node = 0; node < row.size(); ++node) x.node(node)[i] = row[node];
      }
      return;
    }
    default:
      break;
  }
  for (size_t node = 0; node < x.num_nodes(); ++node) {
    float* values = x.node(node);
    const auto power = static_cast<float>(chosen.power);
    switch (chosen.core) {
      case Core::kActivation:
        apply_activation(chosen.activation, values, num_rows, values);
        break;
      case Core::kReluPower:
        apply_activation(Activation::kRelu, values, num_rows, values);
        power_column(values, num_rows, power, 1, false, values);
        break;
      case Core::kSignedPower:
        power_column(values, num_rows, power, 1, true, values);
        break;
      case Core::kInversePower:
        for (size_t i = 0; i < num_rows; ++i) values[i] = std::abs(values[i]) + 0.001f;
        power_column(values, num_rows, -power, 1, false, values);
        break;
      case Core::kIntegerPower:
        power_column(values, num_rows, power, 1, std::fmod(chosen.power, 2) == 1, values);
        break;
      default:
        for (size_t i = 0; i < num_rows; ++i) values[i] = apply_value(chosen.core, values[i]);
    }
    for (size_t i = 0; i < num_rows; ++i) values[i] = std::clamp(values[i], -kLargest, kLargest);
  }
}

// Matrix kinds 0..3.
Matrix simple_matrix(CorrelatedDraws& draws, size_t kind, size_t rows, size_t columns) {
  Matrix matrix = normal_matrix(draws, rows, columns);
  if (kind == 1) {
    for (size_t row = 0; row < rows; ++row) {
      const std::vector<float> weights = draws.weights(columns);
      for (size_t column = 0; column < columns; ++column) matrix.row(row)[column] *= weights[column];
    }
  } else if (kind == 2) {
    const size_t rank =
        static_cast<size_t>(draws.log_integer("matrix rank", 1, static_cast<int64_t>(std::max(rows, columns))));
    Matrix left = normal_matrix(draws, rows, rank), right = normal_matrix(draws, rank, columns);
    const std::vector<float> weights = draws.weights(rank);
    std::fill(matrix.values.begin(), matrix.values.end(), 0.0f);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t k = 0; k < rank; ++k)
        add_scaled(right.row(k), columns, left.row(row)[k] * weights[k], matrix.row(row));
    }
  } else if (kind == 3) {
    // Points of a Gaussian mixture in three dimensions, for rows and columns alike.
    const auto num_clusters = static_cast<size_t>(draws.log_integer("matrix clusters", 1, 8));
    Matrix centres = normal_matrix(draws, num_clusters, 3);
    const auto place = [&](size_t count) {
      Matrix points = normal_matrix(draws, count, 3, 0.3f);
      for (size_t i = 0; i < count; ++i)
        add_scaled(centres.row(draws.plain().below(num_clusters)), 3, 1, points.row(i));
      return points;
    };
    Matrix of_rows = place(rows), of_columns = place(columns);
    const double decay = draws.log_number("matrix decay", 0.1, 10);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = 0; column < columns; ++column) {
        double squares = 0;
        for (size_t k = 0; k < 3; ++k) squares += std::pow(of_rows.row(row)[k] - of_columns.row(column)[k], 2);
        const double value = std::exp(-decay * std::sqrt(squares));
        matrix.row(row)[column] = static_cast<float>(matrix.row(row)[column] < 0 ? -value : value);
      }
    }
  }
  return matrix;
}

}  // namespace

Matrix RandomFunctions::random_matrix(CorrelatedDraws& draws, size_t rows, size_t columns) {
  size_t kind = draws.plain().below(5);
  const bool activated = kind == 4;
  if (activated) kind = draws.plain().below(4);
  Matrix matrix = simple_matrix(draws, kind, rows, columns);
  if (activated) {
    NodeMatrix x;  // a column of the matrix is a row here: row-wise cores see one output's entries
    x.reshape(columns, rows);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = 0; column < columns; ++column) x.node(column)[row] = matrix.row(row)[column];
    }
    ChosenCore core = draw_listed(draws);
    const size_t other = draws.plain().below(12);
    if (other >= 8) {
      constexpr Core kPowers[] = {Core::kReluPower, Core::kSignedPower, Core::kInversePower, Core::kIntegerPower};
      core.core = kPowers[other - 8];
      core.power = core.core == Core::kIntegerPower ? static_cast<double>(draws.plain().between(2, 5))
                                                    : draws.log_number("matrix power", 0.1, 10);
    }
    apply_core(core, x);
    const Matrix noise = normal_matrix(draws, rows, columns, 1e-3f);
    for (size_t row = 0; row < rows; ++row) {
      for (size_t column = 0; column < columns; ++column) {
        matrix.row(row)[column] = x.node(column)[row] + noise.values[row * columns + column];
      }
    }
  }
  Matrix noise = normal_matrix(draws, rows, columns, 1e-6f);
  for (size_t row = 0; row < rows; ++row) {
    double squares = 0;
    for (size_t column = 0; column < columns; ++column) {
      float& value = matrix.row(row)[column] += noise.row(row)[column];
      squares += static_cast<double>(value) * value;
    }
    const auto factor = static_cast<float>(1 / std::sqrt(squares));
    for (size_t column = 0; column < columns; ++column) matrix.row(row)[column] *= factor;
  }
  return matrix;
}

std::string RandomFunctions::activate(CorrelatedDraws& draws, NodeMatrix& x) {
  const size_t num_rows = x.num_rows();
  const auto scale = static_cast<float>(draws.log_number("activation scale", 1, 10));
  for (size_t node = 0; node < x.num_nodes(); ++node) {
    float* values = x.node(node);
    standardise(values, num_rows);
    const float shift = values[draws.plain().below(num_rows)];
    for (size_t i = 0; i < num_rows; ++i) values[i] = (values[i] - shift) * scale;
  }
  ChosenCore core;
  const size_t kind = draws.plain().below(6);
  if (kind < 4) {
    core = draw_listed(draws);
  } else {
    core.core = kind == 4 ? Core::kReluPower : Core::kSignedPower;
    core.power = draws.log_number("activation power", 0.1, 10);
  }
  apply_core(core, x);
  for (size_t node = 0; node < x.num_nodes(); ++node) standardise(x.node(node), num_rows);
  return core.name();
}

void multiply(const Matrix& matrix, const NodeMatrix& x, NodeMatrix& out) {
  out.reshape(matrix.rows, x.num_rows());
  gemm({matrix.values.data(), matrix.columns}, matrix.rows, x.panels(0, matrix.columns), {out.node(0), out.stride()},
       Store::kOverwrite);
}

std::vector<uint32_t> nearest_centres(const NodeMatrix& x, const std::vector<uint32_t>& centres, double p) {
  const size_t num_rows = x.num_rows();
  const size_t num_dimensions = std::min(x.num_nodes(), kMostDistanceDimensions);
  std::vector<float> best(num_rows, std::numeric_limits<float>::infinity()), distances(num_rows);
  std::vector<uint32_t> nearest(num_rows, 0);
  for (uint32_t centre = 0; centre < centres.size(); ++centre) {
    std::fill(distances.begin(), distances.end(), 0.0f);
    for (size_t node = 0; node < num_dimensions; ++node) {
      add_power_distance(x.node(node), num_rows, x.node(node)[centres[centre]], static_cast<float>(p),
                         distances.data());
    }
    for (size_t row = 0; row < num_rows; ++row) {
      const bool closer = distances[row] < best[row];
      best[row] = closer ? distances[row] : best[row];
      nearest[row] = closer ? centre : nearest[row];
    }
  }
  return nearest;
}

void RandomFunctions::apply(Mechanism mechanism, CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs,
                            NodeMatrix& out, std::string* text) {
  switch (mechanism) {
    case Mechanism::kMlp:
      return mlp(draws, in, num_outputs, out, text);
    case Mechanism::kTrees:
      return trees(draws, in, num_outputs, out, text);
    case Mechanism::kDiscretise:
      return discretise(draws, in, num_outputs, out, text);
    case Mechanism::kLinear:
      multiply(random_matrix(draws, num_outputs, in.num_nodes()), in, out);
      if (text != nullptr) *text = "linear";
      return;
    case Mechanism::kQuadratic:
      return quadratic(draws, in, num_outputs, out, text);
    case Mechanism::kPeriodic:
      return periodic(draws, in, num_outputs, out, text);
    case Mechanism::kEm:
      return em(draws, in, num_outputs, out, text);
    case Mechanism::kProduct:
      return product(draws, in, num_outputs, out, text);
  }
}

void RandomFunctions::apply_any(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                                std::string* text) {
  apply(static_cast<Mechanism>(draws.plain().below(kNumMechanisms)), draws, in, num_outputs, out, text);
}

void RandomFunctions::apply_cheap(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                                  std::string* text) {
  constexpr Mechanism kCheap[] = {Mechanism::kPeriodic, Mechanism::kTrees, Mechanism::kDiscretise, Mechanism::kLinear,
                                  Mechanism::kQuadratic};
  apply(kCheap[draws.plain().below(std::size(kCheap))], draws, in, num_outputs, out, text);
}

void RandomFunctions::mlp(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                          std::string* text) {
  const auto num_maps = static_cast<size_t>(draws.log_integer("mlp maps", 1, 3));
  const bool first = draws.plain().chance(0.5), last = draws.plain().chance(0.5);
  std::string names;
  const auto activated = [&](NodeMatrix& x) { names += (names.empty() ? "" : ", ") + activate(draws, x); };
  const NodeMatrix* input = &in;
  if (first) {
    first_.reshape(in.num_nodes(), in.num_rows());
    for (size_t node = 0; node < in.num_nodes(); ++node) std::copy_n(in.node(node), in.num_rows(), first_.node(node));
    activated(first_);
    input = &first_;
  }
  size_t width = 0;
  for (size_t map = 0; map < num_maps; ++map) {
    const bool final = map + 1 == num_maps;
    const size_t outputs = final ? num_outputs : static_cast<size_t>(draws.log_integer("mlp width", 1, 127));
    NodeMatrix& target = final ? out : map % 2 == 0 ? second_ : third_;
    multiply(random_matrix(draws, outputs, input->num_nodes()), *input, target);
    if (!final) activated(target), width = std::max(width, outputs);
    input = &target;
  }
  if (last) activated(out);
  if (text != nullptr) {
    *text = fmt::format("mlp[{} maps{}{}]", num_maps, width > 0 ? fmt::format(", {} wide", width) : "",
                        names.empty() ? "" : ", " + names);
  }
}

void RandomFunctions::trees(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                            std::string* text) {
  const size_t num_rows = in.num_rows();
  const auto num_trees = static_cast<size_t>(std::lrint(draws.log_number("trees", 1, 128)));
  const auto depth = static_cast<size_t>(draws.integer("tree depth", 1, 7));
  std::vector<double> deviations(in.num_nodes());
  double sum = 0;
  for (size_t node = 0; node < in.num_nodes(); ++node) {
    const float deviation = column_moments(in.node(node), num_rows).deviation;
    sum += deviations[node] = std::isfinite(deviation) ? deviation : 0.0;
  }
  if (sum <= 0) deviations.assign(in.num_nodes(), 1.0);
  out.reshape(num_outputs, num_rows);
  for (size_t output = 0; output < num_outputs; ++output) std::fill_n(out.node(output), num_rows, 0.0f);
  std::vector<uint8_t> leaf(num_rows);
  std::vector<float> values(num_outputs << depth);
  for (size_t tree = 0; tree < num_trees; ++tree) {
    std::fill(leaf.begin(), leaf.end(), uint8_t{0});
    for (size_t level = 0; level < depth; ++level) {
      const float* x = in.node(draws.plain().weighted(deviations));
      const float threshold = x[draws.plain().below(num_rows)];
      for (size_t row = 0; row < num_rows; ++row)
        leaf[row] = static_cast<uint8_t>(2 * leaf[row] + (x[row] > threshold ? 1 : 0));
    }
    draws.bulk().normal(0, 0, 1 / static_cast<float>(num_trees), values.data(), values.size());
    for (size_t output = 0; output < num_outputs; ++output) {
      const float* of_leaf = values.data() + (output << depth);
      float* to = out.node(output);
      for (size_t row = 0; row < num_rows; ++row) to[row] += of_leaf[leaf[row]];
    }
  }
  if (text != nullptr) *text = fmt::format("trees[{} of depth {}]", num_trees, depth);
}

void RandomFunctions::discretise(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                                 std::string* text) {
  const size_t num_rows = in.num_rows();
  const auto num_centres =
      static_cast<size_t>(std::min<int64_t>(draws.log_integer("centres", 2, 255), static_cast<int64_t>(num_rows)));
  const double p = draws.log_number("distance power", 0.5, 4);
  std::vector<uint32_t> centres(num_centres);
  for (uint32_t& centre : centres) centre = static_cast<uint32_t>(draws.plain().below(num_rows));
  const std::vector<uint32_t> nearest = nearest_centres(in, centres, p);
  const Matrix matrix = random_matrix(draws, num_outputs, in.num_nodes());
  multiply(matrix, in, out);
  std::vector<float> of_centre(num_centres);
  for (size_t output = 0; output < num_outputs; ++output) {
    float* values = out.node(output);
    for (size_t centre = 0; centre < num_centres; ++centre) of_centre[centre] = values[centres[centre]];
    for (size_t row = 0; row < num_rows; ++row) values[row] = of_centre[nearest[row]];
  }
  if (text != nullptr) *text = fmt::format("nearest of {} rows[L{:.2g}], linear", num_centres, p);
}

void RandomFunctions::quadratic(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                                std::string* text) {
  const size_t num_rows = in.num_rows();
  const size_t used = std::min<size_t>(in.num_nodes(), 20);
  NodeMatrix& z = first_;
  z.reshape(used + 1, num_rows);
  std::vector<uint32_t> order(in.num_nodes());
  std::iota(order.begin(), order.end(), 0u);
  for (size_t i = 0; i < used; ++i) {
    std::swap(order[i], order[i + draws.plain().below(order.size() - i)]);
    std::copy_n(in.node(order[i]), num_rows, z.node(i));
  }
  std::fill_n(z.node(used), num_rows, 1.0f);
  out.reshape(num_outputs, num_rows);
  // All matrices at once, a row for each entry of z and output.
  const Matrix all = random_matrix(draws, num_outputs * (used + 1), used + 1);
  multiply(all, z, second_);
  for (size_t output = 0; output < num_outputs; ++output) {
    float* to = out.node(output);
    std::fill_n(to, num_rows, 0.0f);
    for (size_t i = 0; i <= used; ++i) {
      const float* product = second_.node(output * (used + 1) + i);
      const float* factor = z.node(i);
      for (size_t row = 0; row < num_rows; ++row) to[row] += product[row] * factor[row];
    }
  }
  if (text != nullptr) *text = fmt::format("quadratic[{} inputs]", used);
}

void RandomFunctions::periodic(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                               std::string* text) {
  constexpr size_t kFeatures = 256;
  const size_t num_rows = in.num_rows(), p = in.num_nodes();
  const double decay = draws.log_number("spectrum decay", 2, 20);
  const auto radius = [&] { return std::pow(1 - draws.plain().uniform(), 1 / (1 - decay)) - 1; };
  const bool axes = draws.plain().chance(0.5);
  const NodeMatrix* input = &in;
  Matrix frequencies{kFeatures, p, std::vector<float>(kFeatures * p)};
  if (axes) {
    for (float& value : frequencies.values)
      value = static_cast<float>(draws.plain().chance(0.5) ? radius() : -radius());
  } else {
    frequencies = normal_matrix(draws, kFeatures, p);
    for (size_t row = 0; row < kFeatures; ++row) {
      double squares = 1e-30;
      for (size_t k = 0; k < p; ++k) squares += std::pow(frequencies.row(row)[k], 2);
      const auto factor = static_cast<float>(radius() / std::sqrt(squares));
      for (size_t k = 0; k < p; ++k) frequencies.row(row)[k] *= factor;
    }
    Matrix transform = normal_matrix(draws, p, p);
    const std::vector<float> weights = draws.weights(p);
    const auto scale = static_cast<float>(draws.log_number("input scale", 0.5, 10));
    for (size_t row = 0; row < p; ++row) {
      for (size_t k = 0; k < p; ++k) transform.row(row)[k] *= weights[row] * scale;
    }
    multiply(transform, in, first_);
    input = &first_;
  }
  multiply(frequencies, *input, second_);
  for (size_t feature = 0; feature < kFeatures; ++feature) {
    float* values = second_.node(feature);
    const auto phase = static_cast<float>(draws.plain().uniform(0, 2 * std::numbers::pi));
    for (size_t row = 0; row < num_rows; ++row) values[row] += phase;
    apply_activation(Activation::kSine, values, num_rows, values);
  }
  multiply(normal_matrix(draws, num_outputs, kFeatures, 1.0f / 16), second_, out);
  if (text != nullptr)
    *text = fmt::format("periodic[256 waves, {}, decay {:.3g}]", axes ? "along axes" : "any direction", decay);
}

void RandomFunctions::em(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                         std::string* text) {
  const size_t num_rows = in.num_rows();
  const size_t p_dimensions = std::min(in.num_nodes(), kMostDistanceDimensions);
  const auto k = static_cast<size_t>(
      draws.log_integer("em centres", 2, static_cast<int64_t>(std::max<size_t>(16, 2 * num_outputs))));
  const double spread = draws.number("em spread", 0, 1);
  const double p = draws.log_number("em distance power", 1, 4), e = draws.number("em exponent", 1, 2);
  NodeMatrix& logits = first_;
  logits.reshape(k, num_rows);
  for (size_t centre = 0; centre < k; ++centre) {
    float* values = logits.node(centre);
    std::fill_n(values, num_rows, 0.0f);
    const size_t row = draws.plain().below(num_rows);
    for (size_t node = 0; node < p_dimensions; ++node) {
      const auto at = static_cast<float>(in.node(node)[row] + draws.plain().normal());
      add_power_distance(in.node(node), num_rows, at, static_cast<float>(p), values);
    }
    const double s = std::exp(spread * draws.plain().normal());
    power_column(values, num_rows, static_cast<float>(e / p), static_cast<float>(-std::pow(s, -e)), false, values);
    const auto constant = static_cast<float>(-0.5 * std::log(2 * std::numbers::pi * s * s));
    for (size_t i = 0; i < num_rows; ++i) values[i] += constant;
  }
  apply_core({Core::kSoftmax, Activation::kIdentity, 1}, logits);
  multiply(random_matrix(draws, num_outputs, k), logits, out);
  if (text != nullptr) *text = fmt::format("soft assignment to {} centres[L{:.2g}], linear", k, p);
}

void RandomFunctions::product(CorrelatedDraws& draws, const NodeMatrix& in, size_t num_outputs, NodeMatrix& out,
                              std::string* text) {
  std::string left, right;
  apply_cheap(draws, in, num_outputs, factor_, text != nullptr ? &left : nullptr);
  apply_cheap(draws, in, num_outputs, out, text != nullptr ? &right : nullptr);
  for (size_t output = 0; output < num_outputs; ++output) {
    float* values = out.node(output);
    const float* factors = factor_.node(output);
    for (size_t row = 0; row < in.num_rows(); ++row) values[row] *= factors[row];
  }
  if (text != nullptr) *text = left + " times " + right;
}

void RandomFunctions::points(CorrelatedDraws& draws, size_t num_rows, size_t num_dimensions, NodeMatrix& out,
                             std::string* text) {
  NodeMatrix& cloud = cloud_;
  cloud.reshape(num_dimensions, num_rows);
  const size_t kind = draws.plain().below(4);
  const bool normal = kind == 1 || kind == 2 || (kind == 3 && draws.plain().chance(0.5));
  const BulkRandom bulk = draws.bulk();
  for (size_t node = 0; node < num_dimensions; ++node) {
    if (normal) {
      bulk.normal(static_cast<uint32_t>(node), 0, 1, cloud.node(node), num_rows);
    } else {
      bulk.uniform(static_cast<uint32_t>(node), -1, 1, cloud.node(node), num_rows);
    }
  }
  if (kind == 1) {  // uniform in the unit ball: a normal direction, radius u^(1/d)
    std::vector<float> radii(num_rows);
    draws.bulk().uniform(0, 0, 1, radii.data(), num_rows);
    for (size_t row = 0; row < num_rows; ++row) {
      double squares = 1e-30;
      for (size_t node = 0; node < num_dimensions; ++node) squares += std::pow(cloud.node(node)[row], 2);
      const auto factor =
          static_cast<float>(std::pow(radii[row], 1.0 / static_cast<double>(num_dimensions)) / std::sqrt(squares));
      for (size_t node = 0; node < num_dimensions; ++node) cloud.node(node)[row] *= factor;
    }
  } else if (kind == 3) {
    Matrix matrix = normal_matrix(draws, num_dimensions, num_dimensions);
    const std::vector<float> weights = draws.weights(num_dimensions);
    for (size_t row = 0; row < num_dimensions; ++row) {
      for (size_t k = 0; k < num_dimensions; ++k) matrix.row(row)[k] *= weights[k];
    }
    multiply(matrix, cloud, first_);
    for (size_t node = 0; node < num_dimensions; ++node) std::copy_n(first_.node(node), num_rows, cloud.node(node));
  }
  std::string function;
  apply_any(draws, cloud, num_dimensions, out, text != nullptr ? &function : nullptr);
  if (text != nullptr) {
    constexpr std::string_view kClouds[] = {"uniform cube", "uniform ball", "normal", "correlated"};
    *text = fmt::format("{} of a {} cloud", function, kClouds[kind]);
  }
}

}  // namespace manyshot::prior
