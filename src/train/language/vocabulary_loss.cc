#include "train/language/vocabulary_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "kernels/log_sum_exp.h"
#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::BFloat16;
using kernels::exp_sum;
using kernels::ExpSum;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::outer_gemm;
using kernels::pack_rows;
using kernels::packed_rows_size;
using kernels::PackedMatrix;
using kernels::Panels;
using kernels::round_up;
using kernels::softmax_gradient;
using kernels::softmax_gradient_at;
using kernels::Store;

namespace {

constexpr size_t kTilePanels = 32, kTileTokens = kTilePanels * kPanelWidth;  // of the vocabulary
constexpr size_t kGroups = 16;  // of tiles, whose parts of a hidden state's gradient are added in order

size_t ceil_div(size_t n, size_t by) { return (n + by - 1) / by; }

// The products over `count` rows of B from row `first` on.
template <class T>
Panels<T> rows_of(const Panels<T>& b, size_t first, size_t count) {
  return {b.data + first * kPanelWidth, count, b.num_panels, b.row_stride, b.panel_stride};
}

}  // namespace

template <class T>
VocabularyLoss<T>::VocabularyLoss(size_t vocab_size, size_t D)
    : vocab_size_(vocab_size),
      D_(D),
      num_tiles_(ceil_div(vocab_size, kTileTokens)),
      stride_(round_up(vocab_size, kPanelWidth)),
      logits_(kRowsAtOnce * stride_),
      largest_(kRowsAtOnce * num_tiles_),
      sums_(kRowsAtOnce * num_tiles_),
      hidden_parts_(kGroups * kRowsAtOnce * D),
      normalisers_(kRowsAtOnce) {}

template <class T>
uint64_t VocabularyLoss<T>::bytes(size_t vocab_size, size_t D) {
  const size_t num_tiles = ceil_div(vocab_size, kTileTokens);
  return kRowsAtOnce * (round_up(vocab_size, kPanelWidth) + 2 * num_tiles + kGroups * D) * sizeof(float);
}

template <class T>
void VocabularyLoss<T>::run(const PackedMatrix<T>& head, const PackedMatrix<T>& head_transposed, const T* hidden,
                            std::span<const PackedBatch::Target> targets, Row* rows, const Gradients* gradients) {
  for (size_t first = 0; first < targets.size(); first += kRowsAtOnce) {
    const auto part = targets.subspan(first, std::min(kRowsAtOnce, targets.size() - first));
    compute_logits(head.panels(), hidden + first * D_, part.size());
    find_losses(part, rows + first);
    if (gradients == nullptr) continue;
    Gradients of_part = *gradients;
    of_part.hidden += first * D_;
    differentiate(head_transposed.panels(), hidden + first * D_, part, of_part);
  }
}

template <class T>
void VocabularyLoss<T>::compute_logits(const Panels<T>& head, const T* hidden, size_t num_rows) {
  parallel_for(num_tiles_, [&](size_t tile, int) {
    check_interrupted();
    const size_t first = tile * kTileTokens, count = std::min(kTileTokens, vocab_size_ - first);
    gemm({hidden, D_}, num_rows, head.range(tile * kTilePanels, std::min((tile + 1) * kTilePanels, head.num_panels)),
         {logits_.data() + first, stride_}, Store::kOverwrite);
    for (size_t row = 0; row < num_rows; ++row) {
      const ExpSum sum = exp_sum(logits_.data() + row * stride_ + first, count);
      largest_[row * num_tiles_ + tile] = sum.largest;
      sums_[row * num_tiles_ + tile] = sum.sum;
    }
  });
}

template <class T>
void VocabularyLoss<T>::find_losses(std::span<const PackedBatch::Target> targets, Row* rows) {
  for (size_t row = 0; row < targets.size(); ++row) {
    const float* largest = largest_.data() + row * num_tiles_;
    const float most = *std::max_element(largest, largest + num_tiles_);
    double sum = 0;
    for (size_t tile = 0; tile < num_tiles_; ++tile) {
      sum += static_cast<double>(sums_[row * num_tiles_ + tile]) * std::exp(static_cast<double>(largest[tile]) - most);
    }
    const float logit = logits_[row * stride_ + static_cast<size_t>(targets[row].token)];
    normalisers_[row] = {most, sum};
    rows[row] = {-normalisers_[row].log_probability(logit), logit >= most};
  }
}

template <class T>
void VocabularyLoss<T>::differentiate(const Panels<T>& head_transposed, const T* hidden,
                                      std::span<const PackedBatch::Target> targets, const Gradients& gradients) {
  const size_t num_rows = targets.size(), tiles_per_group = ceil_div(num_tiles_, kGroups);
  AlignedBuffer<T> packed_hidden;
  Panels<T> hidden_panels;
  if (gradients.head != nullptr) {
    packed_hidden = AlignedBuffer<T>(packed_rows_size(num_rows, D_));
    hidden_panels = pack_rows({hidden, D_}, num_rows, D_, packed_hidden.data());
  }
  parallel_for(kGroups, [&](size_t group, int) {
    check_interrupted();
    float* part = hidden_parts_.data() + group * kRowsAtOnce * D_;
    std::fill_n(part, num_rows * D_, 0.0f);
    AlignedBuffer<T> tile_gradients(num_rows * kTileTokens), packed;
    if (gradients.head != nullptr) packed = AlignedBuffer<T>(packed_rows_size(num_rows, kTileTokens));
    const size_t last_tile = std::min((group + 1) * tiles_per_group, num_tiles_);
    for (size_t tile = group * tiles_per_group; tile < last_tile; ++tile) {
      const size_t first = tile * kTileTokens, count = std::min(kTileTokens, vocab_size_ - first);
      for (size_t row = 0; row < num_rows; ++row) {
        const float* logits = logits_.data() + row * stride_ + first;
        T* to = tile_gradients.data() + row * kTileTokens;
        softmax_gradient(logits, count, normalisers_[row], gradients.scale, to);
        const auto target = static_cast<size_t>(targets[row].token);
        if (target < first || target >= first + count) continue;
        to[target - first] = T(softmax_gradient_at(logits[target - first], normalisers_[row], gradients.scale));
      }
      gemm({tile_gradients.data(), kTileTokens}, num_rows, rows_of(head_transposed, first, round_up(count, 2)),
           {part, D_}, Store::kAdd);
      if (gradients.head == nullptr) continue;
      const Panels<T> panels =
          pack_rows({tile_gradients.data(), kTileTokens}, num_rows, round_up(count, kPanelWidth), packed.data());
      outer_gemm(panels, count, hidden_panels, {gradients.head + first * D_, D_}, Store::kAdd);
    }
  });
  parallel_for(num_rows, [&](size_t row, int) {
    float* to = gradients.hidden + row * D_;
    std::fill_n(to, D_, 0.0f);
    for (size_t group = 0; group < kGroups; ++group) {
      const float* part = hidden_parts_.data() + (group * kRowsAtOnce + row) * D_;
      for (size_t i = 0; i < D_; ++i) to[i] += part[i];
    }
  });
}

template class VocabularyLoss<float>;
template class VocabularyLoss<BFloat16>;

}  // namespace manyshot::train
