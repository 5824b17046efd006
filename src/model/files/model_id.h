// The name by which others know a model, such as "HuggingFaceTB/SmolLM2-135M".
#pragma once

#include <string>
#include <string_view>

namespace manyshot {

// Whether the text has the form OWNER/NAME.
bool is_model_id(std::string_view text);

// The id that the model at `path` (a folder or a .gguf file) tells of itself: its folder in the cache that transformers
// downloads to, _name_or_path of config.json, general.source and general.base_model of a GGUF file; "" when it tells
// none.
std::string model_id(const std::string& path);

}  // namespace manyshot
