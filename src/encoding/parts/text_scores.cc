#include "encoding/parts/text_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/cholesky.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "encoding/parts/text_terms.h"

namespace manyshot {
namespace {

constexpr double kPenalties[] = {0.3, 1, 3};  // the inner product of a text with itself is 1

// Of each cell, by category; the last entry is that of a missing one.
std::vector<std::vector<TextTerm>> terms_by_code(const Column& column) {
  std::vector<std::vector<TextTerm>> terms(column.categories.size() + 1);
  std::vector<bool> is_used(column.categories.size());
  for (const int32_t code : column.codes) {
    if (code != kMissingCode) is_used[static_cast<size_t>(code)] = true;
  }
  parallel_for(column.categories.size(), [&](size_t code, int) {
    if (is_used[code]) terms[code] = text_terms(column.categories[code]);
  });
  return terms;
}

size_t place_of(const Column& column, size_t row) {
  return column.codes[row] == kMissingCode ? column.categories.size() : static_cast<size_t>(column.codes[row]);
}

// Scales words, and runs of characters, to a length of sqrt(1/2) each.
void normalise(std::vector<TextTerm>& terms) {
  const auto middle = std::ranges::partition_point(terms, [](const TextTerm& t) { return t.place < kWordPlaces; });
  const auto scale = [](auto begin, auto end) {
    double squares = 0;
    for (auto term = begin; term != end; ++term) squares += term->weight * term->weight;
    const double factor = squares > 0 ? std::sqrt(0.5 / squares) : 0;
    for (auto term = begin; term != end; ++term) term->weight *= factor;
  };
  scale(terms.begin(), middle);
  scale(middle, terms.end());
}

// Ridge regression on inner products of rows.
struct DualProblem {
  std::vector<double> products;       // [N, N]
  const std::vector<double>& values;  // [N, width], centred
  size_t width;

  size_t num_rows() const { return values.size() / width; }

  // [rows, width] What the rows count.
  std::vector<double> solve(const std::vector<size_t>& rows, double penalty) const {
    const size_t n = rows.size();
    std::vector<double> matrix(n * n);
    for (size_t a = 0; a < n; ++a) {
      for (size_t b = 0; b <= a; ++b) matrix[a * n + b] = products[rows[a] * num_rows() + rows[b]];
      matrix[a * n + a] += penalty;
    }
    const Cholesky cholesky(std::move(matrix), n);
    std::vector<double> result(n * width), target(n);
    for (size_t k = 0; k < width; ++k) {
      for (size_t a = 0; a < n; ++a) target[a] = values[rows[a] * width + k];
      cholesky.solve(target.data());
      for (size_t a = 0; a < n; ++a) result[a * width + k] = target[a];
    }
    return result;
  }

  // [N, width] Each row by the rows of the other folds.
  std::vector<double> held_out(double penalty, const std::vector<size_t>& fold_of) const {
    std::vector<double> result(values.size());
    parallel_for(kHeldOutFolds, [&](size_t fold, int) {
      check_interrupted();
      std::vector<size_t> shown;
      for (size_t row = 0; row < num_rows(); ++row) {
        if (fold_of[row] != fold) shown.push_back(row);
      }
      const std::vector<double> counts = solve(shown, penalty);
      for (size_t row = 0; row < num_rows(); ++row) {
        if (fold_of[row] != fold) continue;
        for (size_t a = 0; a < shown.size(); ++a) {
          const double product = products[row * num_rows() + shown[a]];
          for (size_t k = 0; k < width; ++k) result[row * width + k] += product * counts[a * width + k];
        }
      }
    });
    return result;
  }
};

std::vector<size_t> all_of(size_t count) {
  std::vector<size_t> places(count);
  std::iota(places.begin(), places.end(), size_t{0});
  return places;
}

// The columns `places` of a matrix [rows, width].
std::vector<double> columns_of(const std::vector<double>& matrix, size_t width, const std::vector<uint32_t>& places) {
  std::vector<double> result;
  for (size_t begin = 0; begin < matrix.size(); begin += width) {
    for (const uint32_t place : places) result.push_back(matrix[begin + place]);
  }
  return result;
}

}  // namespace

std::optional<TextScores::Fitted> TextScores::fit(const Column& shots, const ScoredTargets& targets) {
  const size_t num_rows = shots.codes.size(), width = targets.width;
  if (num_rows < kLeastHeldOutRows || width == 0) return std::nullopt;
  const size_t num_fitted = std::min(num_rows, kMostRows);
  // Every so many-th row in the order of the targets, dealt out to the folds in turn.
  std::vector<size_t> rows(num_fitted), fold_of(num_fitted);
  for (size_t i = 0; i < num_fitted; ++i) {
    rows[i] = targets.strata[i * num_rows / num_fitted];
    fold_of[i] = i % kHeldOutFolds;
  }
  TextScores scores;
  scores.means_.assign(width, 0);
  std::vector<double> values;
  for (const size_t row : rows) {
    for (size_t k = 0; k < width; ++k) {
      values.push_back(targets.values[row * width + k]);
      scores.means_[k] += values.back() / static_cast<double>(num_fitted);
    }
  }
  for (size_t i = 0; i < values.size(); ++i) values[i] -= scores.means_[i % width];

  const std::vector<std::vector<TextTerm>> by_code = terms_by_code(shots);
  std::vector<uint32_t> rows_with(kTextPlaces);
  for (const size_t row : rows) {
    for (const TextTerm& term : by_code[place_of(shots, row)]) ++rows_with[term.place];
  }
  for (uint32_t place = 0; place < kTextPlaces; ++place) {
    if (rows_with[place] == 0) continue;
    scores.terms_.push_back(place);
    scores.rarities_.push_back(1 + std::log(static_cast<double>(1 + num_fitted) / (1 + rows_with[place])));
  }
  scores.find_places();
  std::vector<std::vector<TextTerm>> terms;  // of the fitted rows
  for (const size_t row : rows) {
    std::vector<TextTerm>& mine = terms.emplace_back(by_code[place_of(shots, row)]);
    for (TextTerm& term : mine) term.weight *= scores.rarities_[static_cast<size_t>(scores.term_at_[term.place])];
    normalise(mine);
  }

  DualProblem problem{.products = std::vector<double>(num_fitted * num_fitted), .values = values, .width = width};
  parallel_for(num_fitted, [&](size_t a, int) {
    std::vector<double> mine(kTextPlaces);
    for (const TextTerm& term : terms[a]) mine[term.place] = term.weight;
    for (size_t b = 0; b < num_fitted; ++b) {
      double product = 0;
      for (const TextTerm& term : terms[b]) product += mine[term.place] * term.weight;
      problem.products[a * num_fitted + b] = product;
    }
  });
  double best_penalty = 0;
  Gain best{.explained = -std::numeric_limits<double>::infinity()};
  std::vector<double> held_out;
  for (const double penalty : kPenalties) {
    std::vector<double> tried = problem.held_out(penalty, fold_of);
    const Gain gain = gain_of(tried, values, width, all_of(width));
    if (gain.explained <= best.explained) continue;
    best = gain;
    best_penalty = penalty;
    held_out = std::move(tried);
  }
  for (size_t place = 0; place < width; ++place) {
    if (gain_of(held_out, values, width, std::span(&place, 1)).helps())
      scores.places_.push_back(static_cast<uint32_t>(place));
  }
  if (scores.places_.empty()) return std::nullopt;

  scores.means_ = columns_of(scores.means_, width, scores.places_);
  held_out = columns_of(held_out, width, scores.places_);
  const std::vector<double> kept = columns_of(values, width, scores.places_);
  const size_t num_kept = scores.width();
  const DualProblem last{.products = std::move(problem.products), .values = kept, .width = num_kept};
  const std::vector<double> counts = last.solve(all_of(num_fitted), best_penalty);
  scores.weights_.resize(scores.terms_.size() * num_kept);
  for (size_t a = 0; a < num_fitted; ++a) {
    for (const TextTerm& term : terms[a]) {
      double* weights = scores.weights_.data() + static_cast<size_t>(scores.term_at_[term.place]) * num_kept;
      for (size_t k = 0; k < num_kept; ++k) weights[k] += term.weight * counts[a * num_kept + k];
    }
  }
  Fitted fitted{.scores = std::move(scores),
                .honest = {},
                .explained = gain_of(held_out, kept, num_kept, all_of(num_kept)).explained};
  fitted.honest = fitted.scores.predict(shots, num_rows);  // of rows that were not fitted on
  for (size_t i = 0; i < num_fitted; ++i) {
    for (size_t k = 0; k < num_kept; ++k)
      fitted.honest[rows[i] * num_kept + k] = held_out[i * num_kept + k] + fitted.scores.means_[k];
  }
  return fitted;
}

void TextScores::find_places() {
  term_at_.assign(kTextPlaces, -1);
  for (size_t i = 0; i < terms_.size(); ++i) term_at_[terms_[i]] = static_cast<int32_t>(i);
}

std::vector<double> TextScores::predict(const Column& cells, size_t num_rows) const {
  // A term that no labelled row has counts in the length of the text, as one of the rarest, and says nothing.
  const double rarest = rarities_.empty() ? 1 : std::ranges::max(rarities_);
  std::vector<std::vector<double>> by_code;
  for (std::vector<TextTerm>& terms : terms_by_code(cells)) {
    for (TextTerm& term : terms) {
      const int32_t index = term_at_[term.place];
      term.weight *= index < 0 ? rarest : rarities_[static_cast<size_t>(index)];
    }
    normalise(terms);
    std::vector<double>& score = by_code.emplace_back(means_);
    for (const TextTerm& term : terms) {
      const int32_t index = term_at_[term.place];
      for (size_t k = 0; index >= 0 && k < width(); ++k)
        score[k] += term.weight * weights_[static_cast<size_t>(index) * width() + k];
    }
  }
  std::vector<double> result;
  result.reserve(num_rows * width());
  for (size_t row = 0; row < num_rows; ++row) {
    const std::vector<double>& score = cells.is_number() ? by_code.back() : by_code[place_of(cells, row)];
    result.insert(result.end(), score.begin(), score.end());
  }
  return result;
}

void TextScores::write(ByteWriter& writer) const {
  writer.list(places_);
  writer.list(means_);
  writer.list(terms_);
  writer.list(rarities_);
  writer.list(weights_);
}

TextScores TextScores::read(ByteReader& reader) {
  TextScores scores;
  scores.places_ = reader.list<uint32_t>();
  scores.means_ = reader.list<double>();
  scores.terms_ = reader.list<uint32_t>();
  scores.rarities_ = reader.list<double>();
  scores.weights_ = reader.list<double>();
  const auto is_place = [](uint32_t place) { return place < kTextPlaces; };
  if (scores.means_.empty() || scores.places_.size() != scores.means_.size() ||
      scores.rarities_.size() != scores.terms_.size() || scores.terms_.size() > kTextPlaces ||
      scores.weights_.size() != scores.terms_.size() * scores.means_.size() ||
      !std::ranges::all_of(scores.terms_, is_place)) {
    reader.refuse("has words of no text");
  }
  scores.find_places();
  return scores;
}

}  // namespace manyshot
