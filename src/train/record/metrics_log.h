// A run's numbers as they come: metrics.jsonl (one line a step or evaluation), trainer_log.jsonl (the lines that
// LLaMA-Factory's tools read), TensorBoard events, and training_loss.svg at the end.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/json.h"
#include "train/record/tensorboard.h"

namespace manyshot::train {

// A file of JSON lines that grows; every line is on disk when add() returns.
class JsonLinesLog {
 public:
  // Lines of later steps than `last_step` ("step" in each) that are there from a run that is resumed are cut off, and
  // so is a line that a crash left half-written.
  JsonLinesLog(const std::string& path, int64_t last_step);
  // Throws Error(kBadInput) when the disk is full.
  void add(const Json& line);
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class MetricsLog {
 public:
  // Goes on behind `last_step` in the files of `folder`; 0: begins them anew.
  MetricsLog(const std::string& folder, int64_t last_step, int64_t total_steps);
  // `line` has "step", "loss", "learning_rate" and more numbers, which become TensorBoard's train/….
  void add_step(const Json& line);
  // `line` has "step" and numbers eval_…, table_…, knowledge_…, perplexity.
  void add_evaluation(const Json& line);
  std::vector<Json> lines() const;  // of metrics.jsonl
  // Draws training_loss.svg from these lines.
  void draw_curve(const std::vector<Json>& lines) const;

 private:
  std::string folder_;
  int64_t total_steps_;
  JsonLinesLog metrics_, trainer_log_;
  EventWriter events_;
};

}  // namespace manyshot::train
