// Matrix products of bf16 on the tile registers of AMX (Intel, "Intel Architecture Instruction Set Extensions
// Programming Reference", chapter 3: TDPBF16PS).
#pragma once

#include "kernels/gemm.h"

namespace manyshot::kernels {

// Whether the processor has AMX-BF16 and the operating system lets this process use its registers; asks once.
bool has_amx();

// As gemm() (kernels/gemm.h) for bf16. An element is a chain over blocks of 32 products, in each of which the even k
// and the odd k are summed apart: other bits than VDPBF16PS gives, and as independent of M, the row's place and the
// rows beside it. REQUIRES: has_amx(); A readable to an even K.
void gemm_amx(Rows<const BFloat16> a, size_t M, const Panels<BFloat16>& b, Rows<float> c, Store store);

// As outer_gemm() (kernels/outer_gemm.h) for bf16, with gemm_amx()'s chains over m. REQUIRES: has_amx().
void outer_gemm_amx(const Panels<BFloat16>& a, size_t num_outputs, const Panels<BFloat16>& b, Rows<float> c,
                    Store store);

}  // namespace manyshot::kernels
