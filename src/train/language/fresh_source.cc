#include "train/language/fresh_source.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/error.h"
#include "core/rng.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

constexpr double kStandardDeviation = 0.02;

class FreshSource : public TensorSource {
 public:
  FreshSource(const LanguageModelConfig& config, Initialisation initialisation, uint64_t seed,
              std::string_view source_name)
      : path_(source_name), config_(config), initialisation_(initialisation), seed_(seed) {
    check_language_model_config(config, path_);
    for (auto& [name, shape] : language_model_tensors(config)) shapes_[name] = shape;
  }

  const std::string& path() const override { return path_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return shapes_.contains(name); }
  std::vector<uint64_t> shape(std::string_view name) const override { return find(name); }
  std::string type_name(std::string_view) const override { return "F32"; }

  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override {
    const std::vector<uint64_t>& shape = find(name);
    if (shape.size() == 1) {
      std::fill(out.begin(), out.end(), name.ends_with("bias") ? 0.0f : 1.0f);
      return;
    }
    const Rng rng = Rng(seed_).child("weights").child(name);
    const double deviation = standard_deviation(name, shape);
    for (uint64_t i = 0; i < num_rows * shape[1]; ++i) {
      out[i] = static_cast<float>(deviation * rng.normal(first_row * shape[1] + i));
    }
  }

  uint64_t stored_bytes() const override {
    uint64_t bytes = 0;
    for (const auto& [name, shape] : shapes_)
      bytes += (shape.size() == 1 ? 1 : shape[0]) * shape.back() * sizeof(float);
    return bytes;
  }

 private:
  double standard_deviation(std::string_view name, const std::vector<uint64_t>& shape) const {
    if (initialisation_ == Initialisation::kNormal || name == "model.embed_tokens.weight") return kStandardDeviation;
    const double scale = initialisation_ == Initialisation::kScaledNormal
                             ? kStandardDeviation
                             : 1 / std::sqrt(static_cast<double>(shape[1]));
    const bool adds_to_stream = name.ends_with("o_proj.weight") || name.ends_with("down_proj.weight");
    return adds_to_stream ? scale / std::sqrt(2.0 * config_.num_hidden_layers) : scale;
  }

  const std::vector<uint64_t>& find(std::string_view name) const {
    const auto found = shapes_.find(name);
    if (found == shapes_.end()) fail(ErrorKind::kCorruptFile, "{}: no tensor \"{}\"", path_, excerpt(name));
    return found->second;
  }

  std::string path_;
  LanguageModelConfig config_;
  Initialisation initialisation_;
  uint64_t seed_;
  std::map<std::string, std::vector<uint64_t>, std::less<>> shapes_;
};

}  // namespace

std::unique_ptr<TensorSource> make_fresh_source(const LanguageModelConfig& config, Initialisation initialisation,
                                                uint64_t seed, std::string_view source_name) {
  return std::make_unique<FreshSource>(config, initialisation, seed, source_name);
}

}  // namespace manyshot::train
