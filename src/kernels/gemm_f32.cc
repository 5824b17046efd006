#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/gemm_f32.cc"
#include <hwy/foreach_target.h>

#include "kernels/highway_targets.h"
// after foreach_target.h
#include "kernels/gemm_f32-inl.h"

HWY_BEFORE_NAMESPACE();
namespace manyshot {
namespace HWY_NAMESPACE {

void gemm_f32(const float* a, size_t lda, size_t M, const Panels<float>& b, float* c, size_t ldc, Store store) {
  gemm_panels(a, lda, M, b, c, ldc, store);
}

}  // namespace HWY_NAMESPACE
}  // namespace manyshot
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace manyshot {

HWY_EXPORT(gemm_f32);

void gemm(const float* a, size_t lda, size_t M, const Panels<float>& b, float* c, size_t ldc, Store store) {
  HWY_DYNAMIC_DISPATCH(gemm_f32)(a, lda, M, b, c, ldc, store);
}

template <>
PackedMatrix<float>::PackedMatrix(std::span<const float> weight, size_t num_outputs, size_t num_inputs)
    : data_(round_up(num_outputs, kPanelWidth) * round_up(num_inputs, 2)) {
  const size_t K = round_up(num_inputs, 2);
  panels_ = {data_.data(), K, round_up(num_outputs, kPanelWidth) / kPanelWidth, kPanelWidth, K * kPanelWidth};
  for (size_t n = 0; n < num_outputs; ++n) {
    for (size_t k = 0; k < num_inputs; ++k) {
      data_[n / kPanelWidth * panels_.panel_stride + k * kPanelWidth + n % kPanelWidth] = weight[n * num_inputs + k];
    }
  }
}

}  // namespace manyshot
#endif
