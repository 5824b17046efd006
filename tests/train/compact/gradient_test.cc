// Loss and gradients of `compact` training against the dense-mask reference in double and its central differences.
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "kernels/simd.h"
#include "train/compact/random_tasks.h"
#include "train/compact/reference_network.h"

namespace manyshot::train {

using kernels::simd_level;
using kernels::SimdLevel;

namespace {

// Relative to the size of the gradient at hand: f32 sums against double.
constexpr double kGradientTolerance = 1e-3;
constexpr double kLossTolerance = 1e-5;
constexpr double kStep = 1e-4;

double norm(std::span<const float> values) {
  double squares = 0;
  for (const float value : values) squares += static_cast<double>(value) * value;
  return std::sqrt(squares);
}

// Along two random directions that move every value of the tensor, and along three single values.
void check_parameter(const Parameter& parameter, std::span<const TrainSample> batch, ReferenceNetwork& reference) {
  std::vector<double>& values = reference.values(parameter.name);
  const std::vector<double> kept = values;
  const Rng rng = Rng(9).child(parameter.name);
  const double size = norm(parameter.gradient);
  for (uint64_t direction = 0; direction < 5; ++direction) {
    std::vector<double> step(values.size());
    if (direction < 2) {
      for (size_t i = 0; i < step.size(); ++i) step[i] = rng.child("direction", direction).normal(i);
      const double scale = std::sqrt(static_cast<double>(step.size()));
      for (double& value : step) value /= scale;
    } else {
      step[rng.below(direction, step.size())] = 1;
    }
    const auto loss_at = [&](double distance) {
      for (size_t i = 0; i < values.size(); ++i) values[i] = kept[i] + distance * step[i];
      double sum = 0;
      for (const TrainSample& sample : batch) sum += reference.loss(sample);
      return sum;
    };
    const double expected = (loss_at(kStep) - loss_at(-kStep)) / (2 * kStep);
    values = kept;
    double slope = 0;
    for (size_t i = 0; i < step.size(); ++i) slope += step[i] * parameter.gradient[i];
    EXPECT_NEAR(slope, expected, kGradientTolerance * (size + 1e-3)) << parameter.name << ", direction " << direction;
  }
}

void check_gradients(const CompactNetworkOptions& options, std::span<const TrainSample> batch) {
  const auto model = make_compact_model(options);
  shake(*model);
  ReferenceNetwork reference(options, model->parameters());
  zero_gradients(model->parameters());
  const LossSum sum = model->accumulate(batch, /*scale=*/1.0f, /*seed=*/0);
  double expected = 0;
  for (const TrainSample& sample : batch) expected += reference.loss(sample);
  EXPECT_NEAR(sum.loss, expected, kLossTolerance * expected);
  EXPECT_GT(sum.weight, 0);
  EXPECT_EQ(model->loss(batch).loss, sum.loss);
  for (const Parameter& parameter : model->parameters()) check_parameter(parameter, batch, reference);
}

TEST(CompactGradient, DenseLoss) {
  const TrainSample batch[] = {random_task({}, 1), random_task({.num_labelled = 4, .num_queries = 0}, 2)};
  check_gradients(small_network(DType::kFloat32), batch);
}

TEST(CompactGradient, AnswersOnlyAmongTheTasksLabels) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.loss = LossMode::kAnswer;
  options.all_labels = false;
  const TrainSample batch[] = {random_task({.num_labelled = 6, .num_queries = 2, .num_features = 3}, 3)};
  check_gradients(options, batch);
}

TEST(CompactGradient, ResidualDecayAndGroupedQueries) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.residual_decay = 0.9;
  options.config = compact_config({.hidden_size = 32,
                                   .intermediate_size = 80,
                                   .num_attention_heads = 2,
                                   .num_key_value_heads = 1,
                                   .num_hidden_layers = 3,
                                   .row_layers = 1});
  const TrainSample batch[] = {random_task({}, 5)};
  check_gradients(options, batch);
}

TEST(CompactGradient, CellsOfEveryKindClassesAndNumbers) {
  const TrainSample batch[] = {random_task({.num_features = 5, .version = 2}, 6),
                               random_task({.num_features = 4, .version = 2, .predicts_number = true}, 7)};
  check_gradients(small_network(DType::kFloat32, /*version=*/2), batch);
}

// The products' rounding shows, and no more: gradients point where the f32 ones do.
TEST(CompactGradient, BFloat16IsNearFloat32) {
  if (!kernels::has_bf16(simd_level())) GTEST_SKIP() << "this processor has no avx512_bf16";
  const TrainSample batch[] = {random_task({.num_labelled = 40, .num_queries = 9, .num_features = 5}, 6),
                               random_task({.num_labelled = 17, .num_queries = 3, .num_features = 8}, 7)};
  const auto exact = make_compact_model(small_network(DType::kFloat32));
  const auto rounded = make_compact_model(small_network(DType::kBFloat16));
  const LossSum exact_sum = exact->accumulate(batch, 0.5f, 0), rounded_sum = rounded->accumulate(batch, 0.5f, 0);
  EXPECT_NEAR(rounded_sum.mean(), exact_sum.mean(), 0.02);
  for (size_t i = 0; i < exact->parameters().size(); ++i) {
    const Parameter &a = exact->parameters()[i], &b = rounded->parameters()[i];
    double product = 0;
    for (size_t k = 0; k < a.gradient.size(); ++k) product += static_cast<double>(a.gradient[k]) * b.gradient[k];
    EXPECT_GT(product / (norm(a.gradient) * norm(b.gradient)), 0.995) << a.name;
    EXPECT_NEAR(norm(b.gradient) / norm(a.gradient), 1, 0.05) << a.name;
  }
}

}  // namespace
}  // namespace manyshot::train
