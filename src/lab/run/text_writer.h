// Writers of augmented texts: a local language model, or an endpoint.
#pragma once

#include <memory>
#include <string>

#include "evaluate/endpoint/endpoint_options.h"
#include "lab/augment/model_augmenter.h"
#include "model/model.h"

namespace manyshot::lab {

// `name`: what resolve_model takes, or "openai:NAME". Throws Error(kUnsupported) for a model without a tokenizer or
// without a chat template, and what loading and the endpoint throw.
TextWriter open_text_writer(const std::string& name, const WriterOptions& options, const EndpointOptions& endpoint,
                            const Device& device, uint64_t seed);

}  // namespace manyshot::lab
