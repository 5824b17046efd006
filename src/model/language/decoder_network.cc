#include "model/language/decoder_network.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <span>
#include <string>

#include "core/error.h"
#include "core/parallel.h"
#include "kernels/tile_attention.h"

namespace manyshot {

using kernels::BFloat16;
using kernels::kQueryScaleBase;
using kernels::PackedMatrix;

namespace {

constexpr size_t kReadValues = 1 << 17;  // values dequantised at a time by one thread

class WeightReader {
 public:
  explicit WeightReader(const TensorSource& source) : source_(source) {}

  // Calls take(first_row, values) for blocks of `multiple` rows or more.
  void read_matrix(const std::string& name, size_t rows, size_t columns, size_t multiple,
                   const std::function<void(size_t, std::span<const float>)>& take) const {
    check_shape(name, {rows, columns});
    const size_t step = std::max(multiple, kReadValues / columns / multiple * multiple);
    std::vector<float> values;
    for (size_t first = 0; first < rows; first += step) {
      read_rows(name, first, std::min(step, rows - first), columns, values);
      take(first, values);
    }
  }

  // The rows of a matrix become outputs first_output, first_output + 1, ….
  template <class T>
  void pack(const std::string& name, size_t rows, size_t columns, size_t first_output, PackedMatrix<T>& matrix) const {
    read_matrix(name, rows, columns, 1, [&](size_t first, std::span<const float> values) {
      matrix.set_rows(first_output + first, values, columns);
    });
  }

  // As pack(), by all threads.
  template <class T>
  void pack_large(const std::string& name, size_t rows, size_t columns, PackedMatrix<T>& matrix) const {
    check_shape(name, {rows, columns});
    const size_t step = std::max<size_t>(1, kReadValues / columns);
    parallel_for((rows + step - 1) / step, [&](size_t block, int) {
      std::vector<float> values;
      const size_t first = block * step;
      read_rows(name, first, std::min(step, rows - first), columns, values);
      matrix.set_rows(first, values, columns);
    });
  }

  std::vector<float> vector(const std::string& name, size_t size) const {
    check_shape(name, {size});
    std::vector<float> values;
    read_rows(name, 0, 1, size, values);
    return values;
  }

 private:
  void check_shape(const std::string& name, const std::vector<uint64_t>& expected) const {
    const std::vector<uint64_t> found = source_.shape(name);
    if (found == expected) return;
    fail(ErrorKind::kCorruptFile, "{}: tensor \"{}\" has shape [{}], the model's config asks for [{}]", source_.path(),
         name, fmt::join(found, ", "), fmt::join(expected, ", "));
  }

  void read_rows(const std::string& name, size_t first, size_t count, size_t columns,
                 std::vector<float>& values) const {
    values.resize(count * columns);
    source_.read_rows(name, first, count, values);
    const auto bad = std::find_if(values.begin(), values.end(), [](float value) { return !std::isfinite(value); });
    if (bad == values.end()) return;
    const auto at = static_cast<size_t>(bad - values.begin());
    fail(ErrorKind::kCorruptFile, "{}: tensor \"{}\" holds {} in row {}, column {}; download the file again",
         source_.path(), name, *bad, first + at / columns, at % columns);
  }

  const TensorSource& source_;
};

void check_widths(const TensorSource& source) {
  const LanguageModelConfig& config = source.config();
  const auto require = [&](bool is_met, const char* name, int found, const char* needed) {
    if (!is_met)
      fail(ErrorKind::kUnsupported, "{}: {} is {}, the decoder needs {}", source.path(), name, found, needed);
  };
  require(config.hidden_size % 16 == 0, "hidden_size", config.hidden_size, "a multiple of 16");
  require(config.head_dim % 16 == 0, "head_dim", config.head_dim, "a multiple of 16");
  require(config.num_attention_heads % config.num_key_value_heads == 0, "num_attention_heads",
          config.num_attention_heads, "a multiple of num_key_value_heads");
}

}  // namespace

DecoderShape language_model_shape(const LanguageModelConfig& config) { return DecoderShape(config, kQueryScaleBase); }

template <class T>
DecoderNetwork<T>::DecoderNetwork(const TensorSource& source)
    : DecoderShape((check_widths(source), language_model_shape(source.config()))),
      path(source.path()),
      config(source.config()),
      rope(config),
      layers(num_layers) {
  const WeightReader reader(source);
  const auto vocab_size = static_cast<size_t>(config.vocab_size);
  final_norm = reader.vector("model.norm.weight", D);

  parallel_for(layers.size(), [&](size_t i, int) {
    DecoderLayer<T>& layer = layers[i];
    const std::string prefix = fmt::format("model.layers.{}.", i), self = prefix + "self_attn.", mlp = prefix + "mlp.";
    layer.input_norm = reader.vector(prefix + "input_layernorm.weight", D);
    layer.post_attention_norm = reader.vector(prefix + "post_attention_layernorm.weight", D);
    layer.qkv = PackedMatrix<T>(qkv_width, D);
    size_t output = 0;
    for (const auto& [name, width] :
         {std::pair{"q_proj", query_width()}, {"k_proj", key_width()}, {"v_proj", key_width()}}) {
      reader.pack(self + name + ".weight", width, D, output, layer.qkv);
      if (config.attention_bias) {
        const std::vector<float> bias = reader.vector(self + name + ".bias", width);
        layer.qkv_bias.insert(layer.qkv_bias.end(), bias.begin(), bias.end());
      }
      output += width;
    }
    layer.o = PackedMatrix<T>(D, query_width());
    reader.pack(self + "o_proj.weight", D, query_width(), 0, layer.o);
    layer.gate_up = PackedMatrix<T>(2 * mlp_width, D);
    for (const auto& [name, offset] : {std::pair{"gate_proj", size_t{0}}, {"up_proj", kSwigluTile}}) {
      reader.read_matrix(mlp + name + ".weight", intermediate, D, kSwigluTile,
                         [&, offset = offset](size_t first, std::span<const float> rows) {
                           for (size_t row = 0; row * D < rows.size(); row += kSwigluTile) {
                             const size_t count = std::min(kSwigluTile, rows.size() / D - row);
                             layer.gate_up.set_rows(2 * (first + row) + offset, rows.subspan(row * D, count * D), D);
                           }
                         });
    }
    layer.down = PackedMatrix<T>(D, mlp_width);
    reader.pack(mlp + "down_proj.weight", D, intermediate, 0, layer.down);
  });

  head = PackedMatrix<T>(vocab_size, D);
  if (!config.tie_word_embeddings) {
    untied_embedding_ = PackedMatrix<T>(vocab_size, D);
    reader.pack_large("model.embed_tokens.weight", vocab_size, D, untied_embedding_);
  }
  reader.pack_large(config.tie_word_embeddings ? "model.embed_tokens.weight" : "lm_head.weight", vocab_size, D, head);
}

template class DecoderNetwork<float>;
template class DecoderNetwork<BFloat16>;

}  // namespace manyshot
