// The model that a recipe asks for.
#pragma once

#include <memory>

#include "model/device/device.h"
#include "train/models/run_model.h"
#include "train/recipe.h"

namespace manyshot::train {

// recipe.model.base is a path or "fresh". A language model's weights are not read yet (RunModel::network). Throws
// Error(kNotFound, kCorruptFile, kUnsupported, kBadInput) as opening the model, its tokenizer and the adapter does, and
// kUnsupported for a device that is not there, or cannot train this model.
std::unique_ptr<RunModel> open_run_model(const Recipe& recipe, const Device& device = {});

// One of each kind.
std::unique_ptr<RunModel> make_compact_run_model(const Recipe& recipe, const Device& device);
std::unique_ptr<RunModel> make_language_run_model(const Recipe& recipe, const Device& device);

}  // namespace manyshot::train
