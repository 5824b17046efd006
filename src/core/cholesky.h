// A symmetric positive definite matrix A as L L^T, for solving A x = b.
#pragma once

#include <cstddef>
#include <vector>

namespace manyshot {

// The sum of a[i] * b[i], from the first to the last.
double inner_product(const double* a, const double* b, size_t count);

class Cholesky {
 public:
  // matrix [n, n], of which the lower half is read.
  Cholesky(std::vector<double> matrix, size_t n);

  // Turns b [n] into the z of L z = b, of which the first `zeros` are known to be 0.
  void solve_lower(double* b, size_t zeros = 0) const;
  // Turns b [n] into the x of A x = b.
  void solve(double* b) const;

 private:
  std::vector<double> lower_;
  size_t n_;
};

}  // namespace manyshot
