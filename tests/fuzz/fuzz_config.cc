// Text -> config.json reader: either Error, or a config whose sizes the decoder can rely on.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "model/compact/config.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  try {
    const ModelConfig config = parse_model_config({reinterpret_cast<const char*>(data), size}, "input");
    const bool sound = config.hidden_size > 0 && config.hidden_size % 16 == 0 && config.head_dim > 0 &&
                       config.head_dim % 16 == 0 && config.num_attention_heads % config.num_key_value_heads == 0 &&
                       config.intermediate_size > 0 && config.row_layers > 0 &&
                       config.row_layers < config.num_hidden_layers && config.bar_token < config.vocab_size &&
                       config.column_tokens.last < config.vocab_size && config.label_tokens.size() > 0;
    if (!sound) std::abort();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) std::abort();
  }
  return 0;
}
