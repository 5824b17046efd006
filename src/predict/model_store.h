// Where models and their adapters live: a name such as "default" or a folder becomes a folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// Folders named here are models: MANYSHOT_MODELS if set, else share/manyshot/models beside the program's lib folder.
std::string models_folder();
// Names of the models in models_folder(), sorted.
std::vector<std::string> installed_models();
// A path (it has a slash, or exists) or an installed name. Throws Error(kNotFound) with the nearest name and all names
// there are; `other_names` are names the caller knows besides.
std::string resolve_model(const std::string& name, const std::vector<std::string>& other_names = {});

inline constexpr std::string_view kNoAdapter = "none";
// The adapter that tables are read with by the model at `path`: `asked`, an adapter's folder; for "none" no one; for ""
// the folder `adapter` in that of a language model, where there is one.
std::string adapter_of(const std::string& path, const std::string& asked);

}  // namespace manyshot
