// Log-probabilities over the whole vocabulary, without ever holding a row of logits unless they are asked for.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/aligned_buffer.h"
#include "model/language/decoder_network.h"

namespace manyshot {

// For rows of hidden states (as DecoderPass leaves them): vocabulary tiles are multiplied and summed one after the
// other, by all threads. A row's numbers depend on that row only, bit for bit.
template <class T>
class DecoderHead {
 public:
  // hidden [num_rows, D]; must outlive this. `kept` takes the logits of all rows, [num_rows][vocab_size], if given.
  DecoderHead(const DecoderNetwork<T>& net, const T* hidden, size_t num_rows,
              std::vector<std::vector<float>>* kept = nullptr);

  // ln p(token | row)
  float log_prob(size_t row, TokenId token) const { return logit(row, token) - log_sums_[row]; }
  // ln of the sum of e^logit
  float log_sum(size_t row) const { return log_sums_[row]; }
  // The token of the largest logit, the smallest id of several.
  TokenId most_likely(size_t row) const;

 private:
  void sum_tiles(size_t first_row, size_t last_row, size_t first_tile, size_t last_tile, float* logits);
  float logit(size_t row, TokenId token) const;

  const DecoderNetwork<T>& net_;
  const T* hidden_;
  std::vector<std::vector<float>>* kept_;
  size_t num_tiles_;
  std::vector<float> largest_, sums_;  // [rows, tiles], as exp_sum()
  std::vector<float> log_sums_;        // [rows]
};

extern template class DecoderHead<float>;
extern template class DecoderHead<kernels::BFloat16>;

}  // namespace manyshot
