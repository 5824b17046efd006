// `manyshot lab run`: every unit of the data sets, conditions and seeds that is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/endpoint/endpoint_options.h"
#include "lab/augment/augmentation_file.h"
#include "lab/data/lab_data.h"
#include "lab/run/lab_options.h"
#include "lab/run/unit.h"
#include "model/model.h"

namespace manyshot::lab {

struct LabTask {
  std::string name;  // of the data set: its folder's
  LabData data;
};

// Size of the model, as costs need it.
struct ModelSize {
  double parameters = 0;
  int layers = 0, hidden_size = 0, key_value_size = 0, window = 0;
};

// The options of the last run of the folder. Throws Error(kNotFound) where there was none, kCorruptFile for a damaged
// lab.json.
LabOptions read_lab_options(const std::string& folder);

class LabRun {
 public:
  // Throws before anything is computed: data that cannot be read, unknown conditions, an endpoint that is asked to
  // train, a folder with results of other options (Error(kBadInput) naming what differs).
  LabRun(const LabOptions& options, const EndpointOptions& endpoint, std::string version, const Device& device = {});
  ~LabRun();

  // Runs what has no result yet; how many units that were. Units are independent: killed at any time, the same command
  // goes on, within a unit from its last checkpoint.
  uint64_t run();
  // Whether every unit of all shards has a result.
  bool is_whole() const;

  const LabOptions& options() const { return options_; }
  const std::string& version() const { return version_; }
  const std::vector<LabTask>& tasks() const { return tasks_; }
  const std::vector<Condition>& conditions() const { return conditions_; }
  std::vector<UnitKey> units() const;
  // Nothing where the unit has no result yet.
  std::optional<UnitResult> result(const UnitKey& key) const;
  // The augmented texts of a data set and what they are worth; nothing where no condition has needed them yet.
  std::optional<AugmentedData> augmented(const LabTask& task) const;
  ModelSize model_size() const;
  // Tokens of a text, by the model's tokenizer; of an endpoint about a third of its bytes.
  uint64_t count_tokens(const std::string& text) const;

 private:
  UnitResult run_unit(const LabTask& task, const Condition& condition, const UnitKey& key);
  UnitResult run_trained(const LabTask& task, const Condition& condition, const UnitKey& key);
  UnitResult run_prompted(const LabTask& task, const Condition& condition, const UnitKey& key);
  std::vector<AugmentedText> augmented_texts(const LabTask& task, const Condition& condition);
  Augmentation augment(const LabTask& task, const std::vector<AugmentKind>& kinds);
  std::string augmentation_path(const LabTask& task) const;
  int64_t steps_of(size_t num_texts) const;
  const std::vector<std::string>& other_texts();
  Json ability_of(const std::string& weights, bool is_adapter) const;
  const Model& base_model();
  bool is_endpoint() const;
  void check_header();

  LabOptions options_;
  EndpointOptions endpoint_;
  Device device_;
  std::string version_, model_path_;
  std::vector<LabTask> tasks_;
  std::vector<Condition> conditions_;
  std::unique_ptr<Model> model_;          // without training; opened when needed
  std::unique_ptr<Tokenizer> tokenizer_;  // null: of an endpoint
  std::optional<std::vector<std::string>> other_texts_;
};

}  // namespace manyshot::lab
