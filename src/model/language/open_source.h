// The two kinds of TensorSource, and what they share.
#pragma once

#include <memory>
#include <span>
#include <string>

#include "model/files/gguf.h"
#include "model/language/tensor_source.h"

namespace manyshot {

std::unique_ptr<TensorSource> open_hugging_face_source(const std::string& folder);
std::unique_ptr<TensorSource> open_gguf_source(const std::string& path);
// The bytes that the file points into must outlive the source.
std::unique_ptr<TensorSource> make_gguf_source(GgufFile file);

// Whether the source has all tensors of its config in their shapes, and none besides that would change the answers.
// `names` are the names of all its tensors. Throws Error(kCorruptFile, kUnsupported).
void check_tensors(const TensorSource& source, std::span<const std::string> names);

// The size of the tensor that read_rows was asked for. Throws Error(kInternal) if the rows or `out_size` do not fit it.
struct ReadRange {
  uint64_t columns = 0, total_rows = 0;
};
ReadRange check_range(const TensorSource& source, std::string_view name, uint64_t first_row, uint64_t num_rows,
                      uint64_t out_size);

}  // namespace manyshot
