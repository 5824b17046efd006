// The weights of a Llama or Qwen2 decoder in the form its passes multiply with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "encoding/prompt.h"
#include "kernels/gemm.h"
#include "model/decoder/layer.h"
#include "model/language/config.h"
#include "model/language/rope.h"
#include "model/language/tensor_source.h"

namespace manyshot {

// The shape that attention by tiles wants of a language model.
DecoderShape language_model_shape(const LanguageModelConfig& config);

// T: float, or BFloat16 for matrices rounded to bf16 (norms and biases stay f32).
template <class T>
class DecoderNetwork : public DecoderShape {
 public:
  // Reads and packs every weight once, by all threads. Throws Error(kUnsupported) for widths that the kernels cannot
  // take, Error(kCorruptFile) naming the tensor when one is missing, has another shape than the config says or holds
  // NaN or infinity.
  explicit DecoderNetwork(const TensorSource& source);

  std::string path;
  LanguageModelConfig config;
  Rope rope;
  std::vector<DecoderLayer<T>> layers;
  std::vector<float> final_norm;
  kernels::PackedMatrix<T> head;  // [vocab_size, D]

  void embed(TokenId token, float* x) const { embedding().get_row(static_cast<size_t>(token), D, x); }

 private:
  const kernels::PackedMatrix<T>& embedding() const { return config.tie_word_embeddings ? head : untied_embedding_; }
  kernels::PackedMatrix<T> untied_embedding_;
};

extern template class DecoderNetwork<float>;
extern template class DecoderNetwork<kernels::BFloat16>;

}  // namespace manyshot
