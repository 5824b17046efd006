#include "model/language/olora.h"

#include <cmath>

#include "core/error.h"
#include "core/parallel.h"

namespace manyshot {
namespace {

constexpr double kMinRemainder = 1e-6;  // of a column's length, behind what the columns before it explain

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Takes from `column` its part along each of `directions`; twice, for the digits that the first time loses.
void orthogonalise(std::vector<double>& column, const std::vector<std::vector<double>>& directions) {
  for (int pass = 0; pass < 2; ++pass) {
    for (const std::vector<double>& direction : directions) {
      const double along = dot(column, direction);
      for (size_t row = 0; row < column.size(); ++row) column[row] -= along * direction[row];
    }
  }
}

// An orthonormal base of the matrix' first `count` columns: Q_r, column by column, up to signs.
std::vector<std::vector<double>> first_directions(const std::vector<float>& matrix, uint64_t columns, uint64_t count,
                                                  const std::string& where) {
  const uint64_t rows = matrix.size() / columns;
  std::vector<std::vector<double>> directions;
  for (uint64_t number = 0; number < count; ++number) {
    std::vector<double> column(rows);
    for (uint64_t row = 0; row < rows; ++row) column[row] = matrix[row * columns + number];
    const double length = std::sqrt(dot(column, column));
    if (number < rows) orthogonalise(column, directions);
    const double remainder = std::sqrt(dot(column, column));
    if (number >= rows || !(remainder > kMinRemainder * length)) {
      fail(ErrorKind::kUnsupported,
           "{}: what OLoRA took out of this matrix cannot be told, since its first {} columns depend on each other; "
           "merge the adapter into its base with PEFT",
           where, count);
    }
    for (double& value : column) value /= remainder;
    directions.push_back(std::move(column));
  }
  return directions;
}

}  // namespace

void subtract_olora_start(const TensorSource& base, const std::string& name, LoraPair& pair) {
  const uint64_t rank = pair.rank, columns = pair.inputs, rows = pair.outputs;
  std::vector<float> matrix(rows * columns);
  base.read_rows(name, 0, rows, matrix);
  const auto directions = first_directions(matrix, columns, rank, base.path() + ": " + name);

  pair.down.resize(2 * rank * columns);
  parallel_for(rank, [&](size_t r, int) {  // R_r = Q_r^T W
    std::vector<double> sums(columns);
    for (uint64_t row = 0; row < rows; ++row) {
      const float* values = matrix.data() + row * columns;
      for (uint64_t column = 0; column < columns; ++column) sums[column] += directions[r][row] * values[column];
    }
    for (uint64_t column = 0; column < columns; ++column) {
      pair.down[(rank + r) * columns + column] = static_cast<float>(sums[column]);
    }
  });

  std::vector<float> up(2 * rank * rows);
  for (uint64_t row = 0; row < rows; ++row) {
    for (uint64_t r = 0; r < rank; ++r) {
      up[row * 2 * rank + r] = pair.up[row * rank + r];
      up[row * 2 * rank + rank + r] = static_cast<float>(-directions[r][row]);
    }
  }
  pair.up = std::move(up);
  pair.rank = 2 * rank;
}

}  // namespace manyshot
