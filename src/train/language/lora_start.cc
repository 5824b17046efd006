#include "train/language/lora_start.h"

#include "core/log.h"
#include "train/language/save_adapter.h"

namespace manyshot::train {

LoraStart::LoraStart(const TensorSource& source, LanguageTrainerOptions& options) {
  if (options.adapter.empty()) {
    modules_ = lora_modules(options.lora, source.config());
    return;
  }
  adapter_ = read_adapter_folder(options.adapter);
  if (const std::string note = note_of_unused(*adapter_); !note.empty())
    log::info("note: {}: {}", options.adapter, note);
  modules_ = continued_modules(*adapter_, source.config(), source.path(), options.adapter);
  options.lora.use_rslora = adapter_->use_rslora;
  options.lora.dropout = adapter_->dropout;
}

void LoraStart::fill(ParameterStore& store, uint64_t seed) const {
  if (adapter_) {
    copy_factors(*adapter_, store);
  } else {
    initialise_lora(store, seed);
  }
}

}  // namespace manyshot::train
