// Trained weights as a source of tensors: a network is packed from its own masters, and a model folder written from
// them.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "model/language/tensor_source.h"
#include "train/language/parameter_store.h"

namespace manyshot::train {

// All weights of a model as parameters, filled from the source by all threads; their numbers by name.
std::map<std::string, size_t> open_masters(const TensorSource& source, ParameterStore& store);

// `store` must outlive the source.
std::unique_ptr<TensorSource> make_master_source(std::string path, LanguageModelConfig config,
                                                 const ParameterStore& store);

}  // namespace manyshot::train
