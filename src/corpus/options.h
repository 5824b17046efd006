// What a corpus is made of: options of `manyshot corpus` and of the trainer's live stream.
#pragma once

#include <array>
#include <optional>
#include <string>

#include "core/names.h"
#include "core/options.h"
#include "core/range.h"
#include "encoding/compact_vocabulary.h"
#include "encoding/prompt_format.h"
#include "encoding/text/cell_text.h"
#include "encoding/text/chat_wrapping.h"
#include "prior/options.h"
#include "teacher/task_filter.h"

namespace manyshot {

// Which queries of a task a sample has.
enum class CorpusStage {
  kWarmup,  // those that the forest gets right, resampled to the classes' shares
  kMain,    // all
};
constexpr auto names_of(CorpusStage) {
  return std::to_array<Named<CorpusStage>>({{CorpusStage::kWarmup, "warmup"}, {CorpusStage::kMain, "main"}});
}

struct CorpusOptions {
  CorpusOptions() { prior.rows.reset(); }  // as many as shots and queries need

  CorpusStage stage = CorpusStage::kMain;
  IntRange shots{8, 1024};
  int queries = 50;
  int64_t max_tokens = 32'000;
  PromptStyle format = PromptStyle::kConcat;
  ChatWrapping chat = ChatWrapping::kTrained;
  int compact_version = 1;
  std::optional<CompactVocabulary> vocabulary;  // of the model that is trained; nothing: the version's usual one
  double rank_share = 0;
  double nominal_share = 0.75;
  double teacher_share = 0;
  double weak_teacher_share = 0;
  int digits = kLineDigits;
  bool filter_tasks = true;
  prior::PriorOptions prior;
  teacher::FilterOptions filter;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Samples");
    v("stage", self.stage, any_value(),
      "warmup: of each task only queries that the forest gets right, resampled to the classes' shares; main: all "
      "queries.");
    v("shots", self.shots, between(2, 1e6),
      "Labelled rows of a task: a number, or A:B for a log-uniform draw up to what fits max_tokens.");
    v("queries", self.queries, at_least(1), "Query rows of a task.");
    v("max_tokens", self.max_tokens, at_least(64), "Longest prompt with its answer, in tokens; text formats.");
    v("format", self.format, any_value(), "Prompt format.");
    v("chat", self.chat, one_of(kPromptWrappings),
      "Token layout: what stands around a text prompt; around lines nothing does.");
    v("compact_version", self.compact_version, between(1, 2),
      "Version of the compact format: 2 writes numbers as value and rank, categories and missing cells as such. In "
      "training the model decides.");
    v("rank_share", self.rank_share, between(0, 1),
      "Share of compact samples (version 1) and of lines whose numbers are normal scores of their ranks, as every "
      "second member of an ensemble reads them.");
    v("nominal_share", self.nominal_share, between(0, 1),
      "Share of categorical columns that are written as categories (lines, and version 2 of the compact format); the "
      "others are numbers, as where a file has codes for categories.");
    v("teacher_share", self.teacher_share, between(0, 1),
      "Share of samples of classes that show the class shares of the forest that judges them (filter_tasks) as "
      "further cells, out-of-bag for labelled rows (lines, and version 2 of the compact format).");
    v("weak_teacher_share", self.weak_teacher_share, between(0, 1),
      "Share of these samples whose shares are those of a worse forest: of fewer trees, with some of the columns, too "
      "cautious or too sure.");
    v("digits", self.digits, between(1, kPaperDigits), "Digits of a number; lines.");
    option_heading(v, "Filter");
    v("filter_tasks", self.filter_tasks, any_value(),
      "Keep only tasks that pass the forest's guard (docs/formats/corpus.md).");
    teacher::FilterOptions::visit(self.filter, v);
    prior::PriorOptions::visit(self.prior, v);
  }
};

// What follows from the options.
struct CorpusSettings {
  prior::PriorOptions prior;   // rows filled in
  prior::PriorSettings tasks;  // the same, parsed
};
// Throws OptionError for shots beyond the prior's rows, too many classes for `compact`, a warm-up without the filter,
// ranks of a text format, and what parse_settings refuses.
CorpusSettings parse_corpus_options(const CorpusOptions& options);

inline constexpr int kCompactClasses = 10;  // label tokens of a `compact` vocabulary

}  // namespace manyshot
