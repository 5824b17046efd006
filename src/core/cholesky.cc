#include "core/cholesky.h"

#include <cmath>
#include <utility>

namespace manyshot {

double inner_product(const double* a, const double* b, size_t count) {
  double sum = 0;
  for (size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

Cholesky::Cholesky(std::vector<double> matrix, size_t n) : lower_(std::move(matrix)), n_(n) {
  for (size_t row = 0; row < n; ++row) {
    double* mine = lower_.data() + row * n;
    for (size_t column = 0; column < row; ++column) {
      const double* other = lower_.data() + column * n;
      mine[column] = (mine[column] - inner_product(mine, other, column)) / other[column];
    }
    mine[row] = std::sqrt(mine[row] - inner_product(mine, mine, row));
  }
}

void Cholesky::solve_lower(double* b, size_t zeros) const {
  for (size_t row = zeros; row < n_; ++row) {
    const double* mine = lower_.data() + row * n_;
    b[row] = (b[row] - inner_product(mine + zeros, b + zeros, row - zeros)) / mine[row];
  }
}

void Cholesky::solve(double* b) const {
  solve_lower(b);
  for (size_t row = n_; row-- > 0;) {
    const double* mine = lower_.data() + row * n_;
    b[row] /= mine[row];
    for (size_t column = 0; column < row; ++column) b[column] -= mine[column] * b[row];
  }
}

}  // namespace manyshot
