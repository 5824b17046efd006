// An OpenAI-style endpoint as a prediction Method: prompts of up to 50 queries as in arXiv 2509.06806, answers read in
// five layers. Requests, responses and layers: docs/formats/endpoint.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "evaluate/endpoint/endpoint_options.h"
#include "predict/predictor.h"

namespace manyshot {

// `name`: "openai:NAME" (is_endpoint_model). `seed`: of the ensemble's orders and of the waits between retries. Of
// `options`, ensemble, format, chat, compat and labels count; the others are for local models. Nothing is sent before
// predict(). Throws what EndpointClient throws.
//
// One Method shares its connections, limits and cache among all its Predictors. Method and Predictors may be used from
// several threads: that is how prompts of different tasks wait together. A Predictor's answers do not depend on
// `concurrency`, as far as the server's do not.
std::unique_ptr<Method> open_endpoint_method(const std::string& name, const EndpointOptions& endpoint,
                                             const MethodOptions& options = {}, uint64_t seed = 0);

}  // namespace manyshot
