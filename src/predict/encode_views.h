// The contexts of an ensemble of a compact model.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "encoding/prompt_format.h"
#include "model/model.h"
#include "predict/fit_store.h"

namespace manyshot {

// One for each view, encoded or as the store has it: by the model's engine and the tokens of the prompt, so that what
// another engine or another way to write prompts has left is not used.
std::vector<std::unique_ptr<EncodedContext>> encode_views(const Model& model, const PromptFormat& format,
                                                          std::span<const TaskView> views, const FitStore& store);

}  // namespace manyshot
