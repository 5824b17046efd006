#include "model/decoder/rotation_table.h"

#include <cmath>

namespace manyshot {

RotationTable::RotationTable(double theta, size_t head_dim, size_t num_positions) : head_dim_(head_dim) {
  const size_t half = head_dim / 2;
  for (size_t position = 0; position < num_positions; ++position) {
    for (size_t i = 0; i < half; ++i) {
      const double frequency = std::pow(theta, -static_cast<double>(i) / static_cast<double>(half));
      cosines_.push_back(static_cast<float>(std::cos(static_cast<double>(position) * frequency)));
      sines_.push_back(static_cast<float>(std::sin(static_cast<double>(position) * frequency)));
    }
  }
}

RotationTable::RotationTable(std::span<const float> frequencies, float factor, std::span<const size_t> positions)
    : head_dim_(2 * frequencies.size()) {
  cosines_.reserve(positions.size() * frequencies.size());
  sines_.reserve(positions.size() * frequencies.size());
  for (size_t position : positions) {
    for (float frequency : frequencies) {
      const float angle = static_cast<float>(position) * frequency;
      cosines_.push_back(std::cos(angle) * factor);
      sines_.push_back(std::sin(angle) * factor);
    }
  }
}

RotationTable RotationTable::inverse() const {
  RotationTable back = *this;
  for (float& sine : back.sines_) sine = -sine;
  return back;
}

}  // namespace manyshot
