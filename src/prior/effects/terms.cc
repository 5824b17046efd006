#include "prior/effects/terms.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "prior/effects/conditions.h"
#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"

namespace manyshot::prior {
namespace {

constexpr double kKindWeights[kNumTermKinds] = {0.2, 0.12, 0.15, 0.08, 0.12, 0.1, 0.07, 0.08, 0.08};
constexpr size_t kMostPairLevels = 16;  // levels beyond share an effect with an earlier one

class TermDrawer {
 public:
  TermDrawer(const EffectTable& table, const Rng& rng, Term& term)
      : table_(table), rng_(rng), draws_(rng), term_(term), numbers_(table.numbers()), levels_(table.levels()) {
    term.values.assign(table.num_rows(), 0.0f);
  }

  void draw() {
    switch (term_.kind) {
      case TermKind::kLinear:
        return linear();
      case TermKind::kLevels:
        return levels();
      case TermKind::kSmooth:
        return smooth();
      case TermKind::kSteps:
        return steps();
      case TermKind::kPair:
        return pair();
      case TermKind::kRules:
        return rules();
      case TermKind::kParity:
        return parity();
      case TermKind::kDecisionList:
        return decision_list();
      case TermKind::kPrototypes:
        return prototypes();
    }
  }

 private:
  size_t num_rows() const { return table_.num_rows(); }
  float* out() { return term_.values.data(); }
  size_t one_of(const std::vector<size_t>& columns) {
    const size_t column = columns[draws_.below(columns.size())];
    term_.columns.push_back(column);
    return column;
  }
  template <class Function>
  void each_number(size_t column, const Function& function) {
    const float* x = table_.drivers.node(column);
    for (size_t row = 0; row < num_rows(); ++row) out()[row] += function(x[row]);
  }
  void add_levels(size_t column, float factor) {
    const std::vector<float> effects = level_effects(table_, column, rng_.child("levels", column));
    for (size_t row = 0; row < num_rows(); ++row)
      out()[row] += factor * effects[static_cast<size_t>(table_.level(column, row))];
  }

  void linear() {
    const std::vector<size_t> causes = table_.causes();
    const bool nearly_all = draws_.chance(0.4);
    const size_t count =
        nearly_all
            ? std::max<size_t>(1, static_cast<size_t>(static_cast<double>(causes.size()) * draws_.uniform(0.8, 1)))
            : static_cast<size_t>(draws_.between(1, 3));
    term_.columns = choose_columns(causes, count, draws_);
    // tanh(c x) / c: as good as linear for small c.
    const auto bend = static_cast<float>(draws_.log_uniform(0.02, 0.6));
    for (const size_t column : term_.columns) {
      const auto slope = static_cast<float>(draws_.normal());
      if (table_.columns[column].has_levels()) {
        add_levels(column, slope);
        term_.text += fmt::format(" {:+.3g} e(f{})", slope, column);
      } else {
        each_number(column, [&](float x) { return slope * std::tanh(bend * x) / bend; });
        term_.text += fmt::format(" {:+.3g} f{}", slope, column);
      }
    }
    term_.text = fmt::format("{}, bent by {}", term_.text.substr(1), short_number(bend));
  }

  void levels() {
    const size_t column = one_of(levels_);
    add_levels(column, 1);
    term_.text = fmt::format("effect of each level of f{}", column);
    if (table_.columns[column].role == ColumnRole::kNested)
      term_.text += fmt::format(", drawn to that of f{}", table_.columns[column].source);
  }

  void smooth() {
    const size_t column = one_of(numbers_);
    const size_t way = draws_.below(4);
    const auto place = static_cast<float>(draws_.normal());
    if (way == 0) {
      const auto num_knots = static_cast<size_t>(draws_.between(2, 5));
      std::vector<std::pair<float, float>> knots;
      for (size_t knot = 0; knot < num_knots; ++knot)
        knots.emplace_back(static_cast<float>(draws_.normal()), static_cast<float>(draws_.normal()));
      const auto slope = static_cast<float>(draws_.normal());
      each_number(column, [&](float x) {
        float y = slope * x;
        for (const auto& [at, bend] : knots) y += bend * std::max(x - at, 0.0f);
        return y;
      });
      term_.text = fmt::format("piecewise linear in f{}, {} knots", column, num_knots);
    } else if (way == 1) {
      const auto steepness = static_cast<float>(draws_.log_uniform(0.7, 8));
      each_number(column, [&](float x) { return 1 / (1 + std::exp(-steepness * (x - place))); });
      term_.text =
          fmt::format("saturating in f{}, steepness {} at {}", column, short_number(steepness), short_number(place));
    } else if (way == 2) {
      const auto power = static_cast<float>(draws_.uniform(1, 3));
      each_number(column, [&](float x) { return std::pow(std::abs(x - 0.5f * place), power); });
      term_.text = fmt::format("U-shaped in f{}, |f - {}|^{}", column, short_number(0.5 * place), short_number(power));
    } else {
      const auto frequency = static_cast<float>(draws_.log_uniform(0.5, 5));
      each_number(column, [&](float x) { return std::sin(frequency * x + 3 * place); });
      term_.text = fmt::format("periodic in f{}, frequency {}", column, short_number(frequency));
    }
  }

  void steps() {
    const size_t column = one_of(numbers_);
    const auto count = static_cast<size_t>(draws_.between(1, 3));
    for (size_t step = 0; step < count; ++step) {
      const Condition condition = draw_condition(table_, column, /*balanced=*/false, draws_);
      const auto height = static_cast<float>(draws_.normal());
      for (size_t row = 0; row < num_rows(); ++row) out()[row] += condition.holds[row] != 0 ? height : 0;
      term_.text += fmt::format("{}{:+.3g} [{}]", step == 0 ? "" : " ", height, condition.text);
    }
  }

  // Levels, at most kMostPairLevels of them.
  size_t folded(size_t column, size_t row) const {
    return static_cast<size_t>(table_.level(column, row)) % kMostPairLevels;
  }

  void pair() {
    const std::vector<size_t> chosen = choose_columns(table_.causes(), 2, draws_);
    term_.columns = chosen;
    size_t a = chosen[0], b = chosen[1];
    if (!table_.columns[a].has_levels()) std::swap(a, b);  // levels first
    const bool a_has = table_.columns[a].has_levels(), b_has = table_.columns[b].has_levels();
    std::vector<float> effects(kMostPairLevels * kMostPairLevels);
    BulkRandom(rng_.child("pairs")).normal(0, 0, 1, effects.data(), effects.size());
    const float *x = table_.drivers.node(a), *y = table_.drivers.node(b);
    for (size_t row = 0; row < num_rows(); ++row) {
      if (!a_has) {
        out()[row] = x[row] * y[row];
      } else {
        out()[row] =
            b_has ? effects[folded(a, row) * kMostPairLevels + folded(b, row)] : effects[folded(a, row)] * y[row];
      }
    }
    const char* shape = !a_has  ? "product of f{} and f{}"
                        : b_has ? "an effect for each pair of levels of f{} and f{}"
                                : "for each level of f{} a slope of f{}";
    term_.text = fmt::format(fmt::runtime(shape), a, b);
  }

  void rules() {
    const auto count = static_cast<size_t>(draws_.between(1, 6));
    for (size_t i = 0; i < count; ++i) {
      const Rule rule = draw_rule(table_, static_cast<size_t>(draws_.between(1, 4)), draws_);
      const auto weight = static_cast<float>(draws_.normal());
      for (size_t row = 0; row < num_rows(); ++row) out()[row] += rule.holds[row] != 0 ? weight : 0;
      note_columns(rule.columns);
      term_.text += fmt::format("{}{:+.3g} [{}]", i == 0 ? "" : " ", weight, rule.text);
    }
  }

  void parity() {
    const auto count = static_cast<size_t>(draws_.between(2, 3));
    term_.columns = choose_columns(table_.causes(), count, draws_);
    for (const size_t column : term_.columns) {
      const Condition condition = draw_condition(table_, column, /*balanced=*/true, draws_);
      for (size_t row = 0; row < num_rows(); ++row)
        out()[row] = (out()[row] != 0) != (condition.holds[row] != 0) ? 1.0f : 0.0f;
      term_.text += (term_.text.empty() ? "" : " xor ") + condition.text;
    }
  }

  void decision_list() {
    const auto count = static_cast<size_t>(draws_.between(3, 8));
    std::fill(term_.values.begin(), term_.values.end(), std::numeric_limits<float>::quiet_NaN());
    for (size_t i = 0; i < count; ++i) {
      const Rule rule = draw_rule(table_, static_cast<size_t>(draws_.between(1, 2)), draws_);
      const auto value = static_cast<float>(draws_.normal());
      for (size_t row = 0; row < num_rows(); ++row) {
        if (rule.holds[row] != 0 && std::isnan(out()[row])) out()[row] = value;
      }
      note_columns(rule.columns);
      term_.text += fmt::format("if {} then {:.3g}, else ", rule.text, value);
    }
    const auto rest = static_cast<float>(draws_.normal());
    for (float& value : term_.values) value = std::isnan(value) ? rest : value;
    term_.text += short_number(rest);
  }

  void prototypes() {
    term_.columns = choose_columns(numbers_, static_cast<size_t>(draws_.between(1, 5)), draws_);
    const auto count = static_cast<size_t>(draws_.between(1, 6));
    const bool by_value = count > 1 && draws_.chance(0.5);
    std::vector<float> nearest(num_rows(), std::numeric_limits<float>::infinity()), squares(num_rows());
    for (size_t prototype = 0; prototype < count; ++prototype) {
      const size_t centre = draws_.below(num_rows());
      const auto value = static_cast<float>(draws_.normal());
      std::fill(squares.begin(), squares.end(), 0.0f);
      for (const size_t column : term_.columns) {
        const float* x = table_.drivers.node(column);
        for (size_t row = 0; row < num_rows(); ++row) squares[row] += (x[row] - x[centre]) * (x[row] - x[centre]);
      }
      for (size_t row = 0; row < num_rows(); ++row) {
        if (squares[row] >= nearest[row]) continue;
        nearest[row] = squares[row];
        out()[row] = by_value ? value : std::sqrt(squares[row]);
      }
    }
    std::string names;
    for (const size_t column : term_.columns) names += fmt::format("{}f{}", names.empty() ? "" : ", ", column);
    term_.text = fmt::format("{} the nearest of {} rows by {}", by_value ? "value of" : "distance to", count, names);
  }

  void note_columns(const std::vector<size_t>& columns) {
    for (const size_t column : columns) {
      if (std::find(term_.columns.begin(), term_.columns.end(), column) == term_.columns.end())
        term_.columns.push_back(column);
    }
  }

  const EffectTable& table_;
  Rng rng_;
  Draws draws_;
  Term& term_;
  std::vector<size_t> numbers_, levels_;
};

}  // namespace

TermKind draw_term_kind(const EffectTable& table, Draws& draws) {
  std::array<double, kNumTermKinds> weights{};
  std::copy(std::begin(kKindWeights), std::end(kKindWeights), weights.begin());
  const auto forbid = [&](TermKind kind) { weights[static_cast<size_t>(kind)] = 0; };
  if (table.levels().empty()) forbid(TermKind::kLevels);
  if (table.numbers().empty()) {
    forbid(TermKind::kSmooth);
    forbid(TermKind::kSteps);
    forbid(TermKind::kPrototypes);
  }
  if (table.causes().size() < 2) {
    forbid(TermKind::kPair);
    forbid(TermKind::kParity);
  }
  return static_cast<TermKind>(draws.weighted(weights));
}

Term draw_term(TermKind kind, const EffectTable& table, const Rng& rng) {
  Term term;
  term.kind = kind;
  TermDrawer(table, rng, term).draw();
  standardise_within(term.values.data(), term.values.size(), term.values.data());
  return term;
}

std::vector<Term> draw_terms(size_t count, const EffectTable& table, const Rng& rng, Notes* notes) {
  Draws draws(rng.child("kinds"));
  std::vector<Term> terms;
  for (size_t t = 0; t < count; ++t) {
    terms.push_back(draw_term(draw_term_kind(table, draws), table, rng.child("term", t)));
    if (notes == nullptr) continue;
    const std::string id = fmt::format("t{}", t);
    notes->add_node(id, "hidden", fmt::format("{} = {}: {}", id, name_of(terms[t].kind), terms[t].text));
    for (const size_t column : terms[t].columns) notes->add_edge(fmt::format("f{}", column), id);
  }
  return terms;
}

std::vector<float> level_effects(const EffectTable& table, size_t column, const Rng& rng) {
  const EffectColumn& here = table.columns[column];
  std::vector<float> effects(static_cast<size_t>(here.info.num_levels));
  BulkRandom(rng).normal(static_cast<uint32_t>(column), 0, 1, effects.data(), effects.size());
  if (here.role != ColumnRole::kNested) return effects;
  const auto share = static_cast<float>(rng.child("share", column).uniform(0, 0.5, 0.95));
  const std::vector<float> of_parent = level_effects(table, here.source, rng);
  for (size_t level = 0; level < effects.size(); ++level) {
    effects[level] =
        share * of_parent[static_cast<size_t>(here.parent_of[level])] + std::sqrt(1 - share * share) * effects[level];
  }
  return effects;
}

}  // namespace manyshot::prior
