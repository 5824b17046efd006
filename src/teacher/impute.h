// Missing cells for the forest, which takes finite values only: a NaN becomes the median of its column's labelled rows,
// as in the published baseline (arXiv 2509.06806, section 3.1.2), an infinity the largest finite value of its sign.
#pragma once

#include <vector>

#include "teacher/columns.h"

namespace manyshot::teacher {

// Whether no cell is NaN or infinite.
bool is_finite(const ColumnsView& columns);

class MedianImputer {
 public:
  // Medians of the values that are not NaN, between the middle two of an even number; 0 for a column without any.
  void fit(const ColumnsView& labelled);
  // The columns with every cell finite, in `memory`, which must live as long as the view.
  ColumnsView apply(const ColumnsView& columns, std::vector<float>& memory) const;

  const std::vector<float>& medians() const { return medians_; }

 private:
  std::vector<float> medians_;  // [F]
  std::vector<float> sorted_;
};

}  // namespace manyshot::teacher
