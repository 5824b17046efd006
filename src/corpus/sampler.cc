#include "corpus/sampler.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "core/stopwatch.h"
#include "encoding/make_compact_format.h"
#include "encoding/number_code.h"
#include "encoding/share_columns.h"
#include "encoding/text/text_prompt.h"
#include "encoding/typed_format.h"
#include "prior/task/sizes.h"

namespace manyshot {

using teacher::ColumnsView;

namespace {

// Tokens of a text prompt besides its rows, at most.
constexpr int64_t kFrameTokens = 400;
// A number of three digits and its comma, taken digit by digit; a row's label and line end; a query's id; an answer's
// JSON.
constexpr int64_t kNumberTokens = 4, kRowTokens = 4, kQueryTokens = 10, kAnswerTokens = 20;
constexpr int64_t kTabllmTokens = 8;  // "x17 is 380, "
constexpr int64_t kShareTokens = 3;   // of lines, beside the digits: the class, a colon, the comma

std::vector<uint32_t> iota(size_t count) {
  std::vector<uint32_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), 0u);
  return numbers;
}

// Columns with two values among the first num_labelled of `rows`; a missing cell is a value of its own.
std::vector<uint32_t> varying_features(const prior::Task& task, const std::vector<uint32_t>& rows,
                                       size_t num_labelled) {
  std::vector<uint32_t> features;
  for (uint32_t feature = 0; feature < task.num_features(); ++feature) {
    const std::span<const float> column = task.column(feature);
    const float first = column[rows[0]];
    const auto differs = [&](uint32_t row) {
      return std::isnan(column[row]) ? !std::isnan(first) : column[row] != first;
    };
    if (std::any_of(rows.begin() + 1, rows.begin() + static_cast<ptrdiff_t>(num_labelled), differs))
      features.push_back(feature);
  }
  return features;
}

// A prompt can only be made when the labelled rows have two numbers in some column, missing cells not counted.
bool has_two_numbers(const ColumnsView& cells, size_t num_labelled) {
  for (size_t feature = 0; feature < cells.num_features; ++feature) {
    const std::span<const float> labelled = cells.column(feature).first(num_labelled);
    const auto number = std::find_if_not(labelled.begin(), labelled.end(), [](float cell) { return std::isnan(cell); });
    if (std::any_of(number, labelled.end(), [&](float cell) { return !std::isnan(cell) && cell != *number; }))
      return true;
  }
  return false;
}

std::vector<int32_t> labels_of(const prior::Task& task, std::span<const uint32_t> rows) {
  std::vector<int32_t> labels;
  for (const uint32_t row : rows) labels.push_back(task.labels[row]);
  return labels;
}

// For the guard, which judges classes: whether a number is above the median of the labelled rows'.
std::vector<int32_t> halves(const prior::Task& task, std::span<const uint32_t> rows, size_t num_labelled) {
  std::vector<float> sorted;
  for (const uint32_t row : rows.first(num_labelled)) sorted.push_back(task.target_values[row]);
  const auto middle = sorted.begin() + static_cast<ptrdiff_t>((num_labelled - 1) / 2);
  std::ranges::nth_element(sorted, middle);
  std::vector<int32_t> labels;
  for (const uint32_t row : rows) labels.push_back(task.target_values[row] > *middle);
  return labels;
}

// The numbers of both columns become categories, named in the numbers' order.
void to_categories(Column& labelled, Column& queries) {
  std::vector<double> levels;
  for (const Column* column : {&labelled, &queries}) {
    std::ranges::copy_if(column->numbers, std::back_inserter(levels), [](double value) { return !std::isnan(value); });
  }
  std::ranges::sort(levels);
  levels.erase(std::ranges::unique(levels).begin(), levels.end());
  for (Column* column : {&labelled, &queries}) {
    column->type = ColumnType::kCategorical;
    for (const double value : column->numbers) {
      const auto level = std::ranges::lower_bound(levels, value) - levels.begin();
      column->codes.push_back(std::isnan(value) ? kMissingCode : static_cast<int32_t>(level));
    }
    column->numbers.clear();
    for (size_t level = 0; level < levels.size(); ++level) column->categories.push_back(fmt::format("c{:04}", level));
  }
}

}  // namespace

// The rows of one sample: labelled ones and queries, columns that vary.
struct Sampler::Rows {
  Table labelled, queries;
  std::vector<int32_t> labels, query_labels;
  size_t num_classes = 0;
  // Of version 2 of the compact format and of lines: which columns are written as categories, and the forest's class
  // shares.
  std::vector<bool> nominal;  // [columns]
  std::vector<Column> shares, query_shares;
  std::vector<double> targets, query_targets;  // where numbers are predicted; labels are then their halves

  // The tables as lines and version 2 show them.
  Rows typed() const {
    Rows rows{.labelled = labelled, .queries = queries};
    for (size_t column = 0; column < nominal.size(); ++column) {
      if (nominal[column]) to_categories(rows.labelled.columns[column], rows.queries.columns[column]);
    }
    std::ranges::copy(shares, std::back_inserter(rows.labelled.columns));
    std::ranges::copy(query_shares, std::back_inserter(rows.queries.columns));
    return rows;
  }
};

Sampler::Sampler(const CorpusOptions& options, const Tokenizer* tokenizer, ExcludedRows excluded, SampleContent content,
                 std::shared_ptr<const TableTasks> tables)
    : options_(options),
      settings_(parse_corpus_options(options)),
      prior_(settings_.prior),
      filter_(options.filter),
      tokenizer_(tokenizer),
      excluded_(std::move(excluded)),
      content_(content),
      tables_(std::move(tables)) {
  if (tables_ == nullptr) return;
  table_draw_ = {.max_rows = static_cast<size_t>(settings_.tasks.rows.high),
                 .max_features = static_cast<size_t>(prior::most_features(settings_.tasks)),
                 .classes = settings_.tasks.classes};
  while (most_shots(table_draw_.min_rows) < options_.shots.low) ++table_draw_.min_rows;
  if (!tables_->has_rows(table_draw_.min_rows)) {
    fail(ErrorKind::kBadInput, "{}: {} shots need tables of {} rows, and none has as many; lower shots",
         tables_->path(), to_text(options_.shots), table_draw_.min_rows);
  }
}

int64_t Sampler::most_shots(size_t num_rows) const {
  const auto rows = static_cast<int64_t>(num_rows);
  return rows - std::min<int64_t>(options_.queries, std::max<int64_t>(rows / 4, 1));
}

// Log-uniform between the bounds, the upper one lowered to what the task has and to what fits max_tokens; 0 when
// nothing fits.
uint32_t Sampler::draw_shots(const prior::Task& task, const Rng& rng) const {
  const size_t num_features = task.num_features();
  int64_t high = std::min(options_.shots.high, most_shots(task.num_rows));
  if (options_.format != PromptStyle::kCompact && content_ == SampleContent::kPrompt) {
    const bool is_lines = options_.format == PromptStyle::kLines, is_tabllm = options_.format == PromptStyle::kTabllm;
    const int64_t cell = is_lines ? options_.digits + 1 : is_tabllm ? kTabllmTokens : kNumberTokens;
    const int64_t share = is_lines && options_.teacher_share > 0 ? options_.digits + kShareTokens : 0;
    const int64_t cells = cell * static_cast<int64_t>(num_features), row = cells + share + kRowTokens;
    const int64_t query = is_lines ? row : row + kQueryTokens + kAnswerTokens;
    const int64_t room = options_.max_tokens - kFrameTokens - (is_tabllm ? cells : 0) - options_.queries * query;
    high = std::min(high, room / row);
  }
  if (high < options_.shots.low) return 0;
  const double low = std::log(static_cast<double>(options_.shots.low)), top = std::log(static_cast<double>(high) + 1);
  const auto count = static_cast<int64_t>(std::exp(low + (top - low) * rng.uniform(0)));
  return static_cast<uint32_t>(std::clamp(count, options_.shots.low, high));
}

Sample Sampler::draw(uint64_t index, SamplerScratch& scratch) const {
  const Stopwatch watch;
  const Rng rng = Rng(settings_.prior.seed).child("sample", index);
  if (tables_ == nullptr) {
    prior_.draw(index, scratch.prior, scratch.task);
  } else if (!tables_->draw(rng.child("task"), table_draw_, scratch.task)) {
    scratch.spent.task += watch.seconds();
    scratch.spent.all += watch.seconds();
    return {.status = SampleStatus::kNoTarget, .index = index};
  }
  scratch.spent.task += watch.seconds();
  Sample sample{.index = index, .num_classes = static_cast<uint32_t>(scratch.task.num_classes)};
  sample.status = fill(rng, scratch, sample);
  scratch.spent.all += watch.seconds();
  return sample;
}

SampleStatus Sampler::fill(const Rng& rng, SamplerScratch& scratch, Sample& sample) const {
  const prior::Task& task = scratch.task;
  if (most_shots(task.num_rows) < options_.shots.low) return SampleStatus::kNoQueries;
  sample.num_labelled = draw_shots(task, rng.child("shots"));
  if (sample.num_labelled == 0) return SampleStatus::kTooLong;
  const std::vector<uint32_t> rows = choose_rows(task, rng.child("rows"), sample);
  const size_t num_drawn = rows.size() - sample.num_labelled;
  if (num_drawn == 0) return SampleStatus::kNoQueries;
  const std::vector<uint32_t> features = varying_features(task, rows, sample.num_labelled);
  sample.num_features = static_cast<uint32_t>(features.size());
  scratch.cells.clear();
  for (const uint32_t feature : features) {
    for (const uint32_t row : rows) scratch.cells.push_back(task.column(feature)[row]);
  }
  const ColumnsView cells{scratch.cells.data(), rows.size(), features.size(), rows.size()};
  if (!has_two_numbers(cells, sample.num_labelled)) return SampleStatus::kConstant;
  const bool is_number = task.target_kind == prior::TargetKind::kNumber;
  const std::vector<int32_t> labels = is_number ? halves(task, rows, sample.num_labelled) : labels_of(task, rows);
  const int num_classes = is_number ? 2 : task.num_classes;
  const bool is_taught =
      !is_number && options_.filter_tasks && rng.child("teacher").bernoulli(0, options_.teacher_share);

  std::vector<uint32_t> chosen = iota(num_drawn);  // queries, by place behind the labelled rows
  const auto all_labels = std::span<const int32_t>(labels);
  const teacher::FilterTask judged{.labelled = cells.rows(0, sample.num_labelled),
                                   .labels = all_labels.first(sample.num_labelled),
                                   .queries = cells.rows(sample.num_labelled, num_drawn),
                                   .query_labels = all_labels.subspan(sample.num_labelled),
                                   .num_classes = num_classes,
                                   .out_of_bag = is_taught};
  if (options_.filter_tasks) {
    const Stopwatch judging;
    sample.verdict = filter_.check(judged, rng.child("forest"), scratch.filter);
    scratch.spent.guard += judging.seconds();
    if (!sample.verdict.accepted()) return SampleStatus::kGuard;
    if (options_.stage == CorpusStage::kWarmup) {
      chosen = filter_.consensus(judged.labels, judged.query_labels, scratch.filter.predicted, num_classes,
                                 rng.child("consensus"));
      if (chosen.empty()) return SampleStatus::kNoConsensus;
    }
  }
  sample.num_queries = static_cast<uint32_t>(chosen.size());

  Rows encoded = take_rows(cells, features, labels, sample, chosen);
  encoded.nominal = draw_nominal(task, features, rng.child("nominal"));
  if (is_taught) {
    const Rng weak = rng.child("weak teacher");
    take_shares(weak.bernoulli(0, options_.weak_teacher_share)
                    ? shares_of_weak_teacher(judged, options_.filter.num_trees, weak.child("forest"), scratch.filter)
                    : shares_of_judge(scratch.filter),
                chosen, encoded);
  }
  if (is_number) {
    for (size_t row = 0; row < sample.num_labelled; ++row) encoded.targets.push_back(task.target_values[rows[row]]);
    for (const uint32_t query : chosen) {
      encoded.query_targets.push_back(task.target_values[rows[sample.num_labelled + query]]);
    }
  }
  if (!excluded_.empty() && has_excluded_row(encoded)) return SampleStatus::kExcluded;
  if (content_ == SampleContent::kPrompt && !encode(encoded, rng, sample)) return SampleStatus::kTooLong;
  for (const Table* table : {&encoded.labelled, &encoded.queries}) {
    for (size_t row = 0; row < table->num_rows; ++row) {
      for (const Column& column : table->columns) sample.cells.push_back(static_cast<float>(column.numbers[row]));
    }
  }
  if (is_number) return SampleStatus::kKept;
  sample.labels = encoded.labels;
  sample.labels.insert(sample.labels.end(), encoded.query_labels.begin(), encoded.query_labels.end());
  return SampleStatus::kKept;
}

std::vector<uint32_t> Sampler::choose_rows(const prior::Task& task, const Rng& rng, Sample& sample) const {
  const std::vector<uint32_t> order = rng.permutation(static_cast<uint32_t>(task.num_rows));
  std::vector<uint32_t> rows(order.begin(), order.begin() + sample.num_labelled);
  const size_t most_rows = sample.num_labelled + static_cast<size_t>(options_.queries);
  if (task.target_kind == prior::TargetKind::kNumber) {
    rows.assign(order.begin(), order.begin() + static_cast<ptrdiff_t>(std::min(most_rows, order.size())));
    return rows;
  }
  std::vector<uint32_t> class_counts(static_cast<size_t>(task.num_classes));
  for (const uint32_t row : rows) ++class_counts[static_cast<size_t>(task.labels[row])];
  sample.most_frequent = *std::max_element(class_counts.begin(), class_counts.end());
  for (size_t place = sample.num_labelled; place < order.size() && rows.size() < most_rows; ++place) {
    if (class_counts[static_cast<size_t>(task.labels[order[place]])] > 0) rows.push_back(order[place]);
  }
  return rows;
}

Sampler::Rows Sampler::take_rows(const ColumnsView& cells, std::span<const uint32_t> features,
                                 std::span<const int32_t> labels, const Sample& sample,
                                 std::span<const uint32_t> queries) {
  Rows rows{.num_classes = sample.num_classes};
  rows.labels.assign(labels.begin(), labels.begin() + sample.num_labelled);
  for (const uint32_t query : queries) rows.query_labels.push_back(labels[sample.num_labelled + query]);
  rows.labelled.num_rows = sample.num_labelled;
  rows.queries.num_rows = queries.size();
  for (size_t feature = 0; feature < features.size(); ++feature) {
    const std::span<const float> column = cells.column(feature);
    Column labelled{.name = "x" + std::to_string(features[feature])}, of_queries{.name = labelled.name};
    labelled.numbers.assign(column.begin(), column.begin() + sample.num_labelled);
    for (const uint32_t query : queries) of_queries.numbers.push_back(column[sample.num_labelled + query]);
    rows.labelled.columns.push_back(std::move(labelled));
    rows.queries.columns.push_back(std::move(of_queries));
  }
  return rows;
}

bool Sampler::has_excluded_row(const Rows& rows) const {
  std::vector<NumberCode> codes;
  for (const Column& column : rows.labelled.columns) codes.push_back(NumberCode::fit(column.numbers));
  std::vector<uint16_t> row_codes(codes.size());
  for (const Table* table : {&rows.labelled, &rows.queries}) {
    for (size_t row = 0; row < table->num_rows; ++row) {
      for (size_t feature = 0; feature < codes.size(); ++feature) {
        row_codes[feature] = static_cast<uint16_t>(codes[feature].encode(table->columns[feature].numbers[row]));
      }
      if (excluded_.contains(row_codes)) return true;
    }
  }
  return false;
}

bool Sampler::encode(const Rows& rows, const Rng& rng, Sample& sample) const {
  if (options_.format == PromptStyle::kCompact) {
    encode_compact(rows, rng, sample);
    return true;
  }
  if (options_.format == PromptStyle::kLines) {
    encode_lines(rows, rng, sample);
  } else {
    encode_text(rows, sample);
  }
  if (sample.tokens.size() <= static_cast<size_t>(options_.max_tokens)) return true;
  sample.user_text.clear();
  sample.answer_text.clear();
  sample.tokens.clear();
  return false;
}

void Sampler::encode_text(const Rows& rows, Sample& sample) const {
  const TaskView view{.rows = iota(rows.labelled.num_rows),
                      .features = iota(rows.labelled.columns.size()),
                      .labels = iota(rows.num_classes)};
  const TextPrompt prompt(rows.labelled, rows.labels, {.style = options_.format});
  std::vector<std::string> answers;
  for (const int32_t label : rows.query_labels) answers.push_back(prompt.label(static_cast<size_t>(label), view));
  sample.user_text = prompt.user_text(rows.queries, view);
  sample.answer_text = TextPrompt::answer(answers);
  if (tokenizer_ == nullptr) return;
  const Wrapping wrapping = wrapping_text(options_.chat);
  add_tokens(wrapping, sample);
  if (!wrapping.after.empty()) {
    tokenizer_->append_encoded("<|im_end|>", /*parse_special=*/true, sample.tokens);
  } else if (tokenizer_->eos()) {
    sample.tokens.push_back(*tokenizer_->eos());
  }
}

void Sampler::encode_lines(const Rows& rows, const Rng& rng, Sample& sample) const {
  TaskView view{.rows = iota(rows.labelled.num_rows),
                .features = iota(rows.labelled.columns.size()),
                .labels = rng.child("label_ids").permutation(static_cast<uint32_t>(rows.num_classes))};
  if (rng.child("number_scale").bernoulli(0, options_.rank_share)) view.scale = NumberScale::kRanks;
  view.category_seed = rng.child("categories").bits(0);
  const Rows shown = rows.typed();
  const TextPrompt prompt(shown.labelled, rows.labels, {.style = options_.format, .digits = options_.digits});
  sample.user_text = prompt.head(view, rows.queries.num_rows);
  for (size_t query = 0; query < rows.queries.num_rows; ++query) {
    sample.answer_text += fmt::format("{}{}\n", prompt.query_line(shown.queries, query, query, view),
                                      prompt.label(static_cast<size_t>(rows.query_labels[query]), view));
  }
  if (tokenizer_ != nullptr) add_tokens(wrapping_text(ChatWrapping::kRaw), sample);
}

void Sampler::add_tokens(const Wrapping& wrapping, Sample& sample) const {
  if (tokenizer_->add_bos() && tokenizer_->bos()) sample.tokens.push_back(*tokenizer_->bos());
  tokenizer_->append_encoded(wrapping.before, /*parse_special=*/true, sample.tokens);
  tokenizer_->append_encoded(wrapping.lead + sample.user_text, /*parse_special=*/false, sample.tokens);
  tokenizer_->append_encoded(wrapping.after, /*parse_special=*/true, sample.tokens);
  sample.answer_begin = sample.tokens.size();
  tokenizer_->append_encoded(sample.answer_text, /*parse_special=*/false, sample.tokens);
}

// A labelled row that every tree saw has none.
void Sampler::take_shares(const TeacherShares& shares, std::span<const uint32_t> queries, Rows& rows) {
  std::vector<std::string> names;
  for (size_t k = 0; k < rows.num_classes; ++k) names.push_back(fmt::format("share{}", k));
  rows.shares = share_columns(shares.labelled, names);
  std::vector<double> of_queries;
  for (const uint32_t query : queries) {
    const auto first = shares.queries.begin() + static_cast<ptrdiff_t>(query * rows.num_classes);
    of_queries.insert(of_queries.end(), first, first + static_cast<ptrdiff_t>(rows.num_classes));
  }
  rows.query_shares = share_columns(of_queries, names);
}

std::vector<bool> Sampler::draw_nominal(const prior::Task& task, std::span<const uint32_t> features,
                                        const Rng& rng) const {
  std::vector<bool> nominal;
  for (const uint32_t feature : features) {
    nominal.push_back(task.info[feature].kind == prior::ColumnKind::kCategorical &&
                      rng.bernoulli(feature, options_.nominal_share));
  }
  return nominal;
}

void Sampler::encode_compact(const Rows& rows, const Rng& rng, Sample& sample) const {
  TaskView view{.rows = iota(rows.labelled.num_rows), .category_seed = rng.child("categories").bits(0)};
  const bool is_number = !rows.targets.empty();
  if (!is_number) view.labels = rng.child("label_ids").sample(kCompactClasses, static_cast<uint32_t>(rows.num_classes));
  if (rng.child("number_scale").bernoulli(0, options_.rank_share)) view.scale = NumberScale::kRanks;
  const CompactVocabulary vocabulary = options_.vocabulary.value_or(usual_vocabulary(options_.compact_version));
  const std::optional<Rows> typed = vocabulary.cells ? std::optional(rows.typed()) : std::nullopt;
  const Rows& shown = typed ? *typed : rows;
  const auto of_numbers =
      is_number ? std::make_unique<TypedFormat>(shown.labelled, std::span<const double>(rows.targets), vocabulary)
                : nullptr;
  const auto of_classes = is_number ? nullptr : make_compact_format(shown.labelled, rows.labels, vocabulary);
  const PromptFormat& format = is_number ? *of_numbers : *of_classes;
  view.features = iota(format.num_features());
  sample.num_features = static_cast<uint32_t>(format.num_features());
  sample.tokens = format.prompt(view).context;
  sample.answer_begin = sample.tokens.size();
  const QueryTokens tokens = format.queries(shown.queries, std::span(&view, 1)).front();
  for (size_t query = 0; query < tokens.size(); ++query) {
    sample.tokens.insert(sample.tokens.end(), tokens[query].begin(), tokens[query].end());
    sample.tokens.push_back(is_number
                                ? vocabulary.cells->target(of_numbers->target_code().encode(rows.query_targets[query]))
                                : vocabulary.first_label +
                                      static_cast<TokenId>(view.labels[static_cast<size_t>(rows.query_labels[query])]));
  }
}

}  // namespace manyshot
