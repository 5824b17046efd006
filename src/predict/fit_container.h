// The bytes of a fit file (docs/formats/msfit.md): what it is about as JSON, and parts by name.
#pragma once

#include <string>

#include "core/files.h"
#include "core/json.h"
#include "predict/fit_store.h"

namespace manyshot {

inline constexpr uint32_t kFitVersion = 1;

struct FitContainer {
  Json about;
  FitParts parts;
};

// Writes through `out`, which the caller commits.
void write_fit_container(OutputFile& out, const Json& about, const FitParts& parts);

// Every byte is covered by a size or a checksum, and sizes are compared with the file's before memory is taken. Throws
// Error(kBadInput) for what is no such file, kUnsupported for another version, kCorruptFile for one that is cut,
// damaged or has bytes behind its end, and what opening a file throws.
FitContainer read_fit_container(const std::string& path);
// The same for bytes in memory, which must outlive the result; `path` is named in messages.
FitContainer parse_fit_container(std::string_view bytes, const std::string& path);

}  // namespace manyshot
