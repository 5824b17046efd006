// Samples: what they hold, what is thrown away, and that they are functions of options, seed and index.
#include "corpus/sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "core/json.h"
#include "encoding/text/answer_parser.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;
using ::testing::StrEq;

CorpusOptions small(CorpusStage stage = CorpusStage::kMain) {
  CorpusOptions options;
  options.stage = stage;
  options.shots = IntRange{16, 64};
  options.queries = 20;
  options.prior.prior = "graph";
  options.prior.features = IntRange{4, 8};
  options.prior.classes = IntRange{2, 4};
  return options;
}

std::vector<Sample> draw(const CorpusOptions& options, uint64_t count, const Tokenizer* with = nullptr,
                         ExcludedRows excluded = {}) {
  const Sampler sampler(options, with, std::move(excluded));
  SamplerScratch scratch;
  std::vector<Sample> samples;
  for (uint64_t index = 0; index < count; ++index) samples.push_back(sampler.draw(index, scratch));
  return samples;
}

TEST(Sampler, TextHoldsTheTaskAndItsAnswers) {
  const Tokenizer with = golden_tokenizer("smollm");
  size_t kept = 0;
  for (const Sample& sample : draw(small(), 60, &with)) {
    if (sample.status != SampleStatus::kKept) {
      EXPECT_TRUE(sample.tokens.empty() && sample.user_text.empty() && sample.cells.empty());
      continue;
    }
    ++kept;
    EXPECT_TRUE(sample.num_labelled >= 16 && sample.num_labelled <= 64);
    EXPECT_THAT(sample.user_text, HasSubstr("\n[Training set]  (order of rows does NOT matter)  \n" +
                                            std::to_string(sample.num_labelled) + " rows:  \n"));
    EXPECT_THAT(sample.user_text, HasSubstr("\n" + std::to_string(sample.num_queries) + " rows:  \nID 0:"));
    EXPECT_EQ(sample.cells.size(), (sample.num_labelled + sample.num_queries) * sample.num_features);
    // The answers are the labels of the queries.
    std::vector<std::string> labels;
    for (uint32_t k = 0; k < sample.num_classes; ++k) labels.push_back(std::to_string(k));
    const ParsedAnswers answers = parse_answers(sample.answer_text, labels, sample.num_queries);
    EXPECT_FALSE(answers.repaired);
    EXPECT_EQ(answers.labels, std::vector<int32_t>(sample.labels.begin() + sample.num_labelled, sample.labels.end()));
    // The answer begins where the wrapping ends, and ends with ChatML's mark.
    EXPECT_EQ(with.decode(std::span(sample.tokens).subspan(sample.answer_begin)), sample.answer_text + "<|im_end|>");
    EXPECT_THAT(with.decode(std::span(sample.tokens).first(sample.answer_begin)), HasSubstr(sample.user_text));
    // No query of a class that the labelled rows lack.
    const std::set<int32_t> seen(sample.labels.begin(), sample.labels.begin() + sample.num_labelled);
    for (size_t row = sample.num_labelled; row < sample.labels.size(); ++row)
      EXPECT_TRUE(seen.contains(sample.labels[row]));
  }
  EXPECT_GT(kept, 10u);
}

TEST(Sampler, CompactRowsEndWithBarAndLabel) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  std::set<TokenId> label_tokens;
  for (const Sample& sample : draw(options, 120)) {
    if (sample.status != SampleStatus::kKept) continue;
    const size_t row_tokens = sample.num_features + 2;
    ASSERT_EQ(sample.tokens.size(), (sample.num_labelled + sample.num_queries) * row_tokens);
    EXPECT_EQ(sample.answer_begin, sample.num_labelled * row_tokens);
    std::map<int32_t, TokenId> token_of;
    for (size_t row = 0; row < sample.labels.size(); ++row) {
      const std::span<const TokenId> tokens = std::span(sample.tokens).subspan(row * row_tokens, row_tokens);
      for (size_t feature = 0; feature < sample.num_features; ++feature)
        EXPECT_TRUE(tokens[feature] >= 0 && tokens[feature] < 1000);
      EXPECT_EQ(tokens[row_tokens - 2], 1010);
      EXPECT_EQ(token_of.try_emplace(sample.labels[row], tokens.back()).first->second, tokens.back())
          << "one token for each class";
      label_tokens.insert(tokens.back());
    }
  }
  EXPECT_EQ(label_tokens.size(), 10u) << "labels are drawn from all ten";
}

TEST(Sampler, VersionTwoWritesCategoriesAndGapsAsSuch) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  options.compact_version = 2;
  options.prior.prior = "graph";
  options.prior.missing = 1;
  const CellVocabulary cells = *usual_vocabulary(2).cells;
  const auto count = [&](const std::vector<Sample>& samples) {
    std::map<std::string, size_t> counts;
    for (const Sample& sample : samples) {
      const size_t row_tokens = sample.num_features + 2;
      for (size_t i = 0; i < sample.tokens.size(); ++i) {
        const TokenId token = sample.tokens[i];
        const size_t place = i % row_tokens;
        if (place >= sample.num_features) {
          EXPECT_TRUE(place == sample.num_features ? token == 3010 : token >= 3000 && token < 3010);
          continue;
        }
        ++counts[token == cells.missing      ? "missing"
                 : token == cells.unseen     ? "unseen"
                 : token >= cells.first_pair ? "number"
                                             : "category"];
        EXPECT_TRUE(token >= cells.missing && token < cells.first_share);
      }
    }
    return counts;
  };
  std::map<std::string, size_t> counts = count(draw(options, 200));
  EXPECT_GT(counts["category"], 100u);
  EXPECT_GT(counts["number"], 100u);
  EXPECT_GT(counts["missing"], 100u);
  options.nominal_share = 0;
  options.prior.missing = 0;
  counts = count(draw(options, 200));
  EXPECT_EQ(counts["category"] + counts["missing"] + counts["unseen"], 0u);
  EXPECT_GT(counts["number"], 100u);
  options.rank_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               HasSubstr("rank_share: 0.5 is of no use with version 2"));
}

// Version 1 knows no categories: its samples are what they always were.
TEST(Sampler, VersionOneWritesCategoriesAsNumbers) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  options.nominal_share = 0;
  const std::vector<Sample> numbers = draw(options, 100);
  options.nominal_share = 1;
  const std::vector<Sample> again = draw(options, 100);
  for (size_t i = 0; i < again.size(); ++i) EXPECT_EQ(again[i].tokens, numbers[i].tokens) << i;
  options.compact_version = 2;
  const std::vector<Sample> categories = draw(options, 100);
  options.nominal_share = 0;
  EXPECT_FALSE(std::ranges::equal(draw(options, 100), categories, {}, &Sample::tokens, &Sample::tokens));
}

// The forest's shares are no cells of the task: a row is known with them as it is without.
TEST(Sampler, ARowThatShowsSharesIsExcludedToo) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  options.compact_version = 2;
  const std::vector<Sample> samples = draw(options, 30);
  const auto first = std::ranges::find(samples, SampleStatus::kKept, &Sample::status);
  ASSERT_NE(first, samples.end());
  const size_t num_rows = first->num_labelled + first->num_queries, num_columns = first->cells.size() / num_rows;
  Table table{.num_rows = first->num_labelled};
  for (size_t column = 0; column < num_columns; ++column) {
    Column cells{.name = "c" + std::to_string(column)};
    for (size_t row = 0; row < table.num_rows; ++row) cells.numbers.push_back(first->cells[row * num_columns + column]);
    table.columns.push_back(std::move(cells));
  }
  ExcludedRows excluded;
  excluded.add(table);
  options.teacher_share = 1;
  const std::vector<Sample> taught = draw(options, 30, nullptr, excluded);
  EXPECT_EQ(taught[first->index].status, SampleStatus::kExcluded);
}

TEST(Sampler, AShareOfTasksPredictsNumbers) {
  CorpusOptions options = small();
  options.prior.number_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               HasSubstr("number_share: 0.5: only version 2 of the compact format has numbers to predict"));
  options.format = PromptStyle::kCompact;
  options.compact_version = 2;
  const CellVocabulary cells = *usual_vocabulary(2).cells;
  size_t numbers = 0, classes = 0;
  for (const Sample& sample : draw(options, 200)) {
    if (sample.status != SampleStatus::kKept) continue;
    const size_t row_tokens = sample.num_features + 2;
    const bool is_number = sample.labels.empty();
    (is_number ? numbers : classes) += 1;
    double sum = 0, squares = 0;
    for (size_t row = 0; row < sample.num_labelled + sample.num_queries; ++row) {
      const TokenId target = sample.tokens[(row + 1) * row_tokens - 1];
      EXPECT_EQ(is_number, target >= cells.first_target && target < cells.first_target + 1000);
      if (row >= sample.num_labelled) continue;
      const double z = (target - cells.first_target - 500) / 120.0;
      sum += z;
      squares += z * z;
    }
    if (!is_number) continue;
    EXPECT_EQ(sample.num_queries, 20u);
    EXPECT_NEAR(sum / sample.num_labelled, 0, 0.1);
    EXPECT_NEAR(squares / sample.num_labelled, 1, 0.3) << "standardised by the labelled rows, but for the ends";
  }
  EXPECT_GT(numbers, 20u);
  EXPECT_GT(classes, 20u);
  options.stage = CorpusStage::kWarmup;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput, HasSubstr("number_share: 0.5: warmup keeps"));
}

TEST(Sampler, AShareOfTasksShowsTheForestsShares) {
  CorpusOptions options = small();
  options.teacher_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               HasSubstr("teacher_share: 0.5 is for lines and version 2"));
  options.format = PromptStyle::kCompact;
  options.compact_version = 2;
  const CellVocabulary cells = *usual_vocabulary(2).cells;
  size_t taught = 0, untaught = 0;
  double right = 0, rows = 0;
  for (const Sample& sample : draw(options, 200)) {
    if (sample.status != SampleStatus::kKept) continue;
    const size_t row_tokens = sample.num_features + 2;
    size_t shares = 0;
    for (size_t row = 0; row < sample.num_labelled + sample.num_queries; ++row) {
      const TokenId label = sample.tokens[(row + 1) * row_tokens - 1] - 3000;
      int highest = -1, likeliest = -1;
      for (size_t place = 0; place < sample.num_features; ++place) {
        const TokenId token = sample.tokens[row * row_tokens + place];
        if (token < cells.first_share) continue;
        ++shares;
        const int code = (token - cells.first_share) % 1000, mark = (token - cells.first_share) / 1000;
        if (code > highest) highest = code, likeliest = mark;
      }
      if (sample.num_classes < 3 || highest < 0) continue;
      right += likeliest == label;
      ++rows;
    }
    ++(shares > 0 ? taught : untaught);
  }
  EXPECT_GT(taught, 20u);
  EXPECT_GT(untaught, 20u);
  EXPECT_GT(right / rows, 0.5) << "the mark of the largest share is most often the row's label";
}

TEST(Sampler, WeakTeachersShowOtherSharesOfTheSameTasks) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  options.compact_version = 2;
  options.weak_teacher_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               HasSubstr("weak_teacher_share: 0.5 of the samples"));
  options.teacher_share = 1;
  const std::vector<Sample> some = draw(options, 120);
  options.weak_teacher_share = 1;
  const std::vector<Sample> all = draw(options, 120), again = draw(options, 120);
  options.weak_teacher_share = 0;
  const std::vector<Sample> none = draw(options, 120);
  size_t weak = 0, different = 0, kept = 0;
  for (size_t i = 0; i < some.size(); ++i) {
    ASSERT_EQ(all[i].status, none[i].status) << "the teacher that is shown decides on nothing";
    if (all[i].status != SampleStatus::kKept) continue;
    EXPECT_EQ(all[i].labels, none[i].labels);
    EXPECT_EQ(all[i].tokens, again[i].tokens);
    EXPECT_TRUE(some[i].tokens == all[i].tokens || some[i].tokens == none[i].tokens);
    ++kept;
    if (all[i].tokens == none[i].tokens) continue;  // both teachers know every row
    ++different;
    weak += some[i].tokens == all[i].tokens;
  }
  EXPECT_GT(different, kept - kept / 4);
  EXPECT_GT(weak, different / 4);
  EXPECT_LT(weak, different - different / 4);
}

TEST(Sampler, AShareOfCompactTasksIsReadAsRanks) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  options.prior.missing = 0;  // a missing cell is the mean of values, the median of ranks
  const std::vector<Sample> values = draw(options, 200);
  options.rank_share = 1;
  const std::vector<Sample> ranks = draw(options, 200);
  options.rank_share = 0.5;
  const std::vector<Sample> both = draw(options, 200);
  size_t with_numbers = 0, on_ranks = 0;
  for (size_t i = 0; i < both.size(); ++i) {
    ASSERT_EQ(ranks[i].status, values[i].status) << "the scale decides on nothing but tokens";
    if (both[i].status != SampleStatus::kKept) continue;
    if (ranks[i].tokens != values[i].tokens) {  // columns of two values have no other ranks
      ++with_numbers;
      on_ranks += both[i].tokens == ranks[i].tokens;
    }
    EXPECT_TRUE(both[i].tokens == ranks[i].tokens || both[i].tokens == values[i].tokens);
    const size_t row_tokens = ranks[i].num_features + 2;
    for (size_t token = row_tokens; token < ranks[i].num_labelled * row_tokens; ++token) {
      const TokenId rank = ranks[i].tokens[token], rank_above = ranks[i].tokens[token - row_tokens];
      const TokenId value = values[i].tokens[token], value_above = values[i].tokens[token - row_tokens];
      if (token % row_tokens >= ranks[i].num_features) {
        EXPECT_EQ(rank, value) << "bars and labels";
      } else if (value != value_above) {
        EXPECT_TRUE(value < value_above ? rank <= rank_above : rank >= rank_above) << "ranks keep a column's order";
      }
    }
  }
  ASSERT_GT(with_numbers, 40u);
  EXPECT_NEAR(static_cast<double>(on_ranks) / static_cast<double>(with_numbers), 0.5, 0.2);
}

TEST(Sampler, WarmUpTeachesOnlyWhatTheForestGetsRight) {
  size_t kept = 0;
  for (const Sample& sample : draw(small(CorpusStage::kWarmup), 60)) {
    if (sample.status != SampleStatus::kKept) continue;
    ++kept;
    EXPECT_EQ(sample.num_queries, 20u);
    // Class shares of the queries follow those of the labelled rows within one row each, where the class has right rows
    // at all.
    EXPECT_GE(sample.verdict.num_correct, 1);
  }
  EXPECT_GT(kept, 10u);
}

TEST(Sampler, ShotsAreLogUniformUpToWhatFits) {
  CorpusOptions options = small();
  options.filter_tasks = false;
  options.shots = IntRange{8, 512};
  size_t low = 0, high = 0, total = 0;
  for (const Sample& sample : draw(options, 300)) {
    if (sample.num_labelled == 0) continue;
    ++total;
    low += sample.num_labelled < 64;
    high += sample.num_labelled >= 64;
  }
  EXPECT_NEAR(static_cast<double>(low) / static_cast<double>(total), 0.5, 0.1);
  const Tokenizer with = golden_tokenizer("smollm");
  options.max_tokens = 4000;
  for (const Sample& sample : draw(options, 100, &with)) EXPECT_LE(sample.tokens.size(), 4000u);
}

TEST(Sampler, IsAFunctionOfOptionsSeedAndIndex) {
  const std::vector<Sample> samples = draw(small(), 12);
  const Sampler sampler(small(), nullptr);
  SamplerScratch scratch;
  for (const uint64_t index : {11, 3, 7, 3}) {
    const Sample again = sampler.draw(index, scratch);
    EXPECT_EQ(again.user_text, samples[index].user_text);
    EXPECT_EQ(again.answer_text, samples[index].answer_text);
    EXPECT_EQ(again.status, samples[index].status);
  }
  CorpusOptions other = small();
  other.prior.seed = 1;
  EXPECT_NE(draw(other, 12)[3].verdict.kappa, samples[3].verdict.kappa);
}

TEST(Sampler, RowsOfEvaluationTablesAreThrownAway) {
  CorpusOptions options = small();
  options.format = PromptStyle::kCompact;
  const std::vector<Sample> samples = draw(options, 30);
  const auto first =
      std::find_if(samples.begin(), samples.end(), [](const Sample& s) { return s.status == SampleStatus::kKept; });
  ASSERT_NE(first, samples.end());
  // A table with the labelled rows of that sample, columns turned round, labels behind.
  Table table{.num_rows = first->num_labelled};
  for (uint32_t feature = first->num_features; feature-- > 0;) {
    Column column{.name = "c" + std::to_string(feature)};
    for (uint32_t row = 0; row < first->num_labelled; ++row)
      column.numbers.push_back(first->cells[row * first->num_features + feature]);
    table.columns.push_back(std::move(column));
  }
  Column label{.name = "label"};
  for (uint32_t row = 0; row < first->num_labelled; ++row) label.numbers.push_back(first->labels[row]);
  table.columns.push_back(std::move(label));
  ExcludedRows excluded;
  excluded.add(table);
  EXPECT_EQ(excluded.num_rows(), first->num_labelled);
  const std::vector<Sample> again = draw(options, 30, nullptr, excluded);
  EXPECT_EQ(again[first->index].status, SampleStatus::kExcluded);
  EXPECT_TRUE(again[first->index].tokens.empty());
  size_t others = 0;
  for (const Sample& sample : again) others += sample.status == SampleStatus::kExcluded;
  EXPECT_EQ(others, 1u);
}

TEST(Sampler, ColumnsOfOneNumberAndMissingCellsAreNoTask) {
  CorpusOptions options;
  options.format = PromptStyle::kCompact;
  options.prior.prior = "graph";
  options.prior.features = IntRange{2, 4};
  options.prior.classes = IntRange{2, 3};
  options.shots = IntRange{8, 24};
  options.queries = 4;
  options.filter_tasks = false;
  for (const PromptStyle format : {PromptStyle::kCompact, PromptStyle::kConcat}) {
    options.format = format;
    const Sampler sampler(options, nullptr);
    SamplerScratch scratch;
    int kept = 0, constant = 0;
    for (uint64_t index = 0; index < 3000; ++index) {
      const SampleStatus status = sampler.draw(index, scratch).status;
      kept += status == SampleStatus::kKept;
      constant += status == SampleStatus::kConstant;
    }
    EXPECT_GT(kept, 1000) << name_of(format);
    EXPECT_GT(constant, 0) << name_of(format);
  }
}

TEST(Sampler, OptionsThatDoNotFitTogetherAreErrors) {
  CorpusOptions options = small();
  options.prior.rows = IntRange{50, 50};
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               StrEq("rows: 50 is too few for 16:64 shots and 20 queries, which need 84 rows; give more, or auto"));
  options = small();
  options.format = PromptStyle::kCompact;
  options.prior.classes = IntRange{2, 12};
  EXPECT_ERROR(
      parse_corpus_options(options), ErrorKind::kBadInput,
      StrEq("classes: 2:12 is too many for the compact format, which has 10 labels; use fewer, or format concat"));
  options = small(CorpusStage::kWarmup);
  options.filter_tasks = false;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               StrEq("stage: warmup keeps the queries that the forest gets right, so it needs filter_tasks"));
  options = small();
  options.rank_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               "rank_share: 0.5 is of no use, as only the formats lines and compact have ranks");
  options.format = PromptStyle::kLines;
  EXPECT_EQ(parse_corpus_options(options).tasks.rows.low, 84);
  options = small();
  options.teacher_share = 0.5;
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput,
               "teacher_share: 0.5 is for lines and version 2 of the compact format");
  options = small();
  options.prior.prior = "grap";
  EXPECT_ERROR(parse_corpus_options(options), ErrorKind::kBadInput, "did you mean \"graph\"?");
}

TEST(Sampler, OptionsAreSavedAsTheyAreGiven) {
  CorpusOptions options;
  const OptionList list = options_of(options);
  EXPECT_EQ(values_of(options)["rows"], "auto");
  EXPECT_EQ(values_of(options)["features"], "auto");
  EXPECT_EQ(values_of(options)["shots"], "8:1024");
  EXPECT_EQ(values_of(options)["format"], "concat");
  for (const auto& [name, text] : std::map<std::string, std::string>{
           {"rows", "2048"}, {"features", "5:50"}, {"classes", "2"}, {"stage", "warmup"}, {"format", "tabllm"}}) {
    set_option(list, name, text);
    EXPECT_EQ(values_of(options)[name], text);
  }
}

}  // namespace
}  // namespace manyshot
