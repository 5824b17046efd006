#include "corpus/task_dump.h"

#include "core/library.h"
#include "prior/task/sizes.h"

namespace manyshot {

DumpSizes dump_sizes(const CorpusOptions& options, const CorpusSettings& settings) {
  if (options.shots.low != options.shots.high) {
    refuse_option("shots",
                  "{} is a range, and readers of layout hdf5 split a whole batch at one row; take one number, such as "
                  "{}, and a folder for each",
                  to_text(options.shots), options.shots.low);
  }
  const bool is_warmup = options.stage == CorpusStage::kWarmup;
  return {.num_labelled = static_cast<uint64_t>(options.shots.low),
          .num_queries = static_cast<uint64_t>(is_warmup ? options.filter.consensus_queries : options.queries),
          .num_features = static_cast<uint64_t>(prior::most_features(settings.tasks)),
          .num_classes = static_cast<uint64_t>(settings.tasks.classes.high)};
}

const TaskDumpFormat& task_dump_format() {
  using Getter = const TaskDumpFormat* (*)();
  static const auto get = reinterpret_cast<Getter>(open_library({.file = "libmanyshot_hdf5.so",
                                                                 .symbol = "manyshot_task_dump_format",
                                                                 .needed_for = "layout hdf5 needs",
                                                                 .instead = "take layout parquet"}));
  return *get();
}

}  // namespace manyshot
