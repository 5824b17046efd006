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
  const bool is_lines = options.format == PromptStyle::kLines;
  if (!is_compact && !is_lines && options.rank_share > 0) {
    refuse_option("rank_share",
                  "{} is of no use, as only the formats lines and compact have ranks; use one of them, or leave it out",
                  options.rank_share);
  }
  const bool is_typed = is_compact && options.compact_version == 2;
  if (!is_typed && options.prior.number_share > 0) {
    refuse_option("number_share",
                  "{}: only version 2 of the compact format has numbers to predict; use format compact "
                  "and compact_version 2",
                  options.prior.number_share);
  }
  if (options.prior.number_share > 0 && options.stage == CorpusStage::kWarmup) {
    refuse_option("number_share",
                  "{}: warmup keeps the queries that the forest gets right, and a number is never quite "
                  "right; use stage main",
                  options.prior.number_share);
  }
  if (!is_typed && !is_lines && options.teacher_share > 0) {
    refuse_option("teacher_share",
                  "{} is for lines and version 2 of the compact format; use format lines, or format compact and "
                  "compact_version 2",
                  options.teacher_share);
  }
  if (options.weak_teacher_share > 0 && options.teacher_share == 0) {
    refuse_option("weak_teacher_share",
                  "{} of the samples with a teacher's shares, and there are none; give a "
                  "teacher_share, or leave it out",
                  options.weak_teacher_share);
  }
  if (is_typed && options.rank_share > 0) {
    refuse_option("rank_share",
                  "{} is of no use with version 2 of the compact format, which reads every number as value "
                  "and rank; leave it out",
                  options.rank_share);
  }
  return settings;
}

}  // namespace manyshot
