// world.json (docs/formats/lab-data.md).
#pragma once

#include <string>

#include "core/json.h"
#include "lab/world/world.h"

namespace manyshot::lab {

Json to_json(const World& world);
// `path` is named in messages. Throws Error(kCorruptFile) for what is no world.
World world_from_json(const Json& json, const std::string& path);

Json to_json(const Statement& statement);

}  // namespace manyshot::lab
