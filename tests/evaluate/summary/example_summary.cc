#include "evaluate/summary/example_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/rng.h"
#include "evaluate/summary/summarise.h"

namespace manyshot::testing {
namespace {

constexpr size_t kTables = 40, kUncalibrated = 1, kForest = 2, kWriter = 5, kFailingTable = 3, kTableWithoutAuc = 4;
constexpr size_t kQueries = 60;

struct Skill {
  const char* name;
  double start, slope;  // accuracy at 8 shots, and what each doubling adds, on a table of middle difficulty
};
constexpr Skill kSkills[] = {{"default", 0.62, 0.030},  {"default+calibrate=none", 0.61, 0.030},
                             {"forest", 0.58, 0.036},   {"knn", 0.55, 0.028},
                             {"majority", 0.52, 0.001}, {"openai:writer", 0.50, 0.012}};

std::string table_name(size_t table) {
  if (table >= 38)
    return fmt::format("Contaminant_detection_in_spread_jars_using_microwaves_{}0GHz_measurements", table - 37);
  return fmt::format("table_{:02}", table);
}

TableSummary example_table(size_t table) {
  const uint64_t rows = 400 + 120 * table;
  return {.name = table_name(table),
          .path = "tables/" + table_name(table) + ".csv",
          .target = "outcome",
          .classes = {"no", "yes", "maybe"},
          .class_rows = {rows / 2, rows / 3, rows - rows / 2 - rows / 3},
          .rows = rows,
          .train_rows = rows * 4 / 5,
          .queries = kQueries,
          .features = 5 + table,
          .text_columns = table % 4,
          .missing_cells = 17 * table,
          .hash = fmt::format("{:064x}", 1000003 * (table + 1))};
}

UnitSummary example_unit(const UnitSummary& key, const Rng& rng) {
  UnitSummary unit = key;
  if (key.model == kWriter && (key.table == kFailingTable || key.shots == 1024)) {
    unit.error = "http://localhost:8000/v1: 400: the prompt has 9,120 tokens, the model takes 8,192";
    return unit;
  }
  const Skill& skill = kSkills[key.model];
  const double ease = 0.3 * (Rng(7).uniform(key.table) - 0.5);
  const double chance =
      std::clamp(skill.start + ease + skill.slope * std::log2(static_cast<double>(key.shots) / 8), 0.05, 0.99);
  const double too_sure = key.model == kUncalibrated ? 0.12 : 0.02;
  unit.reliability.resize(kCalibrationBins);
  uint64_t num_correct = 0;
  for (size_t query = 0; query < kQueries; ++query) {
    const double confidence = std::clamp(chance + too_sure + 0.15 * rng.normal(2 * query), 0.34, 1.0);
    const bool correct = rng.uniform(2 * query + 1) < confidence - too_sure;
    unit.correct.push_back(correct);
    num_correct += correct;
    ReliabilityBin& bin = unit.reliability[std::min<size_t>(confidence * kCalibrationBins, kCalibrationBins - 1)];
    ++bin.rows;
    bin.correct += correct;
    bin.confidence += confidence;
  }
  const double accuracy = static_cast<double>(num_correct) / kQueries;
  unit.metrics = {.rows = kQueries,
                  .accuracy = accuracy,
                  .balanced_accuracy = 0.9 * accuracy,
                  .macro_f1 = 0.88 * accuracy,
                  .log_loss = 1.4 - accuracy,
                  .auc = key.table == kTableWithoutAuc ? kNotAvailable : 0.5 + accuracy / 2,
                  .brier = 1 - accuracy,
                  .ece = 0.05 + too_sure};
  unit.fit_s = 0.01 * static_cast<double>(key.model + 1);
  unit.predict_s = 0.001 * static_cast<double>(key.shots * (key.model + 1));
  unit.contexts = 2;
  if (key.model == kWriter) {
    unit.answers = {.by_id = 50,
                    .by_position = 6,
                    .by_probability = 1,
                    .by_majority = 3,
                    .responses = 2,
                    .invalid_json = 1,
                    .prompt_tokens = 40 * key.shots,
                    .answer_tokens = 700,
                    .requests = 3,
                    .retries = 1,
                    .cost = 0.002};
    unit.notes = {"1 of 2 responses was cut and repaired"};
  }
  return unit;
}

ExamplePrompt example_prompt(size_t table) {
  ExamplePrompt example{.table = table,
                        .shots = 8,
                        .seed = 40,
                        .prompt = "Predict \"outcome\" from the other columns.\n1, 2 -> 0\n3, 4 -> 1\n",
                        .rows = {11, 5},
                        .truth = R"([{"id": 0, "label": 1}, {"id": 1, "label": 0}])"};
  for (const size_t model : {size_t{0}, kForest})
    example.answers.push_back({model, R"([{"id": 0, "label": 1}, {"id": 1, "label": 2}])", {0.8, 0.25}});
  return example;
}

}  // namespace

Summary example_summary() {
  Summary summary;
  summary.run = {
      .version = "0.1.0",
      .options = {{"tables", {"tables"}}, {"protocol", "fixed"}, {"max-queries", kQueries}, {"shard", "0/1"}},
      .protocol = "fixed",
      .shots = {8, 16, 32, 64, 128, 256, 512, 1024},
      .seeds = {40, 41},
      .baseline = "forest",
      .forest = "forest",
      .started = "2026-01-31T12:00:00Z",
      .finished = "2026-01-31T12:34:56Z",
      .processor = "Example CPU @ 3.0 GHz",
      .num_threads = 2};
  for (const Skill& skill : kSkills) summary.models.push_back({.name = skill.name});
  summary.models[0].path = summary.models[kUncalibrated].path = "models/default";
  summary.models[0].uncalibrated = kSkills[kUncalibrated].name;
  for (size_t table = 0; table < kTables; ++table) summary.tables.push_back(example_table(table));
  summary.skipped_tables = {{"tables/empty.csv", "tables/empty.csv: no rows"},
                            {"tables/one_class.csv", "tables/one_class.csv: the target has one class"}};

  for (size_t model = 0; model < summary.models.size(); ++model) {
    for (size_t table = 0; table < kTables; ++table) {
      for (const uint64_t shots : summary.run.shots) {
        for (const uint64_t seed : summary.run.seeds) {
          if (summary.tables[table].train_rows < shots) continue;
          const UnitSummary key{.model = model, .table = table, .shots = shots, .seed = seed};
          summary.units.push_back(
              example_unit(key, Rng(seed).child("model", model).child("table", table).child("shots", shots)));
        }
      }
    }
  }
  for (size_t table = 0; table < kTables; ++table) {
    for (const uint64_t shots : summary.run.shots) {
      if (summary.tables[table].train_rows < shots) summary.short_tables.push_back({table, shots});
    }
    summary.examples.push_back(example_prompt(table));
  }
  summarise(summary);
  summary.published = {{.table = "table_01",
                        .shots = 64,
                        .quoted = {{"GPT-5-mini", 0.61, "Table 3"}},
                        .measured = {{"default", 0.7}, {"forest", 0.68}},
                        .deviations = {"protocol \"fixed\" instead of \"paper\""}},
                       {.table = "", .shots = 64, .quoted = {{"MachineLearningLM", 0.752, "Table 2"}}}};
  return summary;
}

}  // namespace manyshot::testing
