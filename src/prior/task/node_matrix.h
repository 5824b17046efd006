// Values of graph nodes: one contiguous column of rows for each node.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/aligned_buffer.h"
#include "kernels/gemm.h"

namespace manyshot::prior {

class NodeMatrix {
 public:
  // Forgets the values. Memory only grows.
  void reshape(size_t num_nodes, size_t num_rows) {
    num_nodes_ = num_nodes;
    num_rows_ = num_rows;
    stride_ = kernels::round_up(num_rows, kernels::kPanelWidth) + kernels::kPanelWidth;
    if (stride_ % 1024 == 0)
      stride_ += kernels::kPanelWidth;  // columns 4 KiB apart would share the same few cache sets
    if (data_.size() < num_nodes * stride_)
      data_ = kernels::AlignedBuffer<float>(num_nodes * stride_ + num_nodes * stride_ / 4);
  }
  float* node(size_t index) { return data_.data() + index * stride_; }
  const float* node(size_t index) const { return data_.data() + index * stride_; }
  size_t num_nodes() const { return num_nodes_; }
  size_t num_rows() const { return num_rows_; }
  size_t stride() const { return stride_; }
  // Nodes first, first + 1, … as the right-hand side of a product: [count, rows rounded up to 16].
  kernels::Panels<float> panels(size_t first, size_t count) const {
    return {node(first), count, kernels::round_up(num_rows_, kernels::kPanelWidth) / kernels::kPanelWidth, stride_,
            kernels::kPanelWidth};
  }

 private:
  size_t num_nodes_ = 0;
  size_t num_rows_ = 0;
  size_t stride_ = 0;
  kernels::AlignedBuffer<float> data_;
};

}  // namespace manyshot::prior
