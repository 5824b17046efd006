// Tasks as HDF5, in the layout that TFM-Playground writes and the loaders of nanoTabPFN read: arrays [tasks, rows,
// columns], padded with zeros. Such a loader splits a whole batch where its first task says, so all tasks of a dump
// have the same number of labelled rows and of queries.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "corpus/sampler.h"

namespace manyshot {

// What all parts of a dump share.
struct DumpSizes {
  uint64_t num_labelled = 0;  // the first rows of each task
  uint64_t num_queries = 0;   // the rows behind them; those of a task that has fewer are repeated
  uint64_t num_features = 0;  // columns of X
  uint64_t num_classes = 0;

  uint64_t num_rows() const { return num_labelled + num_queries; }
};
// Throws OptionError for a range of shots.
DumpSizes dump_sizes(const CorpusOptions& options, const CorpusSettings& settings);

struct DumpPart {
  std::string file;  // from the folder of the joined file
  uint64_t num_tasks = 0;
};

// The code that sees libhdf5: a library of its own, since no other command needs it.
class TaskDumpFormat {
 public:
  virtual ~TaskDumpFormat() = default;
  // Bytes of a file with these tasks, a function of them alone. A missing cell becomes the mean of its column's
  // labelled rows.
  virtual std::string part(std::span<const Sample> samples, const DumpSizes& sizes) const = 0;
  // Bytes of a file that shows the tasks of all parts as one (virtual data sets); it reads them from the parts.
  virtual std::string joined(std::span<const DumpPart> parts, const DumpSizes& sizes) const = 0;
};

// Throws Error(kUnsupported) where the library is missing.
const TaskDumpFormat& task_dump_format();

}  // namespace manyshot
