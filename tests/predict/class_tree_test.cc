// Many classes as a tree of decisions: what each decision sees, and what comes of them.
#include "predict/class_tree.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "core/error.h"
#include "core/rng.h"
#include "predict/baselines.h"
#include "predict/testing.h"
#include "table/take_rows.h"

namespace manyshot {
namespace {

using ::testing::ElementsAre;
using ::testing::Le;
using testing::numbers;

// `rows` of each class, near a place of its own in the plane.
LabelledTable clusters(size_t num_classes, size_t rows, uint64_t seed) {
  LabelledTable table;
  std::vector<std::vector<double>> columns(2);
  for (size_t k = 0; k < num_classes; ++k) {
    table.classes.push_back(fmt::format("class{:03}", k));
    for (size_t row = 0; row < rows; ++row) {
      const Rng rng = Rng(seed).child("row", k * rows + row);
      columns[0].push_back(10 * static_cast<double>(k % 7) + rng.normal(0));
      columns[1].push_back(10 * static_cast<double>(k / 7) + rng.normal(1));
      table.labels.push_back(static_cast<int32_t>(k));
    }
  }
  table.features = numbers(columns);
  return table;
}

// The class of the nearest labelled row, nearly for sure; of labelled rows, that of the nearest other one.
class Nearest : public Predictor {
 public:
  explicit Nearest(const LabelledTable& shots) : shots_(shots) {}
  std::vector<double> predict(const Table& queries) const override {
    std::vector<double> result;
    for (size_t row = 0; row < queries.num_rows; ++row) add(queries, row, shots_.labels.size(), result);
    return result;
  }
  std::vector<double> honest_probabilities() const override {
    std::vector<double> result;
    for (size_t row = 0; row < shots_.labels.size(); ++row) add(shots_.features, row, row, result);
    return result;
  }

 private:
  void add(const Table& table, size_t row, size_t hidden, std::vector<double>& result) const {
    double least = INFINITY;
    int32_t label = 0;
    for (size_t shot = 0; shot < shots_.labels.size(); ++shot) {
      const auto gap = [&](size_t column) {
        return table.columns[column].numbers[row] - shots_.features.columns[column].numbers[shot];
      };
      const double distance = std::hypot(gap(0), gap(1));
      if (shot != hidden && distance < least) least = distance, label = shots_.labels[shot];
    }
    const size_t num_classes = shots_.num_classes();
    for (size_t k = 0; k < num_classes; ++k) {
      result.push_back(static_cast<int32_t>(k) == label ? 0.9 + 0.1 / static_cast<double>(num_classes)
                                                        : 0.1 / static_cast<double>(num_classes));
    }
  }

  LabelledTable shots_;
};

FitDecision forest() {
  return [](const LabelledTable& part) { return open_baseline("forest", 1)->fit(part); };
}

double accuracy(const std::vector<double>& probabilities, const std::vector<int32_t>& labels) {
  const size_t num_classes = probabilities.size() / labels.size();
  double right = 0;
  for (size_t row = 0; row < labels.size(); ++row) {
    const auto first = probabilities.begin() + static_cast<ptrdiff_t>(row * num_classes);
    right += std::max_element(first, first + static_cast<ptrdiff_t>(num_classes)) - first == labels[row];
  }
  return right / static_cast<double>(labels.size());
}

TEST(ClassTree, TellsManyClassesApartByDecisionsAmongFew) {
  for (const size_t num_classes : {11u, 26u, 100u, 172u}) {
    SCOPED_TRACE(num_classes);
    const LabelledTable shots = clusters(num_classes, 6, 1), asked = clusters(num_classes, 2, 2);
    std::vector<size_t> decisions;
    const auto tree = fit_class_tree(shots, 10, [&](const LabelledTable& part) {
      decisions.push_back(part.num_classes());
      EXPECT_EQ(part.labels.size(), part.features.num_rows);
      return std::make_unique<Nearest>(part);
    });
    EXPECT_THAT(decisions, ::testing::Each(Le(10u)));
    EXPECT_EQ(std::accumulate(decisions.begin(), decisions.end(), size_t{0}), num_classes + decisions.size() - 1)
        << "every decision but the first is a group of another";
    const std::vector<double> found = tree->predict(asked.features);
    for (size_t row = 0; row < asked.labels.size(); ++row) {
      const auto first = found.begin() + static_cast<ptrdiff_t>(row * num_classes);
      EXPECT_NEAR(std::accumulate(first, first + static_cast<ptrdiff_t>(num_classes), 0.0), 1, 1e-9);
    }
    EXPECT_GT(accuracy(found, asked.labels), 0.8);
    EXPECT_GT(accuracy(tree->honest_probabilities(), shots.labels), 0.8) << "without their own labels";
  }
}

TEST(ClassTree, GroupsAreBalancedAndInOrder) {
  const LabelledTable shots = clusters(25, 3, 1);
  std::vector<std::vector<std::string>> decisions;
  fit_class_tree(shots, 10, [&](const LabelledTable& part) {
    decisions.push_back(part.classes);
    return open_baseline("majority", 0)->fit(part);
  });
  ASSERT_EQ(decisions.size(), 4u);
  EXPECT_THAT(decisions[0], ElementsAre("class000", "class009", "class017"));
  EXPECT_EQ(decisions[1].size(), 9u);
  EXPECT_EQ(decisions[2].size(), 8u);
  EXPECT_EQ(decisions[3].back(), "class024");
}

TEST(ClassTree, AQueryHasTheSameBitsInAnyBatch) {
  const LabelledTable shots = clusters(26, 4, 1), asked = clusters(26, 1, 2);
  const auto tree = fit_class_tree(shots, 10, forest());
  const std::vector<double> together = tree->predict(asked.features);
  for (uint64_t row = 0; row < 26; ++row) {
    const std::vector<double> alone = tree->predict(take_rows(asked.features, std::span(&row, 1)));
    EXPECT_EQ(alone, std::vector<double>(together.begin() + static_cast<ptrdiff_t>(row * 26),
                                         together.begin() + static_cast<ptrdiff_t>((row + 1) * 26)));
  }
}

TEST(ClassTree, ClassesWithoutLabelledRowsGetNothing) {
  LabelledTable shots = clusters(12, 4, 1);
  shots.classes.insert(shots.classes.begin() + 3, "class002b");
  for (int32_t& label : shots.labels) label += label >= 3;
  const LabelledTable asked = clusters(12, 1, 2);
  const std::vector<double> found = fit_class_tree(shots, 10, forest())->predict(asked.features);
  for (size_t row = 0; row < 12; ++row) EXPECT_EQ(found[row * 13 + 3], 0);
}

// Shares of 12 classes become those of two groups, then of each group's classes among themselves.
TEST(ClassTree, AnotherModelsSharesAreRegrouped) {
  LabelledTable shots = clusters(12, 2, 1);
  for (int32_t k = 0; k < 12; ++k) {
    Column share{.name = fmt::format("forest: {}", k), .share_of = k};
    for (const int32_t label : shots.labels) share.numbers.push_back(label == k ? 0.56 : 0.04);
    shots.features.columns.push_back(std::move(share));
  }
  std::vector<Table> seen;
  fit_class_tree(shots, 10, [&](const LabelledTable& part) {
    seen.push_back(part.features);
    return open_baseline("majority", 0)->fit(part);
  });
  ASSERT_EQ(seen.size(), 3u);
  ASSERT_EQ(seen[0].columns.size(), 3u) << "one share of two groups";
  EXPECT_EQ(seen[0].columns[2].share_of, 1);
  EXPECT_NEAR(seen[0].columns[2].numbers.front(), 6 * 0.04, 1e-12);
  EXPECT_NEAR(seen[0].columns[2].numbers.back(), 0.56 + 5 * 0.04, 1e-12);
  ASSERT_EQ(seen[1].columns.size(), 2u + 6u);
  EXPECT_NEAR(seen[1].columns[2].numbers.front(), 0.56 / 0.76, 1e-12);
  EXPECT_EQ(seen[2].columns[7].share_of, 5);
}

// A group whose rows are all alike: its classes by how frequent they are.
TEST(ClassTree, ADecisionThatCannotBeFittedIsMadeByFrequencies) {
  LabelledTable shots = clusters(12, 3, 1);
  for (size_t row = 0; row < 18; ++row) {
    for (Column& column : shots.features.columns) column.numbers[row] = 1;
  }
  const auto tree = fit_class_tree(shots, 10, [](const LabelledTable& part) -> std::unique_ptr<Predictor> {
    const std::vector<double>& first = part.features.columns[0].numbers;
    if (std::ranges::count(first, first[0]) == std::ssize(first)) fail(ErrorKind::kBadInput, "no two values");
    return open_baseline("forest", 1)->fit(part);
  });
  const std::vector<double> found = tree->predict(numbers({{1}, {1}}));
  for (size_t k = 0; k < 6; ++k) EXPECT_NEAR(found[k], found[0], 1e-12);
  EXPECT_GT(found[0], 0.1);
}

}  // namespace
}  // namespace manyshot
