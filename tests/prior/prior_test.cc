#include "prior/prior.h"

#include <cstring>
#include <map>
#include <set>

#include "core/parallel.h"
#include "prior/explain.h"
#include "prior/testing.h"

namespace manyshot::prior {

using kernels::SimdLevel;

namespace {

PriorOptions options_for(const std::string& prior, IntRange rows = {256, 256}) {
  PriorOptions options;
  options.prior = prior;
  options.rows = rows;
  options.seed = 17;
  return options;
}

std::string bytes_of(const Task& task) {
  std::string bytes(reinterpret_cast<const char*>(task.columns.data()), task.columns.size() * sizeof(float));
  bytes.append(reinterpret_cast<const char*>(task.labels.data()), task.labels.size() * sizeof(int32_t));
  bytes.append(reinterpret_cast<const char*>(task.target_values.data()), task.target_values.size() * sizeof(float));
  for (const ColumnInfo& info : task.info) bytes += std::to_string(info.offset) + name_of(info.kind).data();
  return bytes + std::to_string(task.num_classes) + task.prior;
}

class EveryPrior : public ::testing::TestWithParam<const char*> {};

TEST_P(EveryPrior, TablesKeepTheirPromises) {
  const Prior prior(options_for(GetParam()));
  PriorScratch scratch;
  for (uint64_t index = 0; index < 60; ++index) {
    const Task task = prior.draw(index, scratch);
    ASSERT_EQ(task.index, index);
    ASSERT_EQ(task.num_rows, 256u);
    ASSERT_EQ(task.labels.size(), 256u);
    ASSERT_EQ(task.columns.size(), 256 * task.num_features());
    ASSERT_GE(task.num_features(), 1u);
    const std::set<int32_t> present(task.labels.begin(), task.labels.end());
    ASSERT_GE(task.num_classes, 2);
    ASSERT_LE(task.num_classes, 10);
    ASSERT_EQ(present.size(), static_cast<size_t>(task.num_classes));
    ASSERT_EQ(*present.begin(), 0);
    ASSERT_EQ(*present.rbegin(), task.num_classes - 1);
    for (size_t feature = 0; feature < task.num_features(); ++feature) {
      double sum = 0, squares = 0, count = 0;
      std::set<float> distinct;
      for (const float v : task.column(feature)) {
        if (v != v) continue;
        ASSERT_TRUE(std::isfinite(v));
        ASSERT_LE(std::abs(v), 100);
        sum += v, squares += v * v, ++count;
        distinct.insert(v);
      }
      ASSERT_GE(distinct.size(), 2u);
      ASSERT_EQ(task.info[feature].missing, count < 256);
      // Deviations below 1e-6 are divided by 1e-6.
      const double variance = (squares - sum * sum / count) / (count - 1);
      ASSERT_LE(variance, 1.02);
      ASSERT_TRUE(std::abs(sum / count) < 2e-3 || task.info[feature].scale < 1.1e-6) << sum / count;
      ASSERT_TRUE(variance >= 0.98 || task.info[feature].scale < 1.1e-6) << variance;
      if (task.info[feature].num_levels > 0) {
        ASSERT_LE(distinct.size(), static_cast<size_t>(task.info[feature].num_levels) + 2);
      }
    }
  }
}

// Half of the tasks predict numbers; the others are the tasks there were without them.
TEST_P(EveryPrior, NumbersAreTargetsAndLeaveClassesAlone) {
  PriorOptions options = options_for(GetParam());
  const Prior classes(options);
  options.number_share = 0.5;
  const Prior both(options);
  PriorScratch scratch;
  Task task;
  double numbers = 0;
  constexpr int kTasks = 120;
  for (uint64_t index = 0; index < kTasks; ++index) {
    both.draw(index, scratch, task);
    if (task.target_kind == TargetKind::kClass) {
      ASSERT_EQ(bytes_of(task), bytes_of(classes.draw(index, scratch))) << index;
      continue;
    }
    ++numbers;
    ASSERT_TRUE(task.labels.empty());
    ASSERT_EQ(task.num_classes, 0);
    ASSERT_EQ(task.target_values.size(), 256u);
    ASSERT_GE(task.num_features(), 1u);
    double sum = 0, squares = 0;
    std::map<float, int> counts;
    for (const float v : task.target_values) {
      ASSERT_TRUE(std::isfinite(v));
      sum += v, squares += v * v, ++counts[v];
    }
    ASSERT_NEAR(sum / 256, 0, 2e-3);
    ASSERT_NEAR(squares / 255, 1, 0.02);
    for (const auto& [value, count] : counts) ASSERT_LE(count, 243);
  }
  expect_share(numbers, kTasks, 0.5, "numbers");
}

// Rows of each class as they were before there were numbers to predict: nothing moved these tasks.
TEST(Prior, TasksOfOlderVersionsAreTheSame) {
  const std::map<std::string, std::vector<std::vector<size_t>>> expected{
      {"mlp", {{40, 216}, {8, 6, 17, 28, 17, 5, 7, 120, 48}, {39, 217}, {27, 229}, {130, 126}, {57, 199}}},
      {"tree", {{8, 248}, {152, 104}, {231, 25}, {20, 42, 47, 74, 7, 66}, {198, 58}, {32, 224}}},
      {"graph", {{30, 226}, {115, 141}, {43, 213}, {62, 32, 43, 27, 92}, {173, 83}, {60, 196}}},
      {"forest", {{34, 20, 35, 167}, {75, 10, 7, 21, 52, 91}, {110, 88, 58}, {12, 73, 12, 98, 61}, {139, 117}}}};
  PriorScratch scratch;
  for (const auto& [name, tasks] : expected) {
    const Prior prior(options_for(name));
    for (size_t index = 0; index < tasks.size(); ++index)
      EXPECT_EQ(prior.draw(index, scratch).class_counts(), tasks[index]) << name << " " << index;
  }
}

TEST_P(EveryPrior, SameBytesForAnyThreadsScratchAndOrder) {
  PriorOptions options = options_for(GetParam());
  options.number_share = 0.3;
  const Prior prior(options);
  constexpr size_t kTasks = 24;
  std::vector<std::string> expected;
  for (uint64_t index = 0; index < kTasks; ++index) {
    PriorScratch fresh;
    expected.push_back(bytes_of(prior.draw(index, fresh)));
  }
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    std::vector<PriorScratch> scratches(7);
    std::vector<std::string> got(kTasks);
    parallel_for(kTasks, [&](size_t i, int worker) {
      const size_t index = kTasks - 1 - i;
      got[index] = bytes_of(prior.draw(index, scratches[static_cast<size_t>(worker)]));
    });
    EXPECT_EQ(got, expected) << threads;
  }
  set_num_threads(0);
  PriorOptions other = options;
  other.seed = 18;
  PriorScratch scratch;
  EXPECT_NE(bytes_of(Prior(other).draw(0, scratch)), expected[0]);
  // Drawing into a used task leaves nothing of what it held.
  Task task = prior.draw(3, scratch);
  prior.draw(0, scratch, task);
  EXPECT_EQ(bytes_of(task), expected[0]);
}

TEST_P(EveryPrior, SameBytesAtEveryFusedLevel) {
  PriorOptions options = options_for(GetParam(), {1000, 1000});
  options.number_share = 0.3;
  const Prior prior(options);
  PriorScratch scratch;
  for (uint64_t index = 0; index < 12; ++index) {
    std::set<std::string> results;
    at_fused_levels([&](SimdLevel) { results.insert(bytes_of(prior.draw(index, scratch))); });
    EXPECT_LE(results.size(), 1u) << index;
  }
}

TEST_P(EveryPrior, ExplanationsMatchTheTask) {
  PriorOptions options = options_for(GetParam());
  options.number_share = 0.3;
  const Prior prior(options);
  PriorScratch scratch;
  for (uint64_t index = 0; index < 25; ++index) {
    const Task task = prior.draw(index, scratch);
    const Json json = prior.explain(index, scratch);
    EXPECT_EQ(json["task"], index);
    EXPECT_EQ(json["prior"], task.prior);
    if (task.target_kind == TargetKind::kClass) {
      EXPECT_EQ(json["classes"], task.num_classes);
    } else {
      EXPECT_EQ(json["target"]["kind"], name_of(task.target_info.kind));
    }
    ASSERT_EQ(json["columns"].size(), task.num_features());
    std::set<std::string> ids;
    for (const Json& node : json["graph"]["nodes"]) EXPECT_TRUE(ids.insert(node["id"]).second) << node["id"];
    std::map<std::string, std::vector<std::string>> parents;
    for (const Json& edge : json["graph"]["edges"]) {
      EXPECT_TRUE(ids.contains(edge["from"])) << edge.dump();
      EXPECT_TRUE(ids.contains(edge["to"])) << edge.dump();
      parents[edge["to"]].push_back(edge["from"]);
    }
    // Acyclic: taking away nodes whose parents are gone takes all away.
    std::set<std::string> gone;
    for (bool moved = true; moved;) {
      moved = false;
      for (const std::string& id : ids) {
        if (gone.contains(id)) continue;
        const auto& of = parents[id];
        if (std::all_of(of.begin(), of.end(), [&](const std::string& p) { return gone.contains(p); }))
          moved = gone.insert(id).second || moved;
      }
    }
    EXPECT_EQ(gone.size(), ids.size()) << index;
    for (size_t feature = 0; feature < task.num_features(); ++feature) {
      const std::string source = json["columns"][feature]["source"];
      EXPECT_TRUE(ids.contains(source)) << source;
      EXPECT_EQ(json["columns"][feature]["kind"], name_of(task.info[feature].kind));
    }
    EXPECT_TRUE(ids.contains(json["label"]["source"].get<std::string>())) << json["label"].dump();
    EXPECT_FALSE(json["label"]["rule"].get<std::string>().empty());
    EXPECT_EQ(json["label"]["rule"].get<std::string>().find('#'), std::string::npos) << json["label"].dump();
    const std::string dot = explanation_dot(json);
    EXPECT_EQ(std::count(dot.begin(), dot.end(), '{'), std::count(dot.begin(), dot.end(), '}'));
    EXPECT_NE(dot.find("digraph"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Priors, EveryPrior,
                         ::testing::Values("mlp", "tree", "graph", "forest", "effects", "mix:0.5,graph:0.5"),
                         [](const auto& test) { return "p" + std::to_string(test.index); });

TEST(Mix, SharesOfPartsFeaturesAndClasses) {
  PriorOptions options = options_for("mix", {128, 128});
  const Prior prior(options);
  PriorScratch scratch;
  Task task;
  constexpr int kTasks = 1500;
  double mlp = 0, features = 0, ends = 0, binary = 0, with_categories = 0;
  for (uint64_t index = 0; index < kTasks; ++index) {
    prior.draw(index, scratch, task);
    mlp += task.prior == "mlp" ? 1 : 0;
    features += static_cast<double>(task.num_features());
    binary += task.num_classes == 2 ? 1 : 0;
    ends += task.num_features() == 50 ? 1 : 0;
    with_categories +=
        std::any_of(task.info.begin(), task.info.end(), [](const ColumnInfo& c) { return c.num_levels > 0; }) ? 1 : 0;
  }
  expect_share(mlp, kTasks, 0.7, "mlp");
  EXPECT_NEAR(features / kTasks, 27.5, 5 * 13 / std::sqrt(kTasks) + 0.1);
  expect_share(ends, kTasks, 0.011, "50 features");
  EXPECT_GT(binary / kTasks, 0.55);  // 0.5556, and tables that lost classes
  EXPECT_LT(binary / kTasks, 0.66);
  // p = 0.2, times the chance that a column is hit: q ~ U(0,1), 1 - E (1-q)^F, about 0.95.
  EXPECT_NEAR(with_categories / kTasks, 0.2 * 0.95, 0.035);
}

TEST(Mix, TreeLayersHaveTheirLaws) {
  const Prior prior(options_for("tree", {128, 128}));
  PriorScratch scratch;
  std::array<double, 5> depths{}, trees{}, layers{};
  std::map<int, double> widths;
  double total = 0;
  constexpr int kTasks = 1000;
  for (uint64_t index = 0; index < kTasks; ++index) {
    const Json details = prior.explain(index, scratch)["details"];
    ++layers[details["num_layers"].get<size_t>()];
    ++widths[details["width"]];
    for (const Json& layer : details["layers"]) {
      ++depths[layer["depth"].get<size_t>()];
      ++trees[layer["trees"].get<size_t>()];
      ++total;
    }
  }
  expect_share(layers[1], kTasks, 0.5, "one layer");
  for (int width = 3; width <= 9; ++width) expect_share(widths[width], kTasks, 1.0 / 7, "width");
  expect_share(depths[2], total, 0.3935, "depth 2");
  expect_share(depths[3], total, 0.2387, "depth 3");
  expect_share(depths[4], total, 0.3679, "depth 4");
  expect_share(trees[1], total, 0.3935, "1 tree");
  expect_share(trees[2], total, 0.2387, "2 trees");
  expect_share(trees[3], total, 0.1447, "3 trees");
  expect_share(trees[4], total, 0.2231, "4 trees");
}

TEST(Prior, SmallTablesOfManyClassesComeToAnEnd) {
  for (const char* name : {"mlp", "tree", "graph", "forest", "effects"}) {
    PriorOptions options = options_for(name, {40, 40});
    options.features = IntRange{1, 3};
    options.classes = IntRange{10, 10};
    const Prior prior(options);
    PriorScratch scratch;
    for (uint64_t index = 0; index < 5; ++index) {
      const Task task = prior.draw(index, scratch);
      EXPECT_EQ(task.num_rows, 40u);
      EXPECT_GE(task.num_classes, 2);
    }
  }
}

TEST(Prior, RangesAreKept) {
  PriorOptions options = options_for("mix:1,graph:1,forest:1,effects:1", {300, 400});
  options.features = IntRange{3, 4};
  options.classes = IntRange{12, 15};
  const Prior prior(options);
  PriorScratch scratch;
  int most = 0;
  for (uint64_t index = 0; index < 40; ++index) {
    const Task task = prior.draw(index, scratch);
    EXPECT_GE(task.num_rows, 300u);
    EXPECT_LE(task.num_rows, 400u);
    EXPECT_LE(task.num_features(), 4u);
    EXPECT_LE(task.num_classes, 15);
    most = std::max(most, task.num_classes);
  }
  EXPECT_GT(most, 10);
}

TEST(ForestPrior, TasksCanBeLearnt) {
  PriorOptions options;
  options.prior = "forest";
  options.rows = IntRange{1024, 1024};
  options.features = IntRange{4, 4};
  const Prior prior(options);
  PriorScratch scratch;
  // The nearest neighbour knows more than the majority in most tasks.
  int better = 0;
  for (uint64_t index = 0; index < 40; ++index) {
    const Task task = prior.draw(index, scratch);
    std::vector<int> counts(static_cast<size_t>(task.num_classes), 0);
    for (const int32_t label : task.labels) ++counts[static_cast<size_t>(label)];
    int right = 0;
    for (size_t row = 0; row < 256; ++row) {
      double best = 1e30;
      int32_t guess = 0;
      for (size_t other = 256; other < 1024; ++other) {
        double distance = 0;
        for (size_t f = 0; f < task.num_features(); ++f)
          distance += std::pow(task.column(f)[row] - task.column(f)[other], 2);
        if (distance < best) best = distance, guess = task.labels[other];
      }
      right += guess == task.labels[row] ? 1 : 0;
    }
    better += right / 256.0 > *std::max_element(counts.begin(), counts.end()) / 1024.0 ? 1 : 0;
  }
  EXPECT_GE(better, 24);
}

}  // namespace
}  // namespace manyshot::prior
