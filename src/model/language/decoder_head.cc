#include "model/language/decoder_head.h"

#include <algorithm>
#include <cmath>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/gemm.h"
#include "kernels/log_sum_exp.h"

namespace manyshot {

using kernels::AlignedBuffer;
using kernels::BFloat16;
using kernels::exp_sum;
using kernels::ExpSum;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::Panels;
using kernels::Store;

namespace {

constexpr size_t kTilePanels = 32, kTileTokens = kTilePanels * kPanelWidth;  // of the vocabulary
constexpr size_t kRowsAtOnce = 96;
constexpr size_t kTilesAtOnce = 8;

size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

}  // namespace

template <class T>
DecoderHead<T>::DecoderHead(const DecoderNetwork<T>& net, const T* hidden, size_t num_rows,
                            std::vector<std::vector<float>>* kept)
    : net_(net),
      hidden_(hidden),
      kept_(kept),
      num_tiles_(ceil_div(static_cast<size_t>(net.config.vocab_size), kTileTokens)),
      largest_(num_rows * num_tiles_),
      sums_(num_rows * num_tiles_),
      log_sums_(num_rows) {
  if (kept_ != nullptr) {
    kept_->assign(num_rows, std::vector<float>(static_cast<size_t>(net.config.vocab_size)));
  }
  const size_t row_blocks = ceil_div(num_rows, kRowsAtOnce), tile_blocks = ceil_div(num_tiles_, kTilesAtOnce);
  std::vector<AlignedBuffer<float>> logits(static_cast<size_t>(num_threads()));
  parallel_for(row_blocks * tile_blocks, [&](size_t i, int worker) {
    check_interrupted();
    AlignedBuffer<float>& scratch = logits[static_cast<size_t>(worker)];
    if (scratch.size() == 0) scratch = AlignedBuffer<float>(std::min(num_rows, kRowsAtOnce) * kTileTokens);
    const size_t row = i % row_blocks * kRowsAtOnce, tile = i / row_blocks * kTilesAtOnce;
    sum_tiles(row, std::min(row + kRowsAtOnce, num_rows), tile, std::min(tile + kTilesAtOnce, num_tiles_),
              scratch.data());
  });
  for (size_t row = 0; row < num_rows; ++row) {
    const float* largest = largest_.data() + row * num_tiles_;
    const float most = *std::max_element(largest, largest + num_tiles_);
    double sum = 0;
    for (size_t tile = 0; tile < num_tiles_; ++tile) {
      sum += static_cast<double>(sums_[row * num_tiles_ + tile]) * std::exp(static_cast<double>(largest[tile]) - most);
    }
    log_sums_[row] = static_cast<float>(most + std::log(sum));
  }
}

template <class T>
void DecoderHead<T>::sum_tiles(size_t first_row, size_t last_row, size_t first_tile, size_t last_tile, float* logits) {
  const Panels<T>& head = net_.head.panels();
  for (size_t tile = first_tile; tile < last_tile; ++tile) {
    const Panels<T> part = head.range(tile * kTilePanels, std::min((tile + 1) * kTilePanels, head.num_panels));
    gemm({hidden_ + first_row * net_.D, net_.D}, last_row - first_row, part, {logits, kTileTokens}, Store::kOverwrite);
    const size_t count = std::min(kTileTokens, static_cast<size_t>(net_.config.vocab_size) - tile * kTileTokens);
    for (size_t row = first_row; row < last_row; ++row) {
      const float* own = logits + (row - first_row) * kTileTokens;
      if (kept_ != nullptr) std::copy_n(own, count, (*kept_)[row].data() + tile * kTileTokens);
      const ExpSum sum = exp_sum(own, count);
      largest_[row * num_tiles_ + tile] = sum.largest;
      sums_[row * num_tiles_ + tile] = sum.sum;
    }
  }
}

template <class T>
float DecoderHead<T>::logit(size_t row, TokenId token) const {
  const size_t panel = static_cast<size_t>(token) / kPanelWidth;
  float logits[kPanelWidth];
  gemm({hidden_ + row * net_.D, net_.D}, 1, net_.head.panels(panel, panel + 1), {logits, kPanelWidth},
       Store::kOverwrite);
  return logits[static_cast<size_t>(token) % kPanelWidth];
}

template <class T>
TokenId DecoderHead<T>::most_likely(size_t row) const {
  const float* largest = largest_.data() + row * num_tiles_;
  const auto tile = static_cast<size_t>(std::max_element(largest, largest + num_tiles_) - largest);
  const size_t first = tile * kTileTokens,
               last = std::min(first + kTileTokens, static_cast<size_t>(net_.config.vocab_size));
  std::vector<float> logits;
  for (size_t token = first; token < last; ++token) logits.push_back(logit(row, static_cast<TokenId>(token)));
  return static_cast<TokenId>(first +
                              static_cast<size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin()));
}

template class DecoderHead<float>;
template class DecoderHead<BFloat16>;

}  // namespace manyshot
