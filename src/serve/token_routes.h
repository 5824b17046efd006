// /tokenize, /detokenize and /tokenizer_info: between texts and token ids.
#pragma once

#include "serve/served_model.h"

namespace manyshot::serve {

// `served` must outlive the routes.
std::vector<Route> token_routes(const ServedModel& served);

}  // namespace manyshot::serve
