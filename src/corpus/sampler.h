// Training samples: tasks drawn from a prior, judged by a forest, encoded as prompts with their answers. Sample `index`
// is a function of (options, seed, index) alone, so a trainer can draw on the fly what `manyshot corpus` would have
// written.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/names.h"
#include "corpus/excluded_rows.h"
#include "corpus/options.h"
#include "corpus/table_tasks.h"
#include "corpus/weak_teacher.h"
#include "encoding/prompt.h"
#include "encoding/tokenizer/tokenizer.h"
#include "prior/prior.h"
#include "teacher/columns.h"
#include "teacher/task_filter.h"

namespace manyshot {

// Why a task gives no sample, besides the guard's RejectReason. The names reach files.
enum class SampleStatus {
  kKept,
  kGuard,        // the forest's guard: see FilterVerdict::reason
  kNoConsensus,  // warm-up: the forest gets no query right
  kNoQueries,    // no row is left whose class is among the labelled ones
  kConstant,     // every column has one value in the labelled rows, missing cells aside
  kTooLong,      // more tokens than max_tokens, even with the fewest labelled rows
  kExcluded,     // a row equals one of an evaluation table
  kNoTarget,     // of tables: the rows have one class of the column that was drawn, or too many
};
constexpr auto names_of(SampleStatus) {
  return std::to_array<Named<SampleStatus>>({{SampleStatus::kKept, "kept"},
                                             {SampleStatus::kGuard, "guard"},
                                             {SampleStatus::kNoConsensus, "no_consensus"},
                                             {SampleStatus::kNoQueries, "no_queries"},
                                             {SampleStatus::kConstant, "constant"},
                                             {SampleStatus::kTooLong, "too_long"},
                                             {SampleStatus::kExcluded, "excluded"},
                                             {SampleStatus::kNoTarget, "no_target"}});
}
inline constexpr size_t kNumSampleStatuses = names_of(SampleStatus{}).size();

struct Sample {
  SampleStatus status = SampleStatus::kKept;
  uint64_t index = 0;
  teacher::FilterVerdict verdict;  // with filter_tasks
  uint32_t num_labelled = 0, num_queries = 0, num_features = 0, num_classes = 0;
  uint32_t most_frequent = 0;  // labelled rows of the most frequent class

  // What was encoded; empty unless kept.
  // Text formats: the user message, and the JSON array of the answers; lines: the labelled rows, and the queries.
  std::string user_text, answer_text;
  // With a tokenizer, or `compact`: the whole prompt and the answer. Text: tokens from answer_begin on are the answer.
  // `compact`: rows of num_features values, the bar and the label, the labelled rows first; answer_begin is where the
  // queries begin.
  std::vector<TokenId> tokens;
  size_t answer_begin = 0;
  // Rows as raw numbers [num_labelled + num_queries, num_features], and their labels; for the layouts of rows.
  std::vector<float> cells;
  std::vector<int32_t> labels;  // empty where a number is predicted
};

// Where the time of draws goes, in seconds of one thread.
struct DrawSeconds {
  double task = 0;   // drawing tasks
  double guard = 0;  // judging them by the forest
  double all = 0;    // both, and choosing and encoding rows

  DrawSeconds& operator+=(const DrawSeconds& other) {
    task += other.task;
    guard += other.guard;
    all += other.all;
    return *this;
  }
};

// Memory that draws use again. Not for two threads at a time.
struct SamplerScratch {
  prior::PriorScratch prior;
  teacher::FilterScratch filter;
  prior::Task task;
  std::vector<float> cells;
  DrawSeconds spent;  // by all draws with this scratch
};

// What a sample holds besides its rows.
enum class SampleContent {
  kPrompt,  // the prompt of the options' format
  kRows,    // nothing: no prompt is made, so none can be too long
};

class Sampler {
 public:
  // `tokenizer` may be null: then text samples have no tokens, and lengths are bounded by four tokens a number, which
  // holds for tokenizers that take digits one by one. It must outlive the sampler. Throws what parse_corpus_options
  // throws. With `tables` tasks come from them instead of the prior, with as many columns as the prior's may have;
  // Error(kBadInput) when none has rows enough.
  Sampler(const CorpusOptions& options, const Tokenizer* tokenizer, ExcludedRows excluded = {},
          SampleContent content = SampleContent::kPrompt, std::shared_ptr<const TableTasks> tables = nullptr);

  // Safe from several threads with a scratch each.
  Sample draw(uint64_t index, SamplerScratch& scratch) const;

  const CorpusOptions& options() const { return options_; }
  const CorpusSettings& settings() const { return settings_; }
  const ExcludedRows& excluded() const { return excluded_; }

 private:
  struct Rows;
  // Everything but the task: fills the sample up to where it is given up, and says why.
  SampleStatus fill(const Rng& rng, SamplerScratch& scratch, Sample& sample) const;
  // The most labelled rows of a task: what it has beside the queries, which are a quarter of a small one.
  int64_t most_shots(size_t num_rows) const;
  uint32_t draw_shots(const prior::Task& task, const Rng& rng) const;
  // Numbers of the labelled rows, then of queries whose classes these have. Fills most_frequent.
  std::vector<uint32_t> choose_rows(const prior::Task& task, const Rng& rng, Sample& sample) const;
  // The labelled rows and the chosen queries, which count from the first row behind them.
  static Rows take_rows(const teacher::ColumnsView& cells, std::span<const uint32_t> features,
                        std::span<const int32_t> labels, const Sample& sample, std::span<const uint32_t> queries);
  bool has_excluded_row(const Rows& rows) const;
  // Whether the prompt is no longer than max_tokens; it is removed if it is.
  bool encode(const Rows& rows, const Rng& rng, Sample& sample) const;
  void encode_text(const Rows& rows, Sample& sample) const;
  void encode_lines(const Rows& rows, const Rng& rng, Sample& sample) const;
  // Those of the sample's texts, in their wrapping.
  void add_tokens(const Wrapping& wrapping, Sample& sample) const;
  void encode_compact(const Rows& rows, const Rng& rng, Sample& sample) const;
  // A forest's class shares of the labelled rows and of the chosen queries.
  static void take_shares(const TeacherShares& shares, std::span<const uint32_t> queries, Rows& rows);
  // Which columns are written as categories.
  std::vector<bool> draw_nominal(const prior::Task& task, std::span<const uint32_t> features, const Rng& rng) const;

  CorpusOptions options_;
  CorpusSettings settings_;
  prior::Prior prior_;
  teacher::TaskFilter filter_;
  const Tokenizer* tokenizer_;
  ExcludedRows excluded_;
  SampleContent content_;
  std::shared_ptr<const TableTasks> tables_;  // may be null
  TableDraw table_draw_;
};

}  // namespace manyshot
