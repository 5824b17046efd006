#include "model/language/tensor_source.h"

#include <filesystem>
#include <set>

#include "core/error.h"
#include "core/text.h"
#include "model/files/safetensors.h"
#include "model/language/open_source.h"

namespace manyshot {
namespace fs = std::filesystem;

void check_tensors(const TensorSource& source, std::span<const std::string> names) {
  std::set<std::string, std::less<>> expected;
  for (auto& [name, shape] : language_model_tensors(source.config())) {
    const std::vector<uint64_t> found = source.shape(name);
    if (found != shape) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" has shape {}, the model's config calls for {}; config and weights do not belong "
           "together: copy both again",
           source.path(), name, shape_text(found), shape_text(shape));
    }
    expected.insert(name);
  }
  for (const std::string& name : names) {
    if (name.starts_with("model.layers.") && !name.ends_with("rotary_emb.inv_freq") && !expected.contains(name)) {
      fail(ErrorKind::kUnsupported,
           "{}: tensor \"{}\" has no place in a {} model with this config, and leaving it out would change the answers",
           source.path(), excerpt(name), architecture_name(source.config().architecture));
    }
  }
}

ReadRange check_range(const TensorSource& source, std::string_view name, uint64_t first_row, uint64_t num_rows,
                      uint64_t out_size) {
  const std::vector<uint64_t> shape = source.shape(name);
  ReadRange range{.columns = shape.empty() ? 1 : shape.back(), .total_rows = 1};
  for (size_t i = 0; i + 1 < shape.size(); ++i) range.total_rows *= shape[i];
  if (first_row > range.total_rows || num_rows > range.total_rows - first_row || out_size != num_rows * range.columns) {
    fail(ErrorKind::kInternal, "tensor \"{}\" {}: asked for {} rows from {} on into {} values", name, shape_text(shape),
         num_rows, first_row, out_size);
  }
  return range;
}

std::unique_ptr<TensorSource> open_tensor_source(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(ErrorKind::kNotFound, "{}: no such model; check the path", path);
  if (!fs::is_directory(path, error)) return open_gguf_source(path);
  const fs::path folder = path, gguf = folder / "model.gguf";
  const bool is_gguf = fs::exists(gguf, error) && !fs::exists(folder / "config.json", error);
  return is_gguf ? open_gguf_source(gguf.string()) : open_hugging_face_source(path);
}

}  // namespace manyshot
