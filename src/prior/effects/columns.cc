#include "prior/effects/columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "prior/random/bulk_random.h"
#include "prior/random/column_loops.h"
#include "prior/random/draws.h"

namespace manyshot::prior {
namespace {

// How the columns of one task are.
struct TableLaw {
  double level_share = 0;   // of columns with levels
  double noise_share = 0;   // of columns that nothing depends on
  double copy_share = 0;    // of noisy copies
  double nested_share = 0;  // of columns with levels that lie in another's
  double communality = 0;   // most of a column's variance that latent factors share
  size_t num_factors = 0;
  bool has_date = false;
};

TableLaw draw_table_law(size_t num_columns, Draws& draws) {
  TableLaw law;
  law.level_share = std::clamp(draws.uniform(-0.3, 1.1), 0.0, 1.0);
  law.noise_share = draws.chance(0.5) ? draws.uniform(0, 0.4) : 0;
  law.copy_share = draws.chance(0.4) ? draws.uniform(0, 0.3) : 0;
  law.nested_share = draws.chance(0.5) ? draws.uniform(0, 0.6) : 0;
  law.num_factors = draws.chance(0.8) ? static_cast<size_t>(draws.between(1, 4)) : 0;
  law.communality = draws.uniform(0, 0.95);
  law.has_date = num_columns >= 3 && draws.chance(0.15);
  return law;
}

// Shares of levels: even, by Zipf's law, or random; they sum to 1.
std::vector<double> draw_shares(size_t num_levels, Draws& draws, std::string& words) {
  std::vector<double> shares(num_levels, 1.0);
  const size_t way = draws.below(3);
  words = "even";
  if (way == 1) {
    const double exponent = draws.log_uniform(0.5, 2);
    for (size_t level = 0; level < num_levels; ++level)
      shares[level] = std::pow(1.0 + static_cast<double>(level), -exponent);
    words = fmt::format("Zipf {}", short_number(exponent));
  } else if (way == 2) {
    for (double& share : shares) share = draws.exponential();
    words = "random";
  }
  double total = 0;
  for (const double share : shares) total += share;
  for (double& share : shares) share /= total;
  return shares;
}

// x[row] = the place of u[row] among the summed shares.
void pick_by_share(const std::vector<double>& shares, const std::vector<float>& u, float* x) {
  std::vector<float> bounds;
  double reached = 0;
  for (size_t level = 0; level + 1 < shares.size(); ++level)
    bounds.push_back(static_cast<float>(reached += shares[level]));
  for (size_t row = 0; row < u.size(); ++row)
    x[row] = static_cast<float>(std::upper_bound(bounds.begin(), bounds.end(), u[row]) - bounds.begin());
}

// Negative binomial counts with this mean; its variance is mean + mean^2 / size.
std::vector<double> count_shares(double mean, double size) {
  const double q = mean / (mean + size);
  std::vector<double> shares{std::exp(size * std::log1p(-q))};
  double total = shares[0];
  while (total < 0.9999 && shares.size() < 2000) {
    const auto k = static_cast<double>(shares.size());
    total += shares.emplace_back(shares.back() * (size + k - 1) / k * q);
  }
  return shares;
}

class ColumnDrawer {
 public:
  ColumnDrawer(size_t num_columns, size_t num_rows, const Rng& rng, EffectTable& table, Notes* notes)
      : rng_(rng),
        draws_(rng.child("roles")),
        bulk_(rng.child("values")),
        num_rows_(num_rows),
        table_(table),
        notes_(notes),
        law_(draw_table_law(num_columns, draws_)),
        normals_(num_rows),
        u_(num_rows) {
    table.columns.assign(num_columns, {});
    table.values.reshape(num_columns, num_rows);
    table.drivers.reshape(num_columns, num_rows);
    factors_.reshape(std::max<size_t>(law_.num_factors, 1), num_rows);
    for (uint32_t factor = 0; factor < law_.num_factors; ++factor) {
      BulkRandom(rng.child("factors")).normal(factor, 0, 1, factors_.node(factor), num_rows);
      if (notes_ != nullptr)
        notes_->add_node(factor_id(factor), "latent", fmt::format("{} ~ N(0, 1)", factor_id(factor)));
    }
  }

  void draw() {
    const size_t date = law_.has_date ? draws_.below(table_.columns.size()) : table_.columns.size();
    for (size_t column = 0; column < table_.columns.size(); ++column) {
      Draws own(rng_.child("column", column));
      if (notes_ != nullptr) id_ = fmt::format("f{}", column);
      const std::string law = column == date ? draw_date(column, own) : draw_one(column, own);
      if (notes_ == nullptr) continue;
      notes_->add_node(id_, parents_.empty() ? "root" : "hidden", fmt::format("{} = {}", id_, law));
      for (const auto& [from, weight] : parents_) notes_->add_edge(from, id_, weight);
      parents_.clear();
      notes_->feature_sources.push_back(id_);
      notes_->feature_rules.emplace_back();
    }
  }

 private:
  static std::string factor_id(size_t factor) { return fmt::format("z{}", factor); }
  float* values(size_t column) { return table_.values.node(column); }
  float* drivers(size_t column) { return table_.drivers.node(column); }

  std::string draw_one(size_t column, Draws& own) {
    EffectColumn& here = table_.columns[column];
    const bool levels = draws_.chance(law_.level_share);
    const double kind = column == 0 ? 1 : draws_.uniform();
    if (kind < law_.copy_share) return draw_copy(column, draws_.below(column), own);
    if (kind < law_.copy_share + law_.noise_share) here.role = ColumnRole::kNoise;
    draw_normals(column, own);
    if (!levels) return draw_number(column, own);
    if (here.role != ColumnRole::kNoise) {
      const std::vector<size_t> parents = table_.levels();
      if (!parents.empty() && own.chance(law_.nested_share))
        return draw_nested(column, parents[own.below(parents.size())], own);
      here.role = ColumnRole::kLevels;
    }
    return draw_levels(column, own);
  }

  // The normal values behind the column: a share of their variance comes from one or two factors.
  void draw_normals(size_t column, Draws& own) {
    const auto stream = static_cast<uint32_t>(4 * column);
    const bool alone = table_.columns[column].role == ColumnRole::kNoise || law_.num_factors == 0;
    const double shared = alone ? 0 : law_.communality * own.uniform(0.4, 1);
    bulk_.normal(stream, 0, static_cast<float>(std::sqrt(1 - shared)), normals_.data(), num_rows_);
    if (alone) return;
    const size_t first = own.below(law_.num_factors), second = own.below(law_.num_factors);
    const double angle = first == second ? 0 : own.uniform(0, std::numbers::pi);
    const double length = std::sqrt(shared) * (own.chance(0.5) ? 1 : -1);
    add_factor(first, length * std::cos(angle));
    if (first != second) add_factor(second, length * std::sin(angle));
  }

  void add_factor(size_t factor, double loading) {
    add_scaled(factors_.node(factor), num_rows_, static_cast<float>(loading), normals_.data());
    if (notes_ != nullptr) parents_.emplace_back(factor_id(factor), loading);
  }

  // u_ = the normal values' ranks in (0, 1).
  void to_uniform() {
    for (size_t row = 0; row < num_rows_; ++row)
      u_[row] = 0.5f * std::erfc(-normals_[row] * static_cast<float>(std::numbers::sqrt2 / 2));
  }

  std::string draw_number(size_t column, Draws& own);
  std::string draw_levels(size_t column, Draws& own);
  std::string draw_nested(size_t column, size_t parent, Draws& own);
  std::string draw_copy(size_t column, size_t source, Draws& own);
  std::string draw_date(size_t column, Draws& own);
  std::string number_values(NumberLaw law, size_t column, Draws& own, float* x);
  std::string mixed_values(size_t column, Draws& own, float* x);

  // Names of levels say nothing about their order. Returns the new ones, by old one.
  std::vector<uint32_t> rename_levels(size_t column) {
    const auto num_levels = static_cast<uint32_t>(table_.columns[column].info.num_levels);
    std::vector<uint32_t> names = rng_.child("level names", column).permutation(num_levels);
    for (size_t row = 0; row < num_rows_; ++row)
      values(column)[row] = static_cast<float>(names[static_cast<size_t>(values(column)[row])]);
    std::copy_n(values(column), num_rows_, drivers(column));
    return names;
  }

  Rng rng_;
  Draws draws_;
  BulkRandom bulk_;
  size_t num_rows_;
  EffectTable& table_;
  Notes* notes_;
  TableLaw law_;
  NodeMatrix factors_;
  std::vector<float> normals_, u_;
  std::string id_;
  std::vector<std::pair<std::string, double>> parents_;  // of the column in hand: nodes and loadings
};

std::string ColumnDrawer::mixed_values(size_t column, Draws& own, float* x) {
  const auto num_modes = static_cast<size_t>(own.between(2, 4));
  std::string words;
  pick_by_share(draw_shares(num_modes, own, words), u_, x);
  std::vector<float> centres(num_modes), widths(num_modes), noise(num_rows_);
  for (float& centre : centres) centre = static_cast<float>(4 * own.normal());
  for (float& width : widths) width = static_cast<float>(own.log_uniform(0.1, 1.2));
  std::sort(centres.begin(), centres.end());
  bulk_.normal(static_cast<uint32_t>(4 * column + 1), 0, 1, noise.data(), num_rows_);
  for (size_t row = 0; row < num_rows_; ++row) {
    const auto mode = static_cast<size_t>(x[row]);
    x[row] = centres[mode] + widths[mode] * noise[row];
  }
  return fmt::format("mixture of {} normals", num_modes);
}

// x = the law's value at each row's normal value, in no unit; the words say the law.
std::string ColumnDrawer::number_values(NumberLaw law, size_t column, Draws& own, float* x) {
  const auto each = [&](auto&& f) {
    for (size_t row = 0; row < num_rows_; ++row) x[row] = f(normals_[row]);
  };
  switch (law) {
    case NumberLaw::kNormal:
      each([](float g) { return g; });
      return "N(0, 1)";
    case NumberLaw::kLognormal: {
      const auto sigma = static_cast<float>(own.log_uniform(0.3, 1.5));
      each([&](float g) { return std::exp(sigma * g); });
      return fmt::format("lognormal, sigma {}", short_number(sigma));
    }
    case NumberLaw::kHeavyTailed: {
      const auto h = static_cast<float>(own.log_uniform(0.05, 0.5));
      each([&](float g) { return g * std::exp(h * g * g / 2); });
      return fmt::format("heavy tails, h {}", short_number(h));
    }
    case NumberLaw::kUniform:
      std::copy(u_.begin(), u_.end(), x);
      return "U(0, 1)";
    case NumberLaw::kMultimodal:
      return mixed_values(column, own, x);
    case NumberLaw::kZeroInflated: {
      const double zeros = own.uniform(0.2, 0.8);
      const auto sigma = static_cast<float>(own.log_uniform(0.3, 1.5)),
                 floor = static_cast<float>(normal_quantile(zeros));
      each([&](float g) { return g < floor ? 0.0f : std::exp(sigma * (g - floor)) - 0.9f; });
      return fmt::format("0 with probability {:.2f}, else lognormal", zeros);
    }
    case NumberLaw::kCounts: {
      const double mean = own.log_uniform(0.3, 60), size = own.log_uniform(0.3, 100);
      pick_by_share(count_shares(mean, size), u_, x);
      return fmt::format("counts, mean {}, size {}", short_number(mean), short_number(size));
    }
    case NumberLaw::kOrdinal: {
      std::string words;
      const std::vector<double> shares = draw_shares(static_cast<size_t>(own.between(3, 10)), own, words);
      pick_by_share(shares, u_, x);
      table_.columns[column].info.num_levels = static_cast<int32_t>(shares.size());
      return fmt::format("{} ordered levels", shares.size());
    }
    case NumberLaw::kRounded:
      break;
  }
  const auto step = static_cast<float>(own.log_uniform(0.05, 1));
  const bool skewed = own.chance(0.5);
  each([&](float g) { return std::nearbyint((skewed ? std::exp(0.7f * g) : g) / step) * step; });
  return fmt::format("{} in steps of {}", skewed ? "lognormal" : "normal", short_number(step));
}

std::string ColumnDrawer::draw_number(size_t column, Draws& own) {
  const auto law = static_cast<NumberLaw>(own.below(kNumNumberLaws));
  ColumnInfo& info = table_.columns[column].info;
  to_uniform();
  float* x = values(column);
  std::string words = number_values(law, column, own, x);
  const bool is_whole = law == NumberLaw::kCounts || law == NumberLaw::kOrdinal;
  if (law == NumberLaw::kCounts) info.kind = ColumnKind::kInteger;
  if (law == NumberLaw::kOrdinal) info.kind = ColumnKind::kOrdinal;
  if (!is_whole && own.chance(0.7)) {
    // Some unit of measurement.
    const auto unit = static_cast<float>(own.log_uniform(0.01, 1000));
    const bool from_zero = law == NumberLaw::kZeroInflated || law == NumberLaw::kLognormal;
    const auto origin = from_zero ? 0.0f : unit * static_cast<float>(own.uniform(-1, 5));
    for (size_t row = 0; row < num_rows_; ++row) x[row] = origin + unit * x[row];
    words = fmt::format("{} + {} ({})", short_number(origin), short_number(unit), words);
  }
  if (!is_whole && own.chance(0.5)) {
    std::copy(normals_.begin(), normals_.end(), drivers(column));
    words += "; effects read the normal value behind it";
  } else {
    standardise_within(x, num_rows_, drivers(column));
  }
  return words;
}

std::string ColumnDrawer::draw_levels(size_t column, Draws& own) {
  const double most = std::max(2.0, static_cast<double>(num_rows_) / 2);
  const double drawn = own.chance(0.75) ? own.log_uniform(2, 13) : own.log_uniform(10, 400);
  const auto num_levels = static_cast<size_t>(std::min(drawn, most));
  std::string words;
  to_uniform();
  pick_by_share(draw_shares(num_levels, own, words), u_, values(column));
  table_.columns[column].info.kind = ColumnKind::kCategorical;
  table_.columns[column].info.num_levels = static_cast<int32_t>(num_levels);
  rename_levels(column);
  return fmt::format("{} levels, {} shares", num_levels, words);
}

// A parent's level has 1 + geometric levels of its own; a row has any of them.
std::string ColumnDrawer::draw_nested(size_t column, size_t parent, Draws& own) {
  EffectColumn& here = table_.columns[column];
  const auto num_parents = static_cast<size_t>(table_.columns[parent].info.num_levels);
  const double more = own.uniform(0.3, 0.8);
  const size_t most = std::max(num_parents + 1, num_rows_ / 2);
  std::vector<size_t> first(num_parents + 1, 0);
  for (size_t level = 0; level < num_parents; ++level) {
    size_t count = 1;
    const size_t left = num_parents - level - 1;
    while (count < 8 && first[level] + count + left < most && own.chance(more)) ++count;
    first[level + 1] = first[level] + count;
  }
  here.role = ColumnRole::kNested;
  here.source = parent;
  here.info.kind = ColumnKind::kCategorical;
  here.info.num_levels = static_cast<int32_t>(first.back());
  bulk_.uniform(static_cast<uint32_t>(4 * column + 2), 0, 1, u_.data(), num_rows_);
  for (size_t row = 0; row < num_rows_; ++row) {
    const auto level = static_cast<size_t>(table_.level(parent, row));
    const size_t count = first[level + 1] - first[level];
    values(column)[row] = static_cast<float>(
        first[level] + std::min(static_cast<size_t>(u_[row] * static_cast<float>(count)), count - 1));
  }
  const std::vector<uint32_t> names = rename_levels(column);
  here.parent_of.assign(first.back(), 0);
  for (size_t level = 0; level < num_parents; ++level) {
    for (size_t place = first[level]; place < first[level + 1]; ++place)
      here.parent_of[names[place]] = static_cast<int32_t>(level);
  }
  parents_.clear();
  if (notes_ != nullptr) parents_.emplace_back(fmt::format("f{}", parent), 1.0);
  return fmt::format("{} levels, each within one of f{}", first.back(), parent);
}

std::string ColumnDrawer::draw_copy(size_t column, size_t source, Draws& own) {
  EffectColumn& here = table_.columns[column];
  here.role = ColumnRole::kCopy;
  here.source = source;
  float* x = values(column);
  if (notes_ != nullptr) parents_.emplace_back(fmt::format("f{}", source), 1.0);
  if (table_.columns[source].has_levels()) {
    here.info = table_.columns[source].info;
    const double rate = own.log_uniform(0.01, 0.5);
    bulk_.uniform(static_cast<uint32_t>(4 * column), 0, 1, u_.data(), num_rows_);
    std::copy_n(values(source), num_rows_, x);
    // What lies below the rate is, divided by it, a fresh uniform number.
    for (size_t row = 0; row < num_rows_; ++row) {
      if (u_[row] >= static_cast<float>(rate)) continue;
      const auto other = static_cast<size_t>(u_[row] / rate * static_cast<double>(num_rows_));
      x[row] = values(source)[std::min(other, num_rows_ - 1)];
    }
    std::copy_n(x, num_rows_, drivers(column));
    return fmt::format("f{}, in {:.1f} % of the rows that of any row", source, 100 * rate);
  }
  const double noise = own.log_uniform(0.01, 1);
  standardise_within(values(source), num_rows_, x);
  bulk_.normal(static_cast<uint32_t>(4 * column), 0, 1, normals_.data(), num_rows_);
  add_scaled(normals_.data(), num_rows_, static_cast<float>(noise), x);
  std::copy_n(x, num_rows_, drivers(column));
  return fmt::format("standardised f{} + N(0, {})", source, short_number(noise));
}

std::string ColumnDrawer::draw_date(size_t column, Draws& own) {
  EffectColumn& here = table_.columns[column];
  here.role = ColumnRole::kDate;
  here.info.kind = ColumnKind::kInteger;
  const double gap = own.log_uniform(0.05, 5);
  double day = std::floor(own.uniform(8000, 20'000));  // days since 1970
  bulk_.uniform(static_cast<uint32_t>(4 * column), 1e-7f, 1, u_.data(), num_rows_);
  for (size_t row = 0; row < num_rows_; ++row) {
    day -= gap * std::log(static_cast<double>(u_[row]));
    values(column)[row] = static_cast<float>(std::floor(day));
  }
  standardise_within(values(column), num_rows_, drivers(column));
  return fmt::format("days, {} between rows on average", short_number(gap));
}

template <class Wanted>
std::vector<size_t> columns_where(const EffectTable& table, const Wanted& wanted) {
  std::vector<size_t> found;
  for (size_t column = 0; column < table.columns.size(); ++column) {
    if (wanted(table.columns[column])) found.push_back(column);
  }
  return found;
}

}  // namespace

std::vector<size_t> EffectTable::numbers() const {
  return columns_where(*this, [](const EffectColumn& c) { return c.is_cause() && !c.has_levels(); });
}

std::vector<size_t> EffectTable::levels() const {
  return columns_where(*this, [](const EffectColumn& c) { return c.is_cause() && c.has_levels(); });
}

std::vector<size_t> EffectTable::causes() const {
  return columns_where(*this, [](const EffectColumn& c) { return c.is_cause(); });
}

void draw_effect_columns(size_t num_columns, size_t num_rows, const Rng& rng, EffectTable& table, Notes* notes) {
  ColumnDrawer(num_columns, num_rows, rng, table, notes).draw();
}

void standardise_within(const float* values, size_t num_rows, float* x) {
  const Moments moments = column_moments(values, num_rows);
  if (!(moments.deviation > 1e-6f * std::abs(moments.mean))) {
    std::fill_n(x, num_rows, 0.0f);
    return;
  }
  clamp_and_scale(values, num_rows, moments.mean - 4 * moments.deviation, moments.mean + 4 * moments.deviation,
                  moments.mean, 1 / moments.deviation, 4, x);
}

}  // namespace manyshot::prior
