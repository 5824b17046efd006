// Whole tasks of the prior `effects`: gaps, classes, explanations, and that they can be learnt.
#include <map>
#include <set>

#include "prior/prior.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

PriorOptions options_for(IntRange rows, double missing = 0.3) {
  PriorOptions options;
  options.prior = "effects";
  options.rows = rows;
  options.missing = missing;
  options.seed = 23;
  return options;
}

TEST(EffectsPrior, CellsAreMissingInEveryWayAtTheirRates) {
  const Prior prior(options_for({256, 256}, 0.5));
  PriorScratch scratch;
  std::map<std::string, double> kinds;
  constexpr int kTasks = 300;
  for (uint64_t index = 0; index < kTasks; ++index) {
    const Task task = prior.draw(index, scratch);
    const std::string words = prior.explain(index, scratch)["details"]["missing"];
    const std::string kind = words.substr(0, words.find(':'));
    ++kinds[kind];
    std::map<std::vector<size_t>, int> patterns;
    for (size_t feature = 0; feature < task.num_features(); ++feature) {
      std::vector<size_t> gaps;
      for (size_t row = 0; row < 256; ++row) {
        if (std::isnan(task.column(feature)[row])) gaps.push_back(row);
      }
      EXPECT_EQ(!gaps.empty(), task.info[feature].missing);
      EXPECT_TRUE(kind != "none" || gaps.empty());
      EXPECT_TRUE(kind == "blocks" || gaps.size() <= 129) << gaps.size();
      if (!gaps.empty()) ++patterns[gaps];
    }
    // One block: its columns have the same gaps.
    EXPECT_TRUE(kind != "blocks" || words.find(',') != std::string::npos || patterns.size() <= 1) << words;
  }
  expect_share(kinds["none"], kTasks, 0.5, "none");
  for (const char* kind : {"mcar", "mar", "mnar", "blocks"}) expect_share(kinds[kind], kTasks, 0.125, kind);
}

TEST(EffectsPrior, ClassesAreFewManyAndRare) {
  const Prior prior(options_for({1024, 1024}));
  PriorScratch scratch;
  double binary = 0, rare = 0;
  std::map<std::string, int> labels;
  constexpr int kTasks = 300;
  for (uint64_t index = 0; index < kTasks; ++index) {
    const Json json = prior.explain(index, scratch);
    ++labels[json["details"]["labels"].get<std::string>()];
    const auto counts = json["class_counts"].get<std::vector<size_t>>();
    binary += counts.size() == 2 ? 1 : 0;
    rare += *std::min_element(counts.begin(), counts.end()) <= 51 ? 1 : 0;
  }
  EXPECT_EQ(labels.size(), 4u);
  for (const auto& [kind, count] : labels) EXPECT_GT(count, 20) << kind;
  EXPECT_GT(binary / kTasks, 0.33);  // 0.4, and tables that lost classes
  EXPECT_LT(binary / kTasks, 0.6);
  EXPECT_GT(rare / kTasks, 0.2);
  PriorOptions options = options_for({1024, 1024});
  options.classes = {2, 100};
  const Prior many(options);
  size_t most = 0, above_fifty = 0;
  for (uint64_t index = 0; index < 60; ++index) {
    const Task task = many.draw(index, scratch);
    most = std::max(most, static_cast<size_t>(task.num_classes));
    above_fifty += task.num_classes > 30 ? 1 : 0;
  }
  EXPECT_GT(most, 60u);
  EXPECT_GT(above_fifty, 5u);
}

TEST(EffectsPrior, ExplanationsNameTheTermsOfTheScore) {
  PriorOptions options = options_for({200, 200});
  options.number_share = 1;
  const Prior prior(options);
  PriorScratch scratch;
  std::set<std::string> kinds;
  for (uint64_t index = 0; index < 60; ++index) {
    const Json json = prior.explain(index, scratch);
    EXPECT_EQ(json["label"]["source"], "score");
    std::string sum;
    size_t terms = 0;
    for (const Json& node : json["graph"]["nodes"]) {
      const std::string id = node["id"], equation = node["equation"];
      if (id == "score") sum = equation;
      if (id[0] != 't') continue;
      ++terms;
      kinds.insert(equation.substr(id.size() + 3, equation.find(':') - id.size() - 3));
    }
    EXPECT_GE(terms, 1u);
    EXPECT_LE(terms, 6u);
    for (size_t t = 0; t < terms; ++t) EXPECT_NE(sum.find(" t" + std::to_string(t)), std::string::npos) << sum;
  }
  EXPECT_EQ(kinds.size(), 9u);
}

TEST(EffectsPrior, TasksCanBeLearnt) {
  // Nearest neighbours know more than the majority, or the mean, in most tasks of few columns.
  PriorOptions options = options_for({1024, 1024}, 0);
  options.features = IntRange{2, 5};
  options.number_share = 0.5;
  const Prior prior(options);
  PriorScratch scratch;
  int better = 0;
  constexpr int kTasks = 60;
  for (uint64_t index = 0; index < kTasks; ++index) {
    const Task task = prior.draw(index, scratch);
    std::vector<double> y(1024);
    const auto counts = task.class_counts();
    const auto most = counts.empty() ? 0 : std::max_element(counts.begin(), counts.end()) - counts.begin();
    for (size_t row = 0; row < 1024; ++row)
      y[row] = counts.empty() ? task.target_values[row] : (task.labels[row] == most ? 1 : 0);
    double error = 0, total = 0, mean = 0;
    for (const double v : y) mean += v / 1024;
    for (size_t row = 0; row < 128; ++row) {
      std::vector<std::pair<double, size_t>> near;
      for (size_t other = 128; other < 1024; ++other) {
        double distance = 0;
        for (size_t f = 0; f < task.num_features(); ++f)
          distance += std::pow(task.column(f)[row] - task.column(f)[other], 2);
        near.emplace_back(distance, other);
      }
      std::partial_sort(near.begin(), near.begin() + 10, near.end());
      double guess = 0;
      for (size_t i = 0; i < 10; ++i) guess += y[near[i].second] / 10;
      error += std::pow(guess - y[row], 2);
      total += std::pow(mean - y[row], 2);
    }
    better += error < total ? 1 : 0;
  }
  EXPECT_GE(better, 40) << "of " << kTasks;
}

}  // namespace
}  // namespace manyshot::prior
