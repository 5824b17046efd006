// A GGUF file under transformers' tensor names, with q and k rows in transformers' order.
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "model/files/gguf_names.h"
#include "model/language/gguf_config.h"
#include "model/language/open_source.h"

namespace manyshot {
namespace {

class GgufSource : public TensorSource {
 public:
  GgufSource(GgufFile file, std::shared_ptr<const MappedFile> mapped)
      : mapped_(std::move(mapped)), file_(std::move(file)), config_(read_language_model_config(file_)) {
    std::vector<std::string> names;
    for (const GgufTensor& tensor : file_.tensors()) {
      names.push_back(transformers_name(tensor.name));
      if (!tensors_.emplace(names.back(), &tensor).second) {
        fail(ErrorKind::kCorruptFile, "{}: tensor \"{}\" stands under two names; convert the model again", path(),
             excerpt(names.back()));
      }
    }
    check_tensors(*this, names);
    for (const auto& [name, shape] : language_model_tensors(config_)) stored_bytes_ += find(name).data.size();
  }

  const std::string& path() const override { return file_.source(); }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return tensors_.contains(name); }
  std::vector<uint64_t> shape(std::string_view name) const override { return find(name).shape; }
  std::string type_name(std::string_view name) const override { return ggml_layout(find(name).type).name; }
  uint64_t stored_bytes() const override { return stored_bytes_; }

  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override {
    const ReadRange range = check_range(*this, name, first_row, num_rows, out.size());
    const GgufTensor& tensor = find(name);
    if (!is_interleaved(name)) {
      read_stored_rows(tensor, first_row, num_rows, out);
    } else if (tensor.shape.size() < 2) {
      read_interleaved_vector(tensor, out);
    } else {
      for (uint64_t row = 0; row < num_rows; ++row) {
        read_stored_rows(tensor, interleaved_row(first_row + row, config_.head_dim), 1,
                         out.subspan(row * range.columns, range.columns));
      }
    }
  }

 private:
  const GgufTensor& find(std::string_view name) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) {
      fail(ErrorKind::kCorruptFile,
           "{}: tensor \"{}\" is missing; the file is incomplete: convert or copy the model again", path(),
           excerpt(name));
    }
    return *found->second;
  }

  bool is_interleaved(std::string_view name) const {
    return config_.architecture == LanguageArchitecture::kLlama && is_interleaved_in_llama(name);
  }

  void read_stored_rows(const GgufTensor& tensor, uint64_t first_row, uint64_t num_rows, std::span<float> out) const {
    const GgmlLayout& layout = ggml_layout(tensor.type);
    const uint64_t row_bytes = tensor.num_columns() / layout.block_values * layout.block_bytes;
    const auto stored = tensor.data.subspan(first_row * row_bytes, num_rows * row_bytes);
    dequantize(tensor.type, stored, out);
    if (mapped_ != nullptr) mapped_->forget(stored);  // weights are read once
  }

  void read_interleaved_vector(const GgufTensor& tensor, std::span<float> out) const {
    std::vector<float> stored(tensor.num_columns());
    read_stored_rows(tensor, 0, 1, stored);
    for (size_t i = 0; i < out.size(); ++i) out[i] = stored[interleaved_row(i, config_.head_dim)];
  }

  std::shared_ptr<const MappedFile> mapped_;  // nullptr: the bytes are someone else's
  GgufFile file_;
  LanguageModelConfig config_;
  std::map<std::string, const GgufTensor*, std::less<>> tensors_;
  uint64_t stored_bytes_ = 0;
};

}  // namespace

std::unique_ptr<TensorSource> make_gguf_source(GgufFile file) {
  return std::make_unique<GgufSource>(std::move(file), nullptr);
}

std::unique_ptr<TensorSource> open_gguf_source(const std::string& path) {
  auto mapped = std::make_shared<MappedFile>(path);
  GgufFile file(mapped->bytes(), path);
  return std::make_unique<GgufSource>(std::move(file), std::move(mapped));
}

}  // namespace manyshot
