// From a raw score to a target that is a number: noise, shape, and the checks that decide whether a draw stands
// (docs/prior.md, "Numbers as targets").
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/names.h"
#include "prior/random/draws.h"
#include "prior/task/node_matrix.h"
#include "prior/task/notes.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// What is added to a standardised score.
enum class NoiseKind {
  kNone,
  kNormal,
  kStudentT,
  kByScore,   // normal, its deviation grows or falls with the score
  kByColumn,  // …, with one of the columns
};
constexpr auto names_of(NoiseKind) {
  return std::to_array<Named<NoiseKind>>({{NoiseKind::kNone, "none"},
                                          {NoiseKind::kNormal, "normal"},
                                          {NoiseKind::kStudentT, "student_t"},
                                          {NoiseKind::kByScore, "by_score"},
                                          {NoiseKind::kByColumn, "by_column"}});
}
inline constexpr size_t kNumNoiseKinds = names_of(NoiseKind{}).size();

struct NoiseLaw {
  NoiseKind kind = NoiseKind::kNone;
  double deviation = 0;  // over all rows, in deviations of the score
  double slope = 0;      // of the logarithm of the deviation, where it depends on something
  int degrees = 0;       // of freedom, Student's t
};
NoiseLaw draw_noise_law(Draws& draws);

// Adds the noise to `score` (standardised); `columns` are what kByColumn chooses from (NaN counts as the mean). Returns
// the law in words.
std::string add_noise(const NoiseLaw& law, const NodeMatrix& columns, const Rng& rng, std::vector<float>& score);

// How a score becomes what people measure.
enum class TargetShape {
  kAsItIs,
  kExp,
  kPower,         // of the distance to the smallest
  kZeroInflated,  // many rows are 0
  kRounded,
  kCounts,
};
constexpr auto names_of(TargetShape) {
  return std::to_array<Named<TargetShape>>({{TargetShape::kAsItIs, "as_it_is"},
                                            {TargetShape::kExp, "exp"},
                                            {TargetShape::kPower, "power"},
                                            {TargetShape::kZeroInflated, "zero_inflated"},
                                            {TargetShape::kRounded, "rounded"},
                                            {TargetShape::kCounts, "counts"}});
}
inline constexpr size_t kNumTargetShapes = names_of(TargetShape{}).size();

TargetShape draw_target_shape(Draws& draws);
// `values` (standardised) in that shape; returns it in words.
std::string apply_shape(TargetShape shape, const Rng& rng, std::vector<float>& values);

// Standardises `score`, adds noise, shapes it, and fills the task's target. Returns the reason when there is no target
// to give. Columns are those before cells go missing.
std::optional<Rejection> make_number_target(std::vector<float>& score, const NodeMatrix& columns, const Rng& rng,
                                            Task& task, Notes* notes);

}  // namespace manyshot::prior
