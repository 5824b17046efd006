// The language model that a command works with.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/options.h"
#include "model/model.h"
#include "predict/model_store.h"

namespace manyshot {

struct LanguageModelOptions {
  std::string model;
  std::string adapter;
  std::optional<DType> dtype;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Model");
    v("model", self.model, any_value().required(), "Language model: an installed name, a folder, or a .gguf file.");
    v("adapter", self.adapter, any_value(), "Folder with a PEFT LoRA adapter for the language model.");
    v("dtype", self.dtype, any_value().unset_as("auto"), "Number type of the model's products.");
  }

  // Throws what resolving the name and loading throw.
  std::unique_ptr<Model> load(const Device& device) const {
    return load_model(resolve_model(model), {.dtype = dtype, .adapter = adapter, .device = device});
  }
};

}  // namespace manyshot
