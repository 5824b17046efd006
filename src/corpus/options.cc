#include "corpus/options.h"

namespace manyshot {

CorpusSettings parse_corpus_options(const CorpusOptions& options) {
  CorpusSettings settings{.prior = options.prior};
  const int64_t needed = options.shots.high + options.queries;
  if (!settings.prior.rows) settings.prior.rows = IntRange{needed, needed};
  settings.tasks = prior::parse_settings(settings.prior);
  const prior::PriorSettings& tasks = settings.tasks;
  if (tasks.rows.low < needed) {
    refuse_option("rows", "{} is too few for {} shots and {} queries, which need {} rows; give more, or auto",
                  to_text(tasks.rows), to_text(options.shots), options.queries, needed);
  }
  const bool is_compact = options.format == PromptStyle::kCompact;
  if (is_compact && tasks.classes.high > kCompactClasses) {
    refuse_option("classes", "{} is too many for the compact format, which has {} labels; use fewer, or format concat",
                  to_text(tasks.classes), kCompactClasses);
  }
  if (options.stage == CorpusStage::kWarmup && !options.filter_tasks)
    refuse_option("stage", "warmup keeps the queries that the forest gets right, so it needs filter_tasks");
  if (!is_compact && options.rank_share > 0) {
    refuse_option("rank_share",
                  "{} is of no use, as only the compact format has ranks; use format compact, or leave it out",
                  options.rank_share);
  }
  return settings;
}

}  // namespace manyshot
