#include "train/optimizer/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "core/files.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "kernels/simd.h"
#include "support/source_path.h"
#include "train/optimizer/newton_schulz.h"
#include "train/optimizer/schedule.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::simd_level;
using kernels::SimdLevel;

namespace {

Json torch_answers() { return Json::parse(read_file(source_path("tests/data/optimizer_answers.json"))); }

// A matrix and a gain with values and gradients as tools/parity/optimizer_answers.py makes them.
class Weights {
 public:
  explicit Weights(size_t rows = 6, size_t columns = 4) : matrix_(rows * columns), gain_(columns, 1.0f) {
    for (size_t i = 0; i < matrix_.size(); ++i) matrix_[i] = static_cast<float>(0.5 * std::sin(1.0 + double(i)));
    matrix_gradient_.resize(matrix_.size());
    gain_gradient_.resize(gain_.size());
    list_ = {{"matrix", {rows, columns}, ParameterKind::kMatrix, matrix_, matrix_gradient_},
             {"gain", {columns}, ParameterKind::kVector, gain_, gain_gradient_}};
  }
  void make_gradients(int step) {
    for (size_t i = 0; i < matrix_.size(); ++i) {
      matrix_gradient_[i] = static_cast<float>(std::sin(0.37 * double(i * i) + double(step) * step));
    }
    for (size_t i = 0; i < gain_.size(); ++i) gain_gradient_[i] = static_cast<float>(std::cos(double(i) + step));
  }
  std::span<Parameter> list() { return list_; }
  const std::vector<float>& matrix() const { return matrix_; }
  const std::vector<float>& gain() const { return gain_; }

 private:
  std::vector<float> matrix_, gain_, matrix_gradient_, gain_gradient_;
  std::vector<Parameter> list_;
};

void run(Optimizer& optimizer, Weights& weights, int first, int last) {
  for (int step = first; step < last; ++step) {
    weights.make_gradients(step);
    optimizer.step(1.0);
  }
}

void expect_answer(const OptimizerOptions& options, const char* name, double tolerance) {
  const Json answers = torch_answers();
  Weights weights;
  const auto optimizer = make_optimizer(options, weights.list());
  run(*optimizer, weights, 0, answers.at("steps").get<int>());
  const auto expected = answers.at(name).get<std::vector<double>>();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(weights.matrix()[i], expected[i], tolerance) << name << i;
}

OptimizerOptions muon_options() {
  return {.kind = OptimizerKind::kMuon, .learning_rate = 0.02, .weight_decay = 0.1, .dtype = DType::kFloat32};
}

TEST(Optimizer, AdamWIsTorchs) {
  expect_answer({.learning_rate = 0.05, .beta2 = 0.98, .weight_decay = 0.1}, "adamw", 2e-6);
}

// Theirs iterates in bf16: five steps of 0.02 agree within a few per cent of a step.
TEST(Optimizer, MuonIsTorchs) {
  OptimizerOptions options = muon_options();
  expect_answer(options, "muon", 2e-3);
  options.muon_scale = MuonScale::kAdamSize;
  expect_answer(options, "muon_adam_size", 2e-3);
  if (!kernels::has_bf16(simd_level())) return;
  options.dtype = DType::kBFloat16;
  expect_answer(options, "muon_adam_size", 2e-3);
}

// The same iteration in double.
std::vector<double> orthogonalised(const std::vector<float>& matrix, size_t rows, size_t columns, int steps) {
  double squares = 0;
  for (const float value : matrix) squares += double(value) * value;
  std::vector<double> x(matrix.begin(), matrix.end());
  for (double& value : x) value /= std::sqrt(squares);
  for (int step = 0; step < steps; ++step) {
    std::vector<double> gram(rows * rows), square(rows * rows), next(x.size());
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < rows; ++j) {
        for (size_t k = 0; k < columns; ++k) gram[i * rows + j] += x[i * columns + k] * x[j * columns + k];
      }
    }
    for (size_t i = 0; i < rows; ++i) {
      for (size_t j = 0; j < rows; ++j) {
        for (size_t k = 0; k < rows; ++k) square[i * rows + j] += gram[i * rows + k] * gram[k * rows + j];
      }
    }
    for (size_t i = 0; i < rows; ++i) {
      for (size_t k = 0; k < columns; ++k) {
        next[i * columns + k] = 3.4445 * x[i * columns + k];
        for (size_t j = 0; j < rows; ++j) {
          next[i * columns + k] += (-4.7750 * gram[i * rows + j] + 2.0315 * square[i * rows + j]) * x[j * columns + k];
        }
      }
    }
    x = next;
  }
  return x;
}

template <class T>
void expect_orthogonalised(size_t rows, size_t columns, double tolerance) {
  const Rng rng = Rng(1).child("matrix");
  std::vector<float> matrix(rows * columns);
  for (size_t i = 0; i < matrix.size(); ++i) matrix[i] = static_cast<float>(rng.normal(i));
  const std::vector<double> expected = orthogonalised(matrix, rows, columns, 5);
  NewtonSchulz<T> iteration(48, 48);
  iteration.orthogonalise(matrix.data(), rows, columns, 5);
  for (size_t i = 0; i < matrix.size(); ++i) ASSERT_NEAR(matrix[i], expected[i], tolerance) << rows << "x" << columns;
}

TEST(NewtonSchulz, TallWideAndOddMatrices) {
  for (const auto& [rows, columns] : {std::pair<size_t, size_t>{16, 16}, {48, 32}, {32, 48}, {7, 21}, {20, 3}}) {
    expect_orthogonalised<float>(rows, columns, 2e-4);
    if (kernels::has_bf16(simd_level())) expect_orthogonalised<BFloat16>(rows, columns, 0.08);
  }
}

// x is the running mean of z, y lies between them, as the paper's section 2 has it.
TEST(Optimizer, ScheduleFreeFollowsThePaper) {
  const OptimizerOptions options{.kind = OptimizerKind::kScheduleFree, .learning_rate = 0.05, .weight_decay = 0.1};
  Weights weights;
  const auto optimizer = make_optimizer(options, weights.list());
  std::vector<double> x(weights.matrix().begin(), weights.matrix().end()), y = x, z = x, v(x.size());
  for (int step = 0; step < 6; ++step) {
    weights.make_gradients(step);
    for (size_t i = 0; i < x.size(); ++i) {
      const double g = weights.list()[0].gradient[i];
      v[i] = 0.999 * v[i] + 0.001 * g * g;
      z[i] -= 0.05 * (g / (std::sqrt(v[i] / (1 - std::pow(0.999, step + 1))) + 1e-8) + 0.1 * y[i]);
      x[i] += (z[i] - x[i]) / (step + 1);
      y[i] = 0.1 * z[i] + 0.9 * x[i];
    }
    optimizer->step(1.0);
  }
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(weights.matrix()[i], y[i], 2e-5) << i;
  const std::vector<float> masters = weights.matrix();
  ASSERT_TRUE(optimizer->has_average());
  optimizer->swap_average();
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(weights.matrix()[i], x[i], 2e-5) << i;
  optimizer->swap_average();
  EXPECT_EQ(weights.matrix(), masters);
}

// State taken after four steps and put into a fresh optimiser: the next three give the same bits.
TEST(Optimizer, ResumesToTheSameBits) {
  for (const auto kind : {OptimizerKind::kAdamW, OptimizerKind::kMuon, OptimizerKind::kScheduleFree}) {
    const OptimizerOptions options{.kind = kind, .learning_rate = 0.03, .weight_decay = 0.01};
    Weights whole;
    const auto optimizer = make_optimizer(options, whole.list());
    run(*optimizer, whole, 0, 4);

    Weights resumed;
    const auto fresh = make_optimizer(options, resumed.list());
    for (size_t i = 0; i < 2; ++i) {
      std::copy(whole.list()[i].value.begin(), whole.list()[i].value.end(), resumed.list()[i].value.begin());
    }
    const auto from = optimizer->state(), to = fresh->state();
    ASSERT_EQ(from.size(), to.size());
    for (size_t i = 0; i < from.size(); ++i) {
      EXPECT_EQ(from[i].name, to[i].name);
      std::copy(from[i].values.begin(), from[i].values.end(), to[i].values.begin());
    }
    fresh->set_counters(Json::parse(optimizer->counters().dump()));
    run(*optimizer, whole, 4, 7);
    run(*fresh, resumed, 4, 7);
    EXPECT_EQ(whole.matrix(), resumed.matrix());
    EXPECT_EQ(whole.gain(), resumed.gain());
  }
}

TEST(Optimizer, SameBitsAtAnyNumberOfThreads) {
  for (const auto kind : {OptimizerKind::kAdamW, OptimizerKind::kMuon, OptimizerKind::kScheduleFree}) {
    std::vector<float> first;
    for (const int threads : {1, 3}) {
      set_num_threads(threads);
      Weights weights(160, 256);
      const auto optimizer = make_optimizer({.kind = kind}, weights.list());
      run(*optimizer, weights, 0, 3);
      if (threads == 1) first = weights.matrix();
      EXPECT_EQ(weights.matrix(), first);
    }
  }
  set_num_threads(0);
}

TEST(Optimizer, DecayIsForMatricesOnly) {
  Weights weights;
  const auto optimizer = make_optimizer({.learning_rate = 0.1, .weight_decay = 0.5}, weights.list());
  optimizer->step(1.0);  // all gradients are zero
  EXPECT_FLOAT_EQ(weights.matrix()[0], static_cast<float>(0.5 * std::sin(1.0) * 0.95));
  EXPECT_EQ(weights.gain()[0], 1.0f);
}

TEST(Optimizer, ClippingKeepsTheDirection) {
  Weights weights;
  weights.make_gradients(2);
  const float before = weights.list()[0].gradient[3];
  const double norm = gradient_norm(weights.list());
  EXPECT_EQ(clip_gradients(weights.list(), 2 * norm), norm);
  EXPECT_EQ(weights.list()[0].gradient[3], before);
  EXPECT_EQ(clip_gradients(weights.list(), 0), norm);
  EXPECT_EQ(clip_gradients(weights.list(), 0.5), norm);
  EXPECT_NEAR(gradient_norm(weights.list()), 0.5, 1e-6);
  EXPECT_NEAR(weights.list()[0].gradient[3], before * 0.5 / norm, 1e-7);
}

TEST(Schedule, FactorsOfEachKind) {
  const Schedule cosine{.kind = ScheduleKind::kCosine, .steps = 111, .warmup_steps = 10, .final_fraction = 0.1};
  EXPECT_DOUBLE_EQ(cosine.factor(0), 0.1);
  EXPECT_DOUBLE_EQ(cosine.factor(9), 1);
  EXPECT_DOUBLE_EQ(cosine.factor(10), 1);
  EXPECT_NEAR(cosine.factor(60), 0.55, 1e-12);
  EXPECT_DOUBLE_EQ(cosine.factor(110), 0.1);
  EXPECT_DOUBLE_EQ(cosine.factor(500), 0.1);
  const Schedule linear{.kind = ScheduleKind::kLinear, .steps = 101};
  EXPECT_DOUBLE_EQ(linear.factor(25), 0.75);
  EXPECT_DOUBLE_EQ(linear.factor(100), 0);
  EXPECT_DOUBLE_EQ((Schedule{.kind = ScheduleKind::kConstant, .steps = 10}.factor(7)), 1);
}

}  // namespace
}  // namespace manyshot::train
