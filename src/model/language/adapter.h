// PEFT LoRA adapters, merged into a base model's weights as they are read: W' = W + scale B A with scale = alpha /
// rank, or alpha / sqrt(rank) with use_rslora; for those that OLoRA started, see olora.h. Sources: Hu et al. 2021,
// arXiv 2106.09685, section 4.1; Kalajdzievski 2023, arXiv 2312.03732.
#pragma once

#include <memory>
#include <string>

#include "model/language/tensor_source.h"

namespace manyshot {

// `folder` holds adapter_config.json and adapter_model.safetensors as PEFT writes them. The base path that the
// configuration records does not matter; what does is that every tensor fits. Notes what the configuration leaves out.
// Throws what read_adapter_folder() throws, and Error(kBadInput) for an adapter of another base: a layer that `base`
// lacks, or another shape.
std::unique_ptr<TensorSource> apply_adapter(std::unique_ptr<TensorSource> base, const std::string& folder);

}  // namespace manyshot
