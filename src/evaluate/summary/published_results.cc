#include "evaluate/summary/published_results.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <map>
#include <span>

#include "evaluate/protocol/protocol.h"

namespace manyshot {
namespace {

// Accuracies in percent, as printed.
struct PublishedRow {
  const char* table;
  uint64_t shots;
  const char* method;
  double percent;
  const char* source;
};

constexpr std::array<const char*, 7> kMethods{"kNN",     "random forest",       "TabICL",           "GPT-5-mini",
                                              "o3-mini", "Qwen2.5-7B-Instruct", "MachineLearningLM"};

struct MethodsRow {
  const char* table;
  uint64_t shots;
  std::array<double, kMethods.size()> percent;
};

// Table 2: means over the main set.
constexpr MethodsRow kMeans[] = {
    {"", 8, {55.3, 59.1, 57.4, 57.8, 57.0, 51.8, 58.4}},   {"", 16, {60.1, 63.5, 64.0, 60.0, 58.6, 53.9, 63.1}},
    {"", 32, {63.4, 68.0, 68.6, 60.2, 59.0, 55.6, 66.7}},  {"", 64, {65.9, 71.4, 72.6, 60.4, 59.6, 57.2, 70.0}},
    {"", 128, {68.1, 74.3, 76.0, 61.0, 58.4, 58.6, 72.0}}, {"", 256, {69.5, 76.1, 79.1, 61.7, 58.8, 59.3, 74.3}},
    {"", 512, {71.1, 77.7, 80.9, 62.5, 58.8, 60.1, 75.3}}};

// Table 3: selected tasks.
constexpr MethodsRow kTasks[] = {{"bank", 512, {87.6, 89.0, 89.4, 87.8, 86.7, 88.1, 88.7}},
                                 {"churn", 512, {86.6, 91.1, 92.0, 86.1, 83.6, 86.2, 89.5}},
                                 {"heloc", 512, {65.6, 71.3, 72.3, 51.4, 51.0, 53.0, 70.8}},
                                 {"led24", 512, {55.8, 69.4, 71.7, 9.1, 12.3, 11.7, 48.4}},
                                 {"led7", 512, {68.8, 68.8, 70.3, 66.6, 57.3, 48.4, 66.9}},
                                 {"waveform", 512, {81.6, 82.7, 85.1, 32.4, 33.0, 43.5, 84.0}},
                                 {"phoneme", 512, {83.0, 84.9, 84.6, 69.6, 64.3, 68.7, 82.0}},
                                 {"ringnorm", 512, {58.6, 93.5, 97.0, 74.5, 75.3, 69.3, 96.0}},
                                 {"twonorm", 512, {97.0, 95.9, 97.6, 87.6, 93.1, 74.9, 97.5}},
                                 {"segment", 512, {88.1, 90.9, 93.5, 68.6, 52.0, 52.2, 87.2}},
                                 {"vehicle", 512, {64.7, 74.7, 84.7, 41.2, 27.1, 32.4, 72.9}},
                                 {"wallrobot", 512, {73.4, 96.7, 94.1, 48.9, 35.8, 45.2, 83.3}},
                                 {"yeast", 512, {55.6, 58.2, 59.9, 42.8, 36.7, 32.3, 59.3}},
                                 {"wine", 512, {65.6, 69.7, 75.3, 56.2, 56.4, 56.2, 71.0}}};

constexpr const char* kMain = "Table 6";
constexpr const char* kFalls = "Tables 6 and 7";
constexpr const char* kFailures = "section 3.3";
constexpr const char* kTabulaRows = "comparison with TabuLa-8B";
constexpr const char* kOurs = "MachineLearningLM";
constexpr const char* kTabula = "TabuLa-8B, with column names";

constexpr PublishedRow kSingle[] = {{"heloc", 8, kOurs, 53.3, kMain},
                                    {"heloc", 16, kOurs, 60.6, kMain},
                                    {"heloc", 32, kOurs, 62.5, kMain},
                                    {"heloc", 64, kOurs, 66.4, kMain},
                                    {"heloc", 128, kOurs, 68.6, kMain},
                                    {"heloc", 256, kOurs, 69.6, kMain},
                                    {"heloc", 1024, kOurs, 71.2, kMain},
                                    {"bank", 8, kOurs, 87.0, kMain},
                                    {"bank", 16, kOurs, 87.1, kMain},
                                    {"bank", 32, kOurs, 87.3, kMain},
                                    {"bank", 64, kOurs, 87.7, kMain},
                                    {"bank", 128, kOurs, 88.3, kMain},
                                    {"bank", 256, kOurs, 88.7, kMain},
                                    {"bank", 1024, kOurs, 89.0, kMain},
                                    {"rl", 8, kOurs, 52.0, kMain},
                                    {"rl", 16, kOurs, 53.3, kMain},
                                    {"rl", 32, kOurs, 57.1, kMain},
                                    {"rl", 64, kOurs, 58.0, kMain},
                                    {"rl", 128, kOurs, 58.1, kMain},
                                    {"rl", 256, kOurs, 59.7, kMain},
                                    {"rl", 512, kOurs, 64.1, kMain},
                                    {"rl", 1024, kOurs, 62.8, kMain},
                                    {"led7", 8, kOurs, 32.2, kMain},
                                    {"led7", 16, kOurs, 48.3, kMain},
                                    {"led7", 32, kOurs, 58.4, kMain},
                                    {"led7", 64, kOurs, 63.4, kMain},
                                    {"led7", 128, kOurs, 66.1, kMain},
                                    {"led7", 256, kOurs, 64.2, kMain},
                                    {"led7", 1024, kOurs, 64.4, kMain},
                                    {"BNG_breast_w", 256, kOurs, 95.1, kFalls},
                                    {"BNG_breast_w", 512, kOurs, 71.6, kFalls},
                                    {"mozilla4", 256, kOurs, 85.8, kFalls},
                                    {"mozilla4", 512, kOurs, 62.1, kFalls},
                                    {"shuttle", 256, kOurs, 96.3, kFalls},
                                    {"shuttle", 512, kOurs, 82.2, kFalls},
                                    {"MagicTelescope", 256, kOurs, 79.0, kFalls},
                                    {"MagicTelescope", 512, kOurs, 66.4, kFalls},
                                    {"splice", 512, "random forest", 90.6, kFailures},
                                    {"splice", 512, kOurs, 53.0, kFailures},
                                    {"letter", 512, "random forest", 71.8, kFailures},
                                    {"letter", 512, kOurs, 21.5, kFailures},
                                    {"phoneme", 32, kTabula, 73.4, kTabulaRows},
                                    {"vehicle", 32, kTabula, 48.4, kTabulaRows},
                                    {"vehicle", 32, kOurs, 62.9, kTabulaRows}};

std::string plain_name(const std::string& name) {
  std::string plain;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)))
      plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

using QuotedRows = std::map<std::pair<std::string, uint64_t>, std::vector<NamedAccuracy>>;  // by plain name and shots

void add_rows(std::span<const MethodsRow> rows, const char* source, QuotedRows& quoted) {
  for (const MethodsRow& row : rows) {
    for (size_t method = 0; method < kMethods.size(); ++method) {
      quoted[{plain_name(row.table), row.shots}].push_back({kMethods[method], row.percent[method] / 100, source});
    }
  }
}

QuotedRows quoted_rows() {
  QuotedRows quoted;
  add_rows(kMeans, "Table 2", quoted);
  add_rows(kTasks, "Table 3", quoted);
  for (const PublishedRow& row : kSingle) {
    quoted[{plain_name(row.table), row.shots}].push_back({row.method, row.percent / 100, row.source});
  }
  return quoted;
}

// How the measured numbers of a table were made otherwise than the paper's, which asks all test rows by its protocol.
std::vector<std::string> deviations_of(const Summary& summary, size_t table, uint64_t shots) {
  std::vector<std::string> deviations;
  if (summary.run.protocol != name_of(Protocol::kPaper))
    deviations.push_back(fmt::format("protocol \"{}\" instead of \"paper\"", summary.run.protocol));
  const TableSummary& facts = summary.tables[table];
  if (const uint64_t test_rows = facts.rows - facts.train_rows; facts.queries < test_rows)
    deviations.push_back(fmt::format("only the first {} of {} test rows", facts.queries, test_rows));
  for (const CellSummary& cell : summary.cells) {
    if (cell.table != table || cell.shots != shots || cell.seeds == summary.run.seeds.size()) continue;
    deviations.push_back(fmt::format("{} has a result for {} of {} row seeds at {} shots",
                                     summary.models[cell.model].name, cell.seeds, summary.run.seeds.size(), shots));
  }
  return deviations;
}

}  // namespace

std::vector<PublishedComparison> compare_with_published(const Summary& summary) {
  const QuotedRows quoted = quoted_rows();
  std::vector<PublishedComparison> comparisons;
  const auto add = [&](const std::string& table, uint64_t shots) -> PublishedComparison* {
    const auto rows = quoted.find({plain_name(table), shots});
    if (rows == quoted.end()) return nullptr;
    return &comparisons.emplace_back(PublishedComparison{.table = table, .shots = shots, .quoted = rows->second});
  };
  for (size_t table = 0; table < summary.tables.size(); ++table) {
    for (const uint64_t shots : summary.run.shots) {
      PublishedComparison* comparison = add(summary.tables[table].name, shots);
      if (comparison == nullptr) continue;
      for (const CellSummary& cell : summary.cells) {
        if (cell.table != table || cell.shots != shots || cell.seeds == 0) continue;
        comparison->measured.push_back({.name = summary.models[cell.model].name, .accuracy = cell.mean.accuracy});
      }
      comparison->deviations = deviations_of(summary, table, shots);
    }
  }
  for (const uint64_t shots : summary.run.shots) add("", shots);
  return comparisons;
}

}  // namespace manyshot
