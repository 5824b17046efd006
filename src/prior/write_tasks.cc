#include "prior/write_tasks.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/manifest.h"
#include "core/parallel.h"
#include "core/progress.h"
#include "core/text.h"
#include "prior/task/task_file.h"
#include "prior/task/task_table.h"

namespace manyshot::prior {
namespace {
namespace fs = std::filesystem;

constexpr const char* kFormat = "manyshot tasks 1";
constexpr uint64_t kBlock = 256;  // tasks between two additions to the manifest

class TaskWriter {
 public:
  TaskWriter(const Prior& prior, const TaskFiles& files)
      : prior_(prior), files_(files), scratches_(static_cast<size_t>(num_threads())), tasks_(scratches_.size()) {}

  TaskFilesReport run() {
    std::error_code error;
    fs::create_directories(files_.out, error);
    if (error) fail(ErrorKind::kBadInput, "--out {}: cannot make this folder: {}", files_.out, error.message());
    const Shard& shard = files_.shard;
    const std::string name = shard_file(shard, "tasks", ".jsonl");
    uint64_t num_finished = 0;
    Manifest manifest(in_folder(name), kFormat, files_.version, files_.options, [&](const Json& line, uint64_t number) {
      const uint64_t expected = number_of(num_finished++);
      if (line.value("task", Json()) != expected) {
        fail(ErrorKind::kCorruptFile, "{}:{}: expected task {}, found {}; remove the file to start again", name, number,
             expected, excerpt(line.dump()));
      }
    });

    report_.tasks = files_.tasks > shard.index ? (files_.tasks - shard.index - 1) / shard.count + 1 : 0;
    const uint64_t already = std::min(num_finished, report_.tasks);
    report_.written = report_.tasks - already;
    Progress progress("synth", report_.written, "tasks");
    for (uint64_t first = already; first < report_.tasks; first += kBlock)
      manifest.append(write_block(first, std::min(first + kBlock, report_.tasks), progress));
    return report_;
  }

 private:
  std::string in_folder(const std::string& name) const { return (fs::path(files_.out) / name).string(); }
  // The number of this shard's task at `place`.
  uint64_t number_of(uint64_t place) const { return files_.shard.index + place * files_.shard.count; }

  // The shard's tasks from place `first` up to `last`; returns their lines of the manifest.
  std::string write_block(uint64_t first, uint64_t last, Progress& progress) {
    const size_t count = last - first;
    std::vector<std::string> lines(count);
    std::vector<std::array<uint32_t, kNumRejections>> rejections(count);
    parallel_for(count, [&](size_t i, int worker) {
      check_interrupted();
      const uint64_t index = number_of(first + i);
      Task& task = tasks_[static_cast<size_t>(worker)];
      prior_.draw(index, scratches_[static_cast<size_t>(worker)], task);
      const std::string name = fmt::format("task_{:06}.{}", index, name_of(files_.layout));
      write_task(task, in_folder(name));
      Json facts = task_facts(task);
      facts["file"] = name;
      lines[i] = facts.dump() + "\n";
      rejections[i] = task.rejections;
      progress.add();
    });
    std::string block;
    for (const std::string& line : lines) block += line;
    for (const auto& of_task : rejections) {
      for (size_t reason = 0; reason < kNumRejections; ++reason) report_.rejections[reason] += of_task[reason];
    }
    return block;
  }

  const Prior& prior_;
  const TaskFiles& files_;
  // One for each thread.
  std::vector<PriorScratch> scratches_;
  std::vector<Task> tasks_;
  TaskFilesReport report_;
};

}  // namespace

TaskFilesReport write_tasks(const Prior& prior, const TaskFiles& files) { return TaskWriter(prior, files).run(); }

}  // namespace manyshot::prior
