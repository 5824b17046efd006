#include "train/models/fresh_source.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr double kDeviation = 0.02;

std::string config_file(const std::string& path) {
  return fs::is_directory(path) ? (fs::path(path) / "config.json").string() : path;
}

class FreshSource : public TensorSource {
 public:
  FreshSource(const std::string& path, uint64_t seed)
      : path_(path),
        config_(parse_language_model_config(read_file(config_file(path)), config_file(path))),
        rng_(Rng(seed).child("weights")),
        tensors_(language_model_tensors(config_)) {}

  const std::string& path() const override { return path_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return find(name) != tensors_.end(); }
  std::vector<uint64_t> shape(std::string_view name) const override {
    const auto found = find(name);
    if (found == tensors_.end()) fail(ErrorKind::kCorruptFile, "{}: no tensor \"{}\"", path_, name);
    return found->second;
  }
  std::string type_name(std::string_view) const override { return "F32"; }
  uint64_t stored_bytes() const override { return 0; }

  void read_rows(std::string_view name, uint64_t first_row, uint64_t, std::span<float> out) const override {
    const std::vector<uint64_t> dims = shape(name);
    if (dims.size() < 2) {
      std::fill(out.begin(), out.end(), name.ends_with(".bias") ? 0.0f : 1.0f);
      return;
    }
    const bool writes_to_stream = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
    const double deviation = writes_to_stream ? kDeviation / std::sqrt(2.0 * config_.num_hidden_layers) : kDeviation;
    const Rng values = rng_.child(name);
    const uint64_t first = first_row * dims.back();
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<float>(deviation * values.normal(first + i));
  }

 private:
  using Tensors = std::vector<std::pair<std::string, std::vector<uint64_t>>>;
  Tensors::const_iterator find(std::string_view name) const {
    return std::find_if(tensors_.begin(), tensors_.end(), [&](const auto& tensor) { return tensor.first == name; });
  }

  std::string path_;
  LanguageModelConfig config_;
  Rng rng_;
  Tensors tensors_;
};

}  // namespace

std::unique_ptr<TensorSource> make_fresh_source(const std::string& config_path, uint64_t seed) {
  return std::make_unique<FreshSource>(config_path, seed);
}

}  // namespace manyshot
