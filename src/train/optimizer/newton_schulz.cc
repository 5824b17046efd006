#include "train/optimizer/newton_schulz.h"

#include <algorithm>
#include <cmath>

#include "kernels/elementwise_backward.h"
#include "kernels/outer_gemm.h"

namespace manyshot::train {

using kernels::AlignedBuffer;
using kernels::BFloat16;
using kernels::convert;
using kernels::gemm;
using kernels::kPanelWidth;
using kernels::outer_gemm;
using kernels::pack_rows;
using kernels::Panels;
using kernels::round_up;
using kernels::Store;

namespace {

constexpr auto kA = static_cast<float>(kNewtonSchulz.a), kB = static_cast<float>(kNewtonSchulz.b),
               kC = static_cast<float>(kNewtonSchulz.c);

}  // namespace

template <class T>
NewtonSchulz<T>::NewtonSchulz(size_t rows, size_t columns) {
  const size_t tall = round_up(std::max(rows, columns), kPanelWidth),
               wide = round_up(std::min(rows, columns), kPanelWidth);
  x_ = AlignedBuffer<float>(tall * wide);
  product_ = AlignedBuffer<float>(tall * wide);
  gram_ = AlignedBuffer<float>(wide * wide);
  gram_square_ = AlignedBuffer<float>(wide * wide);
  x_rows_ = AlignedBuffer<T>(tall * wide);
  x_panels_ = AlignedBuffer<T>(tall * wide);
  gram_rows_ = AlignedBuffer<T>(wide * wide);
  gram_panels_ = AlignedBuffer<T>(wide * wide);
}

template <class T>
void NewtonSchulz<T>::orthogonalise(float* matrix, size_t rows, size_t columns, int steps) {
  const bool is_wide = columns > rows;  // then on the transpose
  const size_t tall = is_wide ? columns : rows, wide = is_wide ? rows : columns;
  const size_t M = round_up(tall, kPanelWidth), N = round_up(wide, kPanelWidth);
  double squares = 0;
  for (size_t i = 0; i < rows * columns; ++i) squares += static_cast<double>(matrix[i]) * matrix[i];
  const auto inverse = static_cast<float>(1 / (std::sqrt(squares) + 1e-7));
  std::fill_n(x_.data(), M * N, 0.0f);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      x_[is_wide ? column * N + row : row * N + column] = inverse * matrix[row * columns + column];
    }
  }
  for (int i = 0; i < steps; ++i) step(M, N);
  for (size_t row = 0; row < rows; ++row) {
    for (size_t column = 0; column < columns; ++column) {
      matrix[row * columns + column] = x_[is_wide ? column * N + row : row * N + column];
    }
  }
}

// X becomes a X + X (b G + c G G) with G = X^T X.
template <class T>
void NewtonSchulz<T>::step(size_t rows, size_t columns) {
  const size_t N = columns;
  convert({x_.data(), N}, rows, N, {x_rows_.data(), N});
  const Panels<T> x = pack_rows({x_rows_.data(), N}, rows, N, x_panels_.data());
  outer_gemm(x, N, x, {gram_.data(), N}, Store::kOverwrite);
  convert({gram_.data(), N}, N, N, {gram_rows_.data(), N});
  gemm({gram_rows_.data(), N}, N, pack_rows({gram_rows_.data(), N}, N, N, gram_panels_.data()),
       {gram_square_.data(), N}, Store::kOverwrite);
  for (size_t i = 0; i < N * N; ++i) gram_[i] = kB * gram_[i] + kC * gram_square_[i];
  gemm({x_rows_.data(), N}, rows, pack_rows({gram_.data(), N}, N, N, gram_panels_.data()), {product_.data(), N},
       Store::kOverwrite);
  for (size_t i = 0; i < rows * N; ++i) x_[i] = kA * x_[i] + product_[i];
}

template class NewtonSchulz<float>;
template class NewtonSchulz<BFloat16>;

}  // namespace manyshot::train
