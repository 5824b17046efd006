// LoRA factors to and from adapters in PEFT's layout.
#pragma once

#include <string>

#include "model/files/adapter_folder.h"
#include "model/language/config.h"
#include "train/language/lora.h"
#include "train/language/parameter_store.h"

namespace manyshot::train {

// The modules of an adapter that is to be trained on. Throws Error(kBadInput) naming `folder` and `base` when the base
// lacks one of them or has it in another shape.
LoraModules continued_modules(const AdapterFolder& adapter, const LanguageModelConfig& config, const std::string& base,
                              const std::string& folder);
// Fills the store's parameters from the adapter whose modules it was made for.
void copy_factors(const AdapterFolder& adapter, ParameterStore& store);

// Makes the folder; f32. `base` is recorded as base_model_name_or_path. Throws Error(kBadInput) when it cannot be
// written to.
void write_adapter_folder(const LoraModules& modules, const LoraOptions& options, const std::string& base,
                          const ParameterStore& store, const std::string& folder);

}  // namespace manyshot::train
