#include "model/language/adapter.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/log.h"
#include "model/files/adapter_folder.h"
#include "model/files/safetensors.h"
#include "model/language/olora.h"

namespace manyshot {
namespace {

class AdaptedSource : public TensorSource {
 public:
  AdaptedSource(std::unique_ptr<TensorSource> base, const std::string& folder) : base_(std::move(base)) {
    AdapterFolder adapter = read_adapter_folder(folder);
    if (const std::string note = note_of_unused(adapter); !note.empty()) log::info("note: {}: {}", folder, note);
    for (auto& [module, pair] : adapter.pairs) {
      const std::string name = module + ".weight";
      // A tied head has no tensor of its own: adapting it would change the embedding as well.
      if (!base_->contains(name) || (base_->config().tie_word_embeddings && module == "lm_head")) {
        fail(ErrorKind::kBadInput,
             "{}: the adapter changes \"{}\", which {} does not have; it was trained on another base: give --model "
             "that one",
             folder, module, base_->path());
      }
      const std::vector<uint64_t> shape = base_->shape(name);
      if (shape != std::vector<uint64_t>{pair.outputs, pair.inputs}) {
        fail(ErrorKind::kBadInput,
             "{}: the adapter's \"{}\" is for a matrix {}, {} has {}; it was trained on another base: give --model "
             "that one",
             folder, module, shape_text(std::vector<uint64_t>{pair.outputs, pair.inputs}), base_->path(),
             shape_text(shape));
      }
      if (adapter.start == AdapterStart::kOlora) subtract_olora_start(*base_, name, pair);
      pairs_[name] = std::move(pair);
    }
  }

  const std::string& path() const override { return base_->path(); }
  const LanguageModelConfig& config() const override { return base_->config(); }
  bool contains(std::string_view name) const override { return base_->contains(name); }
  std::vector<uint64_t> shape(std::string_view name) const override { return base_->shape(name); }
  std::string type_name(std::string_view name) const override { return base_->type_name(name); }
  uint64_t stored_bytes() const override { return base_->stored_bytes(); }

  void read_rows(std::string_view name, uint64_t first_row, uint64_t num_rows, std::span<float> out) const override {
    base_->read_rows(name, first_row, num_rows, out);
    const auto found = pairs_.find(name);
    if (found == pairs_.end()) return;
    const LoraPair& pair = found->second;
    std::vector<double> change(pair.inputs);
    for (uint64_t row = 0; row < num_rows; ++row) {
      std::fill(change.begin(), change.end(), 0.0);
      for (uint64_t r = 0; r < pair.rank; ++r) {
        const double weight = pair.scale * pair.up[(first_row + row) * pair.rank + r];
        const float* down = pair.down.data() + r * pair.inputs;
        for (uint64_t column = 0; column < pair.inputs; ++column) change[column] += weight * down[column];
      }
      float* values = out.data() + row * pair.inputs;
      for (uint64_t column = 0; column < pair.inputs; ++column)
        values[column] = static_cast<float>(values[column] + change[column]);
    }
  }

 private:
  std::unique_ptr<TensorSource> base_;
  std::map<std::string, LoraPair, std::less<>> pairs_;
};

}  // namespace

std::unique_ptr<TensorSource> apply_adapter(std::unique_ptr<TensorSource> base, const std::string& folder) {
  return std::make_unique<AdaptedSource>(std::move(base), folder);
}

}  // namespace manyshot
