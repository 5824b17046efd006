// The weights of a Llama or Qwen2 decoder in the form its passes multiply with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoding/prompt.h"
#include "kernels/attention.h"
#include "kernels/gemm.h"
#include "model/language/config.h"
#include "model/language/rope.h"
#include "model/language/tensor_source.h"

namespace manyshot {

// SwiGLU columns made at a time: so many gates beside as many ups.
inline constexpr size_t kSwigluTile = 2 * kernels::kPanelWidth;

// One layer, packed for inputs of type T.
template <class T>
struct DecoderLayer {
  std::vector<float> input_norm, post_attention_norm;
  std::vector<float> qkv_bias;   // empty without attention_bias
  kernels::PackedMatrix<T> qkv;  // outputs: queries, keys, values
  kernels::PackedMatrix<T> o;
  kernels::PackedMatrix<T> gate_up;  // kSwigluTile gates, the ups that go with them, the next gates, …
  kernels::PackedMatrix<T> down;
};

// T: float, or BFloat16 for matrices rounded to bf16 (norms and biases stay f32).
template <class T>
class DecoderNetwork {
 public:
  // Reads and packs every weight once, by all threads. Throws Error(kUnsupported) for widths that the kernels cannot
  // take, Error(kCorruptFile) naming the tensor when one is missing, has another shape than the config says or holds
  // NaN or infinity.
  explicit DecoderNetwork(const TensorSource& source);

  std::string path;
  LanguageModelConfig config;
  kernels::AttentionShape attention;
  size_t D = 0;          // hidden_size
  size_t qkv_width = 0;  // of one token's queries, keys and values
  size_t mlp_width = 0;  // intermediate_size, padded to whole tiles
  float epsilon = 0;
  float query_scale = 0;
  Rope rope;
  std::vector<DecoderLayer<T>> layers;
  std::vector<float> final_norm;
  kernels::PackedMatrix<T> head;  // [vocab_size, D]

  void embed(TokenId token, float* x) const { embedding().get_row(static_cast<size_t>(token), D, x); }
  size_t num_layers() const { return layers.size(); }
  int64_t num_parameters() const;

 private:
  const kernels::PackedMatrix<T>& embedding() const { return config.tie_word_embeddings ? head : untied_embedding_; }
  kernels::PackedMatrix<T> untied_embedding_;
};

extern template class DecoderNetwork<float>;
extern template class DecoderNetwork<kernels::BFloat16>;

}  // namespace manyshot
