// Trained weights as a source of tensors: a network is packed from its own masters, and a model folder written from
// them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "model/language/tensor_source.h"
#include "train/language/parameter_store.h"

namespace manyshot::train {

// What a weight of that name is to an optimiser.
ParameterKind parameter_kind(const std::string& name, const std::vector<uint64_t>& shape);

// Fills every parameter from the tensor of its name, by all threads.
void read_masters(const TensorSource& source, ParameterStore& store);

// `store` must outlive the source.
std::unique_ptr<TensorSource> make_master_source(std::string path, LanguageModelConfig config,
                                                 const ParameterStore& store);

}  // namespace manyshot::train
