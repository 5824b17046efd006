// The one place that names the JSON library.
#pragma once

#include <nlohmann/json.hpp>

namespace manyshot {
using Json = nlohmann::ordered_json;
}
