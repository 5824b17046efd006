// What a language model knew before a run's first step and after its last, kept as general_ability.json.
#pragma once

#include <cstdint>
#include <string>

#include "core/json.h"
#include "train/record/run_setup.h"

namespace manyshot::train {

// Before the first step and after the last; empty objects where nothing was measured.
struct GeneralAbilityChange {
  Json before = Json::object(), after = Json::object();
};

class AbilityRecord {
 public:
  // A run that goes on takes over what the one before measured, unless the questions or the text are others now.
  explicit AbilityRecord(const RunSetup& setup);

  const GeneralAbilityChange& change() const { return change_; }
  bool has_before() const { return !change_.before.empty(); }
  bool has_after(int64_t steps) const { return !change_.after.empty() && after_steps_ == steps; }
  // Both write the file.
  void set_before(Json numbers);
  void set_after(Json numbers, int64_t steps);

 private:
  void write() const;

  std::string path_;
  Json settings_;  // which questions and text
  GeneralAbilityChange change_;
  int64_t after_steps_ = 0;
};

// "knowledge 38.2 % before, 38.0 % after (± 1.5, 1,000 questions); perplexity 12.31 before, 12.45 after"; "" when
// nothing was measured.
std::string ability_text(const GeneralAbilityChange& change);

}  // namespace manyshot::train
