// The folder of a run: what was asked for, with what, and how it ended (docs/formats/checkpoints.md).
#pragma once

#include <string>
#include <vector>

#include "train/models/run_model.h"
#include "train/record/checkpoint.h"
#include "train/record/run_report.h"
#include "train/record/run_setup.h"

namespace manyshot::train {

// Writes run.json: version, resolved recipe, processes, processor, and size and CRC-32 of every input file. REQUIRES:
// the folder is there, and this process works in it alone (core/folder_lock.h). Throws Error(kBadInput) when it holds
// checkpoints and none of them is resumed.
void write_run_file(const RunSetup& setup, const RunModel& model, int world_size);

// Throws Error(kBadInput) naming the key when the checkpoint is of another recipe, or the number of processes differs
// and with it the samples of a step.
void check_resumable(const TrainerState& saved, const Json& recipe, int world_size, const std::string& checkpoint);

// report.json (everything, with the curve), report.html and report.md (train/display/run_page.h), and
// train_results.json (as other trainers name their numbers). `metrics`: the lines of metrics.jsonl.
void write_report(const RunSetup& setup, const RunReport& report, const std::vector<Json>& metrics);

// A hidden folder of the run with the model's weights, for as long as the object lives.
class TemporaryWeights {
 public:
  TemporaryWeights(const std::string& run_folder, RunModel& model);
  ~TemporaryWeights();
  TemporaryWeights(const TemporaryWeights&) = delete;
  TemporaryWeights& operator=(const TemporaryWeights&) = delete;
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
};

}  // namespace manyshot::train
