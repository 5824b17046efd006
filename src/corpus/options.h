// What a corpus is made of: options of `manyshot corpus` and of the trainer's live stream.
#pragma once

#include <optional>
#include <string>

#include "core/options.h"
#include "encoding/text/text_prompt.h"
#include "prior/options.h"
#include "teacher/task_filter.h"

namespace manyshot {

struct CorpusOptions {
  CorpusOptions() { prior.rows = "auto"; }

  std::string stage = "main";
  std::string shots = "8:1024";
  int queries = 50;
  int64_t max_tokens = 32'000;
  std::string format = "concat";
  std::string chat = "trained";
  double rank_share = 0;
  bool filter_tasks = true;
  PriorOptions prior;
  FilterOptions filter;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("stage", self.stage, one_of({"warmup", "main"}),
      "warmup: of each task only queries that the forest gets right, resampled to the classes' shares; main: all "
      "queries.");
    v("shots", self.shots, any_value(),
      "Labelled rows of a task: a number, or A:B for a log-uniform draw up to what fits max_tokens.");
    v("queries", self.queries, at_least(1), "Query rows of a task.");
    v("max_tokens", self.max_tokens, at_least(64), "Longest prompt with its answer, in tokens; text formats.");
    v("format", self.format, one_of({"concat", "tabllm", "compact"}), "Prompt format.");
    v("chat", self.chat, one_of({"raw", "chatml", "trained"}), "Token layout: what stands around a text prompt.");
    v("rank_share", self.rank_share, between(0, 1),
      "Share of compact samples whose numbers are normal scores of their ranks, as every second member of an "
      "ensemble reads them.");
    v("filter_tasks", self.filter_tasks, any_value(),
      "Keep only tasks that pass the forest's guard (docs/formats/corpus.md).");
    FilterOptions::visit(self.filter, v);
    PriorOptions::visit(self.prior, v);
  }
};

// The same, parsed.
struct CorpusSettings {
  IntRange shots;
  PriorOptions prior;  // rows filled in
  TextStyle style = TextStyle::kConcat;
  ChatWrapping chat = ChatWrapping::kTrained;
  bool is_compact = false;
  bool is_warmup = false;
};
// Throws Error(kBadInput) for shots beyond the prior's rows, too many classes for `compact`, and what the prior
// refuses.
CorpusSettings parse_corpus_options(const CorpusOptions& options);

inline constexpr int kCompactClasses = 10;  // label tokens of a `compact` vocabulary

}  // namespace manyshot
