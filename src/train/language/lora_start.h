// The factors that training begins with: fresh ones, or those of an adapter.
#pragma once

#include <optional>

#include "model/files/adapter_folder.h"
#include "model/language/tensor_source.h"
#include "train/language/language_trainer.h"
#include "train/language/lora.h"
#include "train/language/parameter_store.h"

namespace manyshot::train {

class LoraStart {
 public:
  // options.adapter is read where it names one; what it says of scales and dropout then stands in options.lora. Throws
  // what lora_modules(), read_adapter_folder() and continued_modules() throw.
  LoraStart(const TensorSource& source, LanguageTrainerOptions& options);

  const LoraModules& modules() const { return modules_; }
  // Fills the factors of these modules; `seed`: of fresh ones.
  void fill(ParameterStore& store, uint64_t seed) const;

 private:
  std::optional<AdapterFolder> adapter_;
  LoraModules modules_;
};

}  // namespace manyshot::train
