// The engine of devices against our own kernels: losses, gradients, log-probabilities, steps of every optimiser, states
// that move between the two. On libtorch's CPU everywhere, on a GPU where there is one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "support/error.h"
#include "train/compact/random_tasks.h"
#include "train/device/library.h"
#include "train/device/vector_distance.h"
#include "train/optimizer/host_updates.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

// Relative to the norm of the gradient at hand: f32 against f32, and bf16 products against f32's. Processors round
// products in other orders: with the AVX2 kernels of libtorch the smallest tensor is .050 off.
constexpr double kFloatGradient = 2e-4, kRoundedGradient = 0.08;
constexpr double kFloatLoss = 1e-6, kRoundedLoss = 0.01;
constexpr double kFloatLogProbability = 1e-4, kRoundedLogProbability = 0.15;

std::vector<TrainSample> mixed_batch(int version) {
  if (version == 2) {
    return {random_task({.version = 2}, 1),
            random_task({.num_labelled = 1, .num_queries = 2, .num_features = 7, .version = 2}, 2),
            random_task(
                {.num_labelled = 40, .num_queries = 0, .num_features = 3, .version = 2, .predicts_number = true}, 3),
            random_task(
                {.num_labelled = 17, .num_queries = 9, .num_features = 20, .version = 2, .predicts_number = true}, 4)};
  }
  return {random_task({}, 1), random_task({.num_labelled = 1, .num_queries = 2, .num_features = 7}, 2),
          random_task({.num_labelled = 40, .num_queries = 0, .num_features = 3}, 3),
          random_task({.num_labelled = 17, .num_queries = 9, .num_features = 20}, 4)};
}

class CompactDevice : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    device_ = parse_device(GetParam());
    try {
      make(small_network(DType::kFloat32));
    } catch (const Error& error) {
      if (!device_.is_cuda()) throw;
      std::printf("skipped: %s\n", error.what());
      GTEST_SKIP() << error.what();
    }
  }
  // A GPU computes in bf16 alone.
  std::unique_ptr<CompactModel> make(CompactNetworkOptions options) const {
    if (device_.is_cuda()) options.dtype.reset();
    return make_device_compact_model(options, device_);
  }
  bool is_rounded(const CompactNetworkOptions& options) const {
    return device_.is_cuda() || options.dtype == DType::kBFloat16;
  }

  void expect_same_gradients(const CompactNetworkOptions& options) {
    CompactNetworkOptions exact = options;
    exact.dtype = DType::kFloat32;
    const auto ours = make_compact_model(exact), theirs = make(options);
    shake(*ours);
    shake(*theirs);
    const std::vector<TrainSample> batch = mixed_batch(options.config.typed ? 2 : 1);
    zero_gradients(ours->parameters());
    const LossSum expected = ours->accumulate(batch, 0.5f, 0), sum = theirs->accumulate(batch, 0.5f, 0);
    const bool rounded = is_rounded(options);
    EXPECT_NEAR(sum.loss, expected.loss, (rounded ? kRoundedLoss : kFloatLoss) * expected.loss);
    EXPECT_EQ(sum.weight, expected.weight);
    EXPECT_EQ(sum.tokens, expected.tokens);
    EXPECT_EQ(sum.flops, expected.flops);
    if (!rounded) EXPECT_EQ(sum.correct, expected.correct);
    const auto found = theirs->parameters();
    for (size_t i = 0; i < found.size(); ++i) {
      const std::span<const float> gradient = ours->parameters()[i].gradient;
      EXPECT_LT(distance(found[i].gradient, gradient),
                (rounded ? kRoundedGradient : kFloatGradient) * (norm(gradient) + 1e-3))
          << found[i].name;
    }
    EXPECT_NEAR(theirs->loss(batch).loss, sum.loss, 1e-5 * expected.loss) << "without gradients";
  }

  Device device_;
};

TEST_P(CompactDevice, LossAndGradients) { expect_same_gradients(small_network(DType::kFloat32)); }

TEST_P(CompactDevice, LossAndGradientsInBfloat16) { expect_same_gradients(small_network(DType::kBFloat16)); }

TEST_P(CompactDevice, CellsOfEveryKindClassesAndNumbers) {
  expect_same_gradients(small_network(DType::kFloat32, /*version=*/2));
}

TEST_P(CompactDevice, AnswersOnlyAmongTheTasksLabels) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.loss = LossMode::kAnswer;
  options.all_labels = false;
  expect_same_gradients(options);
}

TEST_P(CompactDevice, ResidualDecayAndGroupedQueries) {
  CompactNetworkOptions options = small_network(DType::kFloat32);
  options.residual_decay = 0.9;
  options.config = compact_config({.hidden_size = 64,
                                   .intermediate_size = 80,
                                   .num_attention_heads = 4,
                                   .num_key_value_heads = 2,
                                   .num_hidden_layers = 3,
                                   .row_layers = 1});
  expect_same_gradients(options);
}

TEST_P(CompactDevice, LogProbabilitiesAndExport) {
  const CompactNetworkOptions options = small_network(DType::kFloat32);
  const auto ours = make_compact_model(options), theirs = make(options);
  shake(*ours);
  shake(*theirs);
  const TrainSample task = random_task({.num_labelled = 12, .num_queries = 6, .num_features = 5}, 8);
  const std::vector<float> expected = ours->log_probabilities(task), found = theirs->log_probabilities(task);
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    EXPECT_NEAR(found[i], expected[i], is_rounded(options) ? kRoundedLogProbability : kFloatLogProbability);
  }
  const Weights weights = theirs->exported();
  EXPECT_EQ(weights.embedding, ours->exported().embedding) << "masters are f32 on every device";
  CompactNetworkOptions other = options;
  other.seed = 12;
  if (device_.is_cuda()) other.dtype.reset();
  const auto again = make_device_compact_model(other, device_, &weights);
  const std::vector<float> reread = again->log_probabilities(task);
  for (size_t i = 0; i < found.size(); ++i) EXPECT_NEAR(reread[i], found[i], is_rounded(options) ? 0.15 : 0.02);
}

// The same steps on gradients that are the same, and the states afterwards.
TEST_P(CompactDevice, StepsOfEveryOptimizer) {
  const CompactNetworkOptions options = small_network(DType::kFloat32);
  for (const OptimizerKind kind : {OptimizerKind::kAdamW, OptimizerKind::kMuon, OptimizerKind::kScheduleFree}) {
    const OptimizerOptions optimizer{.kind = kind,
                                     .learning_rate = 0.02,
                                     .vector_learning_rate = 0.01,
                                     .weight_decay = 0.1,
                                     .dtype = DType::kFloat32};
    const double ema = kind == OptimizerKind::kScheduleFree ? 0 : 0.9;
    const auto ours = make_compact_model(options), theirs = make(options);
    const auto our_updates = make_updates(*ours, optimizer, ema), their_updates = make_updates(*theirs, optimizer, ema);
    const std::vector<TrainSample> batch = mixed_batch(1);
    for (int step = 0; step < 3; ++step) {
      for (auto [model, updates] : {std::pair(ours.get(), our_updates.get()), {theirs.get(), their_updates.get()}}) {
        updates->zero_gradients();
        const LossSum sum = model->accumulate(batch, 1, 0);
        const double gradient_norm = updates->finish_gradients(1 / sum.weight, 0.5);
        EXPECT_GT(gradient_norm, 0.5) << "or clipping is not tested";
        updates->step(0.7, step);
      }
    }
    const std::vector<StateTensor> expected = our_updates->state(), found = their_updates->state();
    ASSERT_EQ(found.size(), expected.size());
    for (size_t i = 0; i < found.size(); ++i) {
      EXPECT_EQ(found[i].name, expected[i].name);
      const double tolerance = device_.is_cuda() ? 0.2 : 5e-3;
      EXPECT_LT(distance(found[i].values, expected[i].values), tolerance * (norm(expected[i].values) + 1e-6))
          << name_of(kind) << " " << found[i].name;
    }
    EXPECT_EQ(their_updates->counters(), our_updates->counters());

    // The average comes, and goes to the same bits.
    const std::vector<float> before(theirs->parameters()[2].value.begin(), theirs->parameters()[2].value.end());
    their_updates->swap_average();
    EXPECT_GT(distance(theirs->parameters()[2].value, before), 1e-6) << name_of(kind);
    our_updates->swap_average();
    EXPECT_LT(distance(theirs->parameters()[2].value, ours->parameters()[2].value), 0.2 * norm(before));
    their_updates->swap_average();
    EXPECT_EQ(distance(theirs->parameters()[2].value, before), 0) << name_of(kind);
  }
}

// A state that our kernels have left goes on here, and one from here goes on with our kernels.
TEST_P(CompactDevice, StatesMoveBetweenDevices) {
  const CompactNetworkOptions options = small_network(DType::kFloat32);
  CompactNetworkOptions elsewhere = options;
  elsewhere.seed = 99;
  const OptimizerOptions optimizer{.kind = OptimizerKind::kMuon, .learning_rate = 0.02, .dtype = DType::kFloat32};
  const std::vector<TrainSample> batch = mixed_batch(1);
  const auto take_step = [&](CompactModel& model, WeightUpdates& updates, int64_t number) {
    updates.zero_gradients();
    const LossSum sum = model.accumulate(batch, 1, 0);
    updates.finish_gradients(1 / sum.weight, 1);
    updates.step(1, number);
  };
  const auto ours = make_compact_model(options), theirs = make(elsewhere);
  const auto our_updates = make_updates(*ours, optimizer, 0.9), their_updates = make_updates(*theirs, optimizer, 0.9);
  take_step(*ours, *our_updates, 0);
  const auto copy_state = [](WeightUpdates& from, WeightUpdates& to) {
    const std::vector<StateTensor> source = from.state(), target = to.state();
    for (size_t i = 0; i < source.size(); ++i)
      std::copy(source[i].values.begin(), source[i].values.end(), target[i].values.begin());
    to.set_counters(from.counters());
    to.state_filled();
  };
  copy_state(*our_updates, *their_updates);
  EXPECT_NEAR(theirs->loss(batch).loss, ours->loss(batch).loss,
              (device_.is_cuda() ? 0.01 : 1e-5) * ours->loss(batch).loss);
  take_step(*ours, *our_updates, 1);
  take_step(*theirs, *their_updates, 1);
  const double tolerance = device_.is_cuda() ? 0.2 : 5e-3;
  for (size_t i = 0; i < ours->parameters().size(); ++i) {
    const std::span<const float> expected = ours->parameters()[i].value;
    EXPECT_LT(distance(theirs->parameters()[i].value, expected), tolerance * norm(expected))
        << ours->parameters()[i].name;
  }
  const auto third = make_compact_model(elsewhere);
  const auto third_updates = make_updates(*third, optimizer, 0.9);
  copy_state(*their_updates, *third_updates);
  EXPECT_EQ(distance(third->parameters()[3].value, theirs->parameters()[3].value), 0);
}

TEST_P(CompactDevice, SamplesThatDoNotFitAreNamed) {
  const auto model = make(small_network(DType::kFloat32));
  TrainSample sample = random_task({}, 1);
  sample.tokens[1] = 1010;
  EXPECT_THAT(error_of([&] { model->accumulate({&sample, 1}, 1, 0); }).what(), HasSubstr("sample 1, row 0"));
}

INSTANTIATE_TEST_SUITE_P(Devices, CompactDevice, ::testing::Values("torch-cpu", "cuda"),
                         [](const auto& info) { return std::string(info.param) == "cuda" ? "Gpu" : "TorchCpu"; });

}  // namespace
}  // namespace manyshot::train
