#include <functional>
#include <map>
#include <numeric>
#include <set>

#include "prior/graph/converters.h"
#include "prior/graph/correlated_draws.h"
#include "prior/graph/dag.h"
#include "prior/graph/mechanisms.h"
#include "prior/prior.h"
#include "prior/random/column_loops.h"
#include "prior/testing.h"

namespace manyshot::prior {
namespace {

TEST(CorrelatedDraws, UniformOverTasksAndCorrelatedWithin) {
  std::vector<double> firsts, seconds, spans;
  for (uint64_t task = 0; task < 4000; ++task) {
    CorrelatedDraws draws(Rng(3).child("task", task));
    firsts.push_back(draws.number("a", 0, 1));
    seconds.push_back(draws.number("a", 0, 1));
    const double x = draws.log_number("b", 0.1, 10);
    ASSERT_TRUE(x >= 0.1 && x <= 10);
    const int64_t k = draws.log_integer("c", 2, 9);
    ASSERT_TRUE(k >= 2 && k <= 9);
  }
  // t is uniform and E[u | t] = t: over tasks the mean is 1/2; within a task draws share t.
  double mean = 0, product = 0, squares = 0;
  for (size_t i = 0; i < firsts.size(); ++i) {
    mean += firsts[i] / static_cast<double>(firsts.size());
    product += (firsts[i] - 0.5) * (seconds[i] - 0.5) / static_cast<double>(firsts.size());
    squares += std::pow(firsts[i] - 0.5, 2) / static_cast<double>(firsts.size());
  }
  EXPECT_NEAR(mean, 0.5, 0.03);
  EXPECT_NEAR(product, 1.0 / 12, 0.012);
  EXPECT_GT(squares, product + 0.01);
}

TEST(CorrelatedDraws, WeightsHaveTheirLengthAndRange) {
  double flat = 0, peaked = 0;
  for (uint64_t task = 0; task < 500; ++task) {
    CorrelatedDraws draws(Rng(4).child("task", task));
    const std::vector<float> weights = draws.weights(16);
    double squares = 0, most = 0;
    for (const float weight : weights) squares += weight * weight, most = std::max<double>(most, weight);
    ASSERT_NEAR(squares, 16, 1e-3);
    flat += most < 1.5 ? 1 : 0;
    peaked += most > 3.5 ? 1 : 0;
  }
  EXPECT_GT(flat, 25);
  EXPECT_GT(peaked, 25);
}

TEST(Dag, EveryFamilyIsAcyclicAndItself) {
  std::map<GraphFamily, double> mean_edges;
  for (size_t f = 0; f < kNumGraphFamilies; ++f) {
    const auto family = static_cast<GraphFamily>(f);
    bool with_edges = false;
    for (uint64_t seed = 0; seed < 300; ++seed) {
      Draws draws(Rng(seed).child("dag", f));
      const size_t n = 2 + seed % 31;
      const Dag dag = draw_dag(family, n, draws);
      ASSERT_EQ(dag.num_nodes(), n);
      size_t edges = 0;
      for (uint32_t node = 0; node < n; ++node) {
        const auto& parents = dag.parents[node];
        ASSERT_TRUE(std::is_sorted(parents.begin(), parents.end()));
        ASSERT_EQ(std::adjacent_find(parents.begin(), parents.end()), parents.end());
        for (const uint32_t parent : parents) ASSERT_LT(parent, node);
        edges += parents.size();
        if (family == GraphFamily::kTree) {
          ASSERT_EQ(parents.size(), node == 0 ? 0u : 1u);
        }
        if (family == GraphFamily::kScaleFree && node > 0) {
          ASSERT_TRUE(!parents.empty() && parents.size() <= 3);
        }
      }
      with_edges = with_edges || edges > 0;
      mean_edges[family] += static_cast<double>(edges);
    }
    EXPECT_TRUE(with_edges) << name_of(family);
  }
  // Heavy tails: both empty and full graphs are common.
  int empty = 0, full = 0;
  for (uint64_t seed = 0; seed < 400; ++seed) {
    Draws draws(Rng(seed).child("dag"));
    const Dag dag = draw_dag(GraphFamily::kCauchy, 6, draws);
    size_t edges = 0;
    for (const auto& parents : dag.parents) edges += parents.size();
    empty += edges <= 2 ? 1 : 0;
    full += edges >= 13 ? 1 : 0;
  }
  EXPECT_GT(empty, 20);
  EXPECT_GT(full, 20);
}

TEST(Dag, ChainsHaveOneParentBehindTheOther) {
  Dag dag;
  dag.parents = {{}, {0}, {0}, {1, 2}, {}};
  EXPECT_EQ(ancestors_or_self(dag, {2}), (std::vector<uint8_t>{1, 0, 1, 0, 0}));
  EXPECT_EQ(ancestors_or_self(dag, {3, 4}), (std::vector<uint8_t>{1, 1, 1, 1, 1}));
}

TEST(Mechanisms, EachGivesFiniteColumnsThatDependOnTheInput) {
  NodeMatrix in, changed, out, out_changed;
  fill(in, 7, 200, 1);
  fill(changed, 7, 200, 1);
  fill(changed, 7, 200, 2);
  for (size_t m = 0; m < kNumMechanisms; ++m) {
    const auto mechanism = static_cast<Mechanism>(m);
    size_t constant = 0;
    for (uint64_t seed = 0; seed < 40; ++seed) {
      RandomFunctions functions;
      CorrelatedDraws draws(Rng(seed).child("m", m)), again(Rng(seed).child("m", m));
      std::string text;
      functions.apply(mechanism, draws, in, 3, out, &text);
      ASSERT_EQ(out.num_nodes(), 3u);
      EXPECT_FALSE(text.empty());
      functions.apply(mechanism, again, changed, 3, out_changed, nullptr);
      bool same = true;
      for (size_t node = 0; node < 3; ++node) {
        const Moments moments = column_moments(out.node(node), 200);
        ASSERT_TRUE(std::isfinite(moments.mean) && std::isfinite(moments.deviation)) << text;
        constant += moments.deviation < 1e-6f ? 1 : 0;
        same = same && std::equal(out.node(node), out.node(node) + 200, out_changed.node(node));
      }
      EXPECT_FALSE(same && constant == 0) << text;
    }
    EXPECT_LT(constant, 30u) << name_of(mechanism);
  }
}

TEST(Mechanisms, LinearIsLinearAndTreesAreSteps) {
  NodeMatrix in, out, twice, out_twice;
  fill(in, 4, 64, 1);
  fill(twice, 4, 64, 1);
  for (size_t node = 0; node < 4; ++node) {
    for (size_t row = 0; row < 64; ++row) twice.node(node)[row] *= 2;
  }
  RandomFunctions functions;
  CorrelatedDraws a(Rng(1)), b(Rng(1));
  functions.apply(Mechanism::kLinear, a, in, 2, out, nullptr);
  functions.apply(Mechanism::kLinear, b, twice, 2, out_twice, nullptr);
  for (size_t row = 0; row < 64; ++row) EXPECT_NEAR(out_twice.node(1)[row], 2 * out.node(1)[row], 1e-5);
  fill(in, 1, 500, 3);
  for (uint64_t seed = 0; seed < 30; ++seed) {
    CorrelatedDraws draws(Rng(seed).child("t"));
    std::string text;
    functions.apply(Mechanism::kTrees, draws, in, 1, out, &text);
    size_t trees = 0, depth = 0;
    ASSERT_EQ(std::sscanf(text.c_str(), "trees[%zu of depth %zu]", &trees, &depth), 2) << text;
    std::vector<uint32_t> order(500);
    std::iota(order.begin(), order.end(), 0u);
    std::sort(order.begin(), order.end(), [&](uint32_t x, uint32_t y) { return in.node(0)[x] < in.node(0)[y]; });
    size_t steps = 0;
    for (size_t i = 1; i < 500; ++i) steps += out.node(0)[order[i]] != out.node(0)[order[i - 1]] ? 1 : 0;
    EXPECT_LE(steps, trees * depth);  // oblivious: a tree has `depth` thresholds
  }
}

TEST(Mechanisms, MatricesHaveRowsOfLengthOne) {
  for (uint64_t seed = 0; seed < 200; ++seed) {
    CorrelatedDraws draws(Rng(seed).child("matrix"));
    const auto matrix = RandomFunctions::random_matrix(draws, 5, 9);
    for (size_t row = 0; row < 5; ++row) {
      double squares = 0;
      for (size_t k = 0; k < 9; ++k) squares += std::pow(matrix.values[row * 9 + k], 2);
      ASSERT_NEAR(squares, 1, 1e-4);
    }
  }
}

TEST(Mechanisms, ActivationsReachTheirWholeList) {
  std::set<std::string> names;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    CorrelatedDraws draws(Rng(seed).child("activation"));
    NodeMatrix x;
    fill(x, 5, 100, seed);
    std::string name = RandomFunctions::activate(draws, x);
    names.insert(name.substr(0, name.find('(')));
    for (size_t node = 0; node < 5; ++node) {
      for (size_t row = 0; row < 100; ++row) ASSERT_TRUE(std::isfinite(x.node(node)[row])) << name;
    }
  }
  EXPECT_EQ(names.size(), 29u);  // 27 and the two powers
}

TEST(Converters, MarginalsAreWhatTheySay) {
  Converters converters;
  const size_t n = 1000;
  for (size_t m = 0; m < kNumMarginals; ++m) {
    const auto marginal = static_cast<Marginal>(m);
    double tails = 0;
    for (uint64_t seed = 0; seed < 20; ++seed) {
      CorrelatedDraws draws(Rng(seed).child("marginal", m));
      NodeMatrix slice;
      fill(slice, 1, n, seed);
      const std::vector<float> before(slice.node(0), slice.node(0) + n);
      std::vector<float> values;
      ColumnInfo info;
      std::string text;
      Converter converter;
      converter.marginal = marginal;
      if (marginal == Marginal::kCounts) converter.kind = ColumnKind::kInteger;
      if (marginal == Marginal::kOrdinal) converter.kind = ColumnKind::kOrdinal;
      converters.convert(converter, draws, slice, values, info, &text);
      // Order is kept.
      for (size_t row = 1; row < n; ++row) {
        if (before[row] < before[0]) {
          ASSERT_LE(values[row], values[0]) << text;
        }
        if (before[row] > before[0]) {
          ASSERT_GE(values[row], values[0]) << text;
        }
      }
      const std::set<float> distinct(values.begin(), values.end());
      const double zeros = static_cast<double>(std::count(values.begin(), values.end(), 0.0f)) / static_cast<double>(n);
      std::vector<float> z = values;
      standardise(z.data(), n);
      tails += std::count_if(z.begin(), z.end(), [](float v) { return std::abs(v) > 4; });
      switch (marginal) {
        case Marginal::kIdentity:
          EXPECT_EQ(values, before);
          break;
        case Marginal::kKumaraswamy:
        case Marginal::kUniform:
          EXPECT_GE(*distinct.begin(), 0);
          EXPECT_LE(*distinct.rbegin(), 1);
          break;
        case Marginal::kZeroInflated:
          EXPECT_GT(zeros, 0.15) << text;
          EXPECT_LT(zeros, 0.85) << text;
          break;
        case Marginal::kCounts:
          for (const float v : distinct) EXPECT_EQ(v, std::floor(v));
          EXPECT_GE(*distinct.begin(), 0);
          break;
        case Marginal::kOrdinal:
          EXPECT_LE(distinct.size(), 10u);
          EXPECT_EQ(info.num_levels, static_cast<int32_t>(*distinct.rbegin()) + 1);
          break;
        default:
          EXPECT_GT(distinct.size(), 990u);
      }
    }
    if (marginal == Marginal::kHeavyTailed) {
      EXPECT_GT(tails / 20, 2);
    }
    if (marginal == Marginal::kNormal || marginal == Marginal::kUniform) {
      EXPECT_LT(tails / 20, 0.5);
    }
  }
}

TEST(Converters, LevelRulesGiveTheirLevels) {
  Converters converters;
  const size_t n = 800;
  for (size_t r = 0; r < kNumLevelRules; ++r) {
    const auto rule = static_cast<LevelRule>(r);
    size_t most = 0, changed = 0, overwritten = 0;
    for (uint64_t seed = 0; seed < 30; ++seed) {
      CorrelatedDraws draws(Rng(seed).child("rule", r));
      const Converter converter = draw_level_converter(rule, 5, draws);
      NodeMatrix slice;
      fill(slice, converter.num_dimensions, n, seed);
      const std::vector<float> before(slice.node(0), slice.node(0) + n);
      std::vector<float> values;
      ColumnInfo info;
      std::string text;
      converters.convert(converter, draws, slice, values, info, &text);
      EXPECT_EQ(info.num_levels, 5);
      EXPECT_EQ(text.rfind(name_of(rule), 0), 0u);
      std::set<float> levels(values.begin(), values.end());
      for (const float level : levels) ASSERT_TRUE(level >= 0 && level < 5 && level == std::floor(level));
      most = std::max(most, levels.size());
      changed += levels.size() >= 2 ? 1 : 0;
      std::set<float> slice_values(slice.node(0), slice.node(0) + n);
      overwritten += slice_values.size() <= 5 ? 1 : 0;
    }
    EXPECT_GE(most, 4u) << name_of(rule);
    EXPECT_GE(changed, 25u) << name_of(rule);
    if (rule == LevelRule::kNeighbourId || rule == LevelRule::kSoftmaxId) {
      EXPECT_EQ(overwritten, 0u);
    } else if (r < kNumNativeRules) {
      EXPECT_EQ(overwritten, 30u) << name_of(rule);
    }
  }
}

TEST(Converters, MissingCellsFollowTheirMechanism) {
  for (size_t m = 0; m < kNumMissingness; ++m) {
    const auto kind = static_cast<Missingness>(m);
    double own = 0, other = 0, count = 0;
    for (uint64_t seed = 0; seed < 60; ++seed) {
      CorrelatedDraws draws(Rng(seed).child("missing", m));
      NodeMatrix columns, full;
      fill(columns, 2, 1000, seed);
      fill(full, 2, 1000, seed);
      std::vector<ColumnInfo> info(2);
      EXPECT_EQ(remove_cells(kind, draws, columns, info).rfind(name_of(kind), 0), 0u);
      size_t with_gaps = 0;
      for (size_t column = 0; column < 2; ++column) {
        double gaps = 0, sum_own = 0, sum_other = 0;
        for (size_t row = 0; row < 1000; ++row) {
          if (columns.node(column)[row] == columns.node(column)[row]) {
            ASSERT_EQ(columns.node(column)[row], full.node(column)[row]);
            continue;
          }
          ++gaps;
          sum_own += full.node(column)[row];
          sum_other += full.node(1 - column)[row];
        }
        ASSERT_EQ(info[column].missing, gaps > 0);
        if (gaps < 50) continue;
        ++with_gaps;
        own += std::abs(sum_own / gaps) * std::sqrt(gaps);
        other += std::abs(sum_other / gaps) * std::sqrt(gaps);
        ++count;
      }
    }
    ASSERT_GT(count, 20);
    // |mean| sqrt(n) of unrelated normals is 0.8 on average.
    EXPECT_TRUE(kind == Missingness::kMnar ? own / count > 3 : own / count < 1.3) << name_of(kind) << own / count;
    EXPECT_TRUE(kind == Missingness::kMar ? other / count > 3 : other / count < 1.3) << name_of(kind) << other / count;
  }
}

TEST(GraphPrior, EverythingIsReached) {
  PriorOptions options;
  options.prior = "graph";
  options.rows = IntRange{128, 128};
  options.missing = 0.5;
  options.classes = IntRange{2, 10};
  const Prior prior(options);
  PriorScratch scratch;
  std::map<std::string, int> families, mechanisms, label_rules, kinds, gaps, made;
  std::map<std::string, int> node_kinds;
  double binary = 0, tasks = 400, irrelevant = 0;
  for (uint64_t index = 0; index < 400; ++index) {
    const Json json = prior.explain(index, scratch);
    ++families[json["details"]["family"]];
    const std::string missing = json["details"]["missing"];
    ++gaps[missing.substr(0, missing.find(':'))];
    const std::string rule = json["label"]["rule"];
    const std::string name = rule.substr(rule.find(", ") + 2);
    ++label_rules[name.substr(0, name.find('['))];
    for (const Json& column : json["columns"]) {
      ++kinds[column["kind"]];
      EXPECT_EQ(column["rule"].get<std::string>().find('#'), std::string::npos) << column["rule"];
    }
    for (const Json& node : json["graph"]["nodes"]) {
      ++node_kinds[node["kind"]];
      const std::string equation = node["equation"];
      for (size_t m = 0; m < kNumMechanisms; ++m) {
        const auto mechanism = static_cast<Mechanism>(m);
        const std::string word = mechanism == Mechanism::kDiscretise ? "nearest of"
                                 : mechanism == Mechanism::kEm       ? "soft assignment"
                                 : mechanism == Mechanism::kProduct
                                     ? " times "
                                     : std::string(name_of(mechanism)) + (mechanism == Mechanism::kLinear ? "(" : "[");
        if (equation.find(word) != std::string::npos) ++mechanisms[std::string(name_of(mechanism))];
      }
    }
    for (const Json& extra : json["details"]["made_columns"]) {
      const std::string words = extra;
      ++made[words];
      irrelevant += words.rfind("irrelevant", 0) == 0 ? 1 : 0;
    }
    binary += json["details"]["classes_asked"] == 2 ? 1 : 0;
  }
  EXPECT_EQ(families.size(), kNumGraphFamilies);
  EXPECT_EQ(mechanisms.size(), kNumMechanisms);
  EXPECT_EQ(label_rules.size(), kNumLevelRules);
  EXPECT_EQ(kinds.size(), 4u);
  EXPECT_EQ(gaps.size(), 4u);  // none, mcar, mar, mnar
  EXPECT_EQ(made.size(), 4u);
  EXPECT_TRUE(node_kinds.contains("latent"));
  EXPECT_GT(irrelevant, 5);
  expect_share(gaps["none"], tasks, 0.5, "no missing cells");
  expect_share(binary, tasks, 0.4, "binary");
  expect_share(families["cauchy"], tasks, 0.4, "cauchy graphs");
}

}  // namespace
}  // namespace manyshot::prior
