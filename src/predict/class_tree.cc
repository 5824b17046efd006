#include "predict/class_tree.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "encoding/share_columns.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

// Consecutive ranges of about equal sizes.
std::vector<std::vector<uint32_t>> split(const std::vector<uint32_t>& classes, size_t num_groups) {
  std::vector<std::vector<uint32_t>> groups(num_groups);
  for (size_t i = 0; i < classes.size(); ++i) groups[i * num_groups / classes.size()].push_back(classes[i]);
  return groups;
}

class Decision {
 public:
  Decision(const LabelledTable& shots, std::vector<uint32_t> classes, size_t most_classes, const FitDecision& fit)
      : num_classes_(shots.num_classes()), group_of_(num_classes_, kNone) {
    const size_t num_groups = classes.size() <= most_classes
                                  ? classes.size()
                                  : std::min(most_classes, (classes.size() + most_classes - 1) / most_classes);
    groups_ = split(classes, num_groups);
    for (size_t group = 0; group < groups_.size(); ++group) {
      for (const uint32_t k : groups_[group]) group_of_[k] = static_cast<int32_t>(group);
    }
    for (size_t row = 0; row < shots.labels.size(); ++row) {
      if (group_of_[static_cast<size_t>(shots.labels[row])] != kNone) rows_.push_back(row);
    }
    decide(shots, fit);
    for (const std::vector<uint32_t>& group : groups_) {
      check_interrupted();
      below_.push_back(group.size() == 1 ? nullptr : std::make_unique<Decision>(shots, group, most_classes, fit));
    }
  }

  // Adds to sums [Q, K] what this decision and those below say, where a query gets here with probability reach [Q].
  void predict(const Table& queries, const std::vector<double>& reach, std::vector<double>& sums) const {
    std::vector<uint64_t> asked;
    for (uint64_t row = 0; row < reach.size(); ++row) {
      if (reach[row] >= kNegligible) asked.push_back(row);
    }
    std::vector<double> all = repeated(reach.size());
    put(asked, shares(take_rows(queries, asked)), all);
    pass_on(all, reach, sums, [&](const Decision& next, const std::vector<double>& reach_next) {
      next.predict(queries, reach_next, sums);
    });
  }

  // The same of the labelled rows, none of which sees its own label; NaN where one has no answer. Returns false where
  // the decisions have none to give.
  bool predict_labelled(const Table& features, const std::vector<double>& reach, std::vector<double>& sums) const {
    std::vector<double> all = repeated(features.num_rows);
    const std::vector<double> honest = predictor_ ? predictor_->honest_probabilities() : repeated(rows_.size());
    if (honest.empty()) return false;
    put(rows_, honest, all);
    std::vector<uint64_t> others;
    for (uint64_t row = 0, next = 0; row < features.num_rows; ++row) {
      if (next < rows_.size() && rows_[next] == row) {
        ++next;
      } else if (reach[row] >= kNegligible) {
        others.push_back(row);
      }
    }
    put(others, shares(take_rows(features, others)), all);
    bool has_all = true;
    pass_on(all, reach, sums, [&](const Decision& next, const std::vector<double>& reach_next) {
      has_all = next.predict_labelled(features, reach_next, sums) && has_all;
    });
    return has_all;
  }

  const Predictor* predictor() const { return predictor_.get(); }
  size_t num_groups() const { return groups_.size(); }

 private:
  static constexpr int32_t kNone = -1;
  // A decision that matters less is made by frequencies: of hundreds of classes few are likely.
  static constexpr double kNegligible = 1e-3;

  // Answers [rows, groups] to their places in all.
  void put(const std::vector<uint64_t>& rows, const std::vector<double>& answers, std::vector<double>& all) const {
    for (size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(answers.begin() + static_cast<ptrdiff_t>(i * groups_.size()), groups_.size(),
                  all.begin() + static_cast<ptrdiff_t>(rows[i] * groups_.size()));
    }
  }

  void decide(const LabelledTable& shots, const FitDecision& fit) {
    LabelledTable part{.features = regrouped(take_rows(shots.features, rows_))};
    frequencies_.assign(groups_.size(), 0);
    for (const uint64_t row : rows_) {
      part.labels.push_back(group_of_[static_cast<size_t>(shots.labels[row])]);
      frequencies_[static_cast<size_t>(part.labels.back())] += 1 / static_cast<double>(rows_.size());
    }
    for (const std::vector<uint32_t>& group : groups_) part.classes.push_back(shots.classes[group.front()]);
    try {
      predictor_ = fit(part);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kBadInput) throw;  // no column has two values in these rows
    }
  }

  std::vector<double> repeated(size_t count) const {
    std::vector<double> all;
    for (size_t i = 0; i < count; ++i) all.insert(all.end(), frequencies_.begin(), frequencies_.end());
    return all;
  }

  // [Q, groups]
  std::vector<double> shares(const Table& queries) const {
    if (queries.num_rows == 0) return {};
    return predictor_ ? predictor_->predict(regrouped(queries)) : repeated(queries.num_rows);
  }

  template <class GoOn>
  void pass_on(const std::vector<double>& shares, const std::vector<double>& reach, std::vector<double>& sums,
               const GoOn& go_on) const {
    for (size_t group = 0; group < groups_.size(); ++group) {
      std::vector<double> next(reach.size());
      for (size_t row = 0; row < reach.size(); ++row) next[row] = reach[row] * shares[row * groups_.size() + group];
      if (below_[group]) {
        go_on(*below_[group], next);
      } else {
        for (size_t row = 0; row < reach.size(); ++row) sums[row * num_classes_ + groups_[group].front()] += next[row];
      }
    }
  }

  // The table with shares of classes as shares of this decision's groups among themselves.
  Table regrouped(const Table& table) const {
    Table result{.num_rows = table.num_rows};
    for (size_t first = 0; first < table.columns.size();) {
      if (table.columns[first].share_of < 0) {
        result.columns.push_back(table.columns[first++]);
        continue;
      }
      const size_t end = end_of_shares(table.columns, first);
      add_shares(std::span(table.columns).subspan(first, end - first), result);
      first = end;
    }
    return result;
  }

  void add_shares(std::span<const Column> columns, Table& table) const {
    std::vector<double> shares(table.num_rows * groups_.size()), total(table.num_rows);
    for (const Column& column : columns) {
      const int32_t group = group_of_[static_cast<size_t>(column.share_of)];
      if (group == kNone) continue;
      for (size_t row = 0; row < table.num_rows; ++row) {
        shares[row * groups_.size() + static_cast<size_t>(group)] += column.numbers[row];
        total[row] += column.numbers[row];
      }
    }
    for (size_t i = 0; i < shares.size(); ++i) shares[i] /= total[i / groups_.size()];  // 0 / 0: missing
    const std::vector<std::string> names(groups_.size(), columns.front().name);
    std::ranges::move(share_columns(shares, names), std::back_inserter(table.columns));
  }

  size_t num_classes_;
  std::vector<int32_t> group_of_;                 // [all classes], or kNone
  std::vector<std::vector<uint32_t>> groups_;     // classes
  std::vector<uint64_t> rows_;                    // of the labelled rows, those of its classes
  std::vector<double> frequencies_;               // [groups]
  std::unique_ptr<Predictor> predictor_;          // null: frequencies
  std::vector<std::unique_ptr<Decision>> below_;  // [groups]; null: one class
};

class ClassTree : public Predictor {
 public:
  ClassTree(const LabelledTable& shots, size_t most_classes, const FitDecision& fit)
      : features_(shots.features), num_classes_(shots.num_classes()), root_(shots, present(shots), most_classes, fit) {
    const size_t present_classes = present(shots).size();
    if (present_classes > most_classes) {
      notes_.push_back(
          fmt::format("{} classes, the model tells {} apart at a time: it decides among {} groups of them, "
                      "then within each",
                      present_classes, most_classes, root_.num_groups()));
    }
    if (root_.predictor() != nullptr) std::ranges::copy(root_.predictor()->notes(), std::back_inserter(notes_));
  }

  std::vector<double> predict(const Table& queries) const override {
    std::vector<double> result(queries.num_rows * num_classes_);
    root_.predict(queries, std::vector<double>(queries.num_rows, 1), result);
    return result;
  }

  std::vector<double> honest_probabilities() const override {
    std::vector<double> result(features_.num_rows * num_classes_);
    if (!root_.predict_labelled(features_, std::vector<double>(features_.num_rows, 1), result)) return {};
    for (size_t begin = 0; begin < result.size(); begin += num_classes_) {
      const auto row = std::span(result).subspan(begin, num_classes_);
      if (std::ranges::any_of(row, [](double p) { return std::isnan(p); })) {
        std::ranges::fill(row, std::numeric_limits<double>::quiet_NaN());
      }
    }
    return result;
  }

  std::vector<std::string> notes() const override { return notes_; }

 private:
  static std::vector<uint32_t> present(const LabelledTable& shots) {
    const std::vector<uint32_t> counts = shots.class_counts();
    std::vector<uint32_t> classes;
    for (uint32_t k = 0; k < counts.size(); ++k) {
      if (counts[k] > 0) classes.push_back(k);
    }
    return classes;
  }

  Table features_;  // of the labelled rows, for honest_probabilities()
  size_t num_classes_;
  Decision root_;
  std::vector<std::string> notes_;
};

}  // namespace

std::unique_ptr<Predictor> fit_class_tree(const LabelledTable& shots, size_t most_classes, const FitDecision& fit) {
  return std::make_unique<ClassTree>(shots, most_classes, fit);
}

}  // namespace manyshot
