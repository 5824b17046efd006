// `manyshot synth`: tasks to files, a table for each and a manifest of all (docs/formats/tasks.md).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "core/json.h"
#include "core/names.h"
#include "core/shard.h"
#include "prior/prior.h"

namespace manyshot::prior {

// The names are those of file extensions.
enum class TaskLayout { kCsv, kParquet };
constexpr auto names_of(TaskLayout) {
  return std::to_array<Named<TaskLayout>>({{TaskLayout::kCsv, "csv"}, {TaskLayout::kParquet, "parquet"}});
}

struct TaskFiles {
  std::string out;  // folder
  TaskLayout layout = TaskLayout::kCsv;
  uint64_t tasks = 0;   // tasks 0 .. tasks - 1 are drawn
  Shard shard;          // tasks whose number leaves shard.index when divided by shard.count
  std::string version;  // of the program, for the manifest
  Json options;         // how tasks and files were asked for, for the manifest
};

struct TaskFilesReport {
  uint64_t tasks = 0;                                    // of this shard
  uint64_t written = 0;                                  // by this call; the others were there
  std::array<uint64_t, kNumRejections> rejections = {};  // draws thrown away by this call
};

// Goes on behind what the folder's manifest lists. Memory is flat in the number of tasks. Throws Error(kBadInput) when
// the folder was made with other options or the disk is full, kCorruptFile for a damaged manifest; finished tasks stay.
TaskFilesReport write_tasks(const Prior& prior, const TaskFiles& files);

}  // namespace manyshot::prior
