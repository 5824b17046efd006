#include "train/language/master_source.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

// What a weight of that name is to an optimiser.
ParameterKind parameter_kind(const std::string& name, const std::vector<uint64_t>& shape) {
  if (shape.size() == 1) return ParameterKind::kVector;
  const bool is_token_table = name == "model.embed_tokens.weight" || name == "lm_head.weight";
  return is_token_table ? ParameterKind::kEmbedding : ParameterKind::kMatrix;
}

class MasterSource : public TensorSource {
 public:
  MasterSource(std::string path, LanguageModelConfig config, const ParameterStore& store)
      : path_(std::move(path)), config_(std::move(config)) {
    for (size_t i = 0; i < store.size(); ++i) parameters_[store[i].name] = &store[i];
  }

  const std::string& path() const override { return path_; }
  const LanguageModelConfig& config() const override { return config_; }
  bool contains(std::string_view name) const override { return parameters_.contains(name); }
  std::vector<uint64_t> shape(std::string_view name) const override {
    const Parameter& parameter = find(name);
    return {parameter.shape.begin(), parameter.shape.end()};
  }
  std::string type_name(std::string_view) const override { return "F32"; }
  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override {
    const Parameter& parameter = find(name);
    std::copy_n(parameter.value.data() + first_row * parameter.shape.back(), num_rows * parameter.shape.back(),
                out.data());
  }
  uint64_t stored_bytes() const override {
    uint64_t bytes = 0;
    for (const auto& [name, parameter] : parameters_) bytes += parameter->value.size_bytes();
    return bytes;
  }

 private:
  const Parameter& find(std::string_view name) const {
    const auto found = parameters_.find(name);
    if (found == parameters_.end()) fail(ErrorKind::kInternal, "no parameter \"{}\" is trained", excerpt(name));
    return *found->second;
  }

  std::string path_;
  LanguageModelConfig config_;
  std::map<std::string, const Parameter*, std::less<>> parameters_;
};

}  // namespace

std::map<std::string, size_t> open_masters(const TensorSource& source, ParameterStore& store) {
  std::map<std::string, size_t> numbers;
  for (const auto& [name, shape] : language_model_tensors(source.config())) {
    numbers[name] = store.add(name, {shape.begin(), shape.end()}, parameter_kind(name, shape));
  }
  store.allocate();
  parallel_for(store.size(), [&](size_t i, int) {
    Parameter& parameter = store[i];
    const uint64_t rows = parameter.shape.size() == 1 ? 1 : parameter.shape[0];
    source.read_rows(parameter.name, 0, rows, parameter.value);
  });
  return numbers;
}

std::unique_ptr<TensorSource> make_master_source(std::string path, LanguageModelConfig config,
                                                 const ParameterStore& store) {
  return std::make_unique<MasterSource>(std::move(path), std::move(config), store);
}

}  // namespace manyshot::train
