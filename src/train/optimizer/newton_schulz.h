// Orthogonalising a matrix by the Newton-Schulz iteration of Muon (Jordan et al. 2024, "Muon: An optimizer for hidden
// layers in neural networks", kellerjordan.github.io/posts/muon): from M = U S V^T towards U V^T. Five steps bring the
// singular values into about [0.7, 1.2], which is all that an update needs.
#pragma once

#include <cstddef>

#include "kernels/aligned_buffer.h"
#include "kernels/bfloat16.h"

namespace manyshot::train {

// The odd polynomial a x + b x^3 + c x^5 of each step, steep at 0.
struct NewtonSchulzPolynomial {
  double a, b, c;
};
inline constexpr NewtonSchulzPolynomial kNewtonSchulz{3.4445, -4.7750, 2.0315};

// Scratch memory for matrices of up to [rows, columns]; for one thread. Products are of type T with f32 sums.
template <class T>
class NewtonSchulz {
 public:
  NewtonSchulz() = default;
  NewtonSchulz(size_t rows, size_t columns);
  // In place, M [rows, columns] row-major.
  void orthogonalise(float* matrix, size_t rows, size_t columns, int steps);

 private:
  void step(size_t rows, size_t columns);

  kernels::AlignedBuffer<float> x_, product_, gram_, gram_square_;  // x [rows, columns], tall, both padded to 16
  kernels::AlignedBuffer<T> x_rows_, x_panels_, gram_rows_, gram_panels_;
};

extern template class NewtonSchulz<float>;
extern template class NewtonSchulz<kernels::BFloat16>;

}  // namespace manyshot::train
