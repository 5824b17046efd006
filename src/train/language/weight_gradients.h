// Gradients of whole weight matrices, when all weights are trained.
#pragma once

#include <cstddef>

#include "train/language/pass_memory.h"
#include "train/language/trained_network.h"

namespace manyshot::train {

// Adds dY^T X of a site, as memory.site_gradients and site_inputs hold them for num_tokens tokens, to the gradients of
// its modules' weights, by all threads. Each element is one sum over tokens in increasing order.
template <class T>
void add_weight_gradients(TrainedNetwork<T>& network, size_t layer, size_t site, size_t num_tokens,
                          PassMemory<T>& memory);

extern template void add_weight_gradients(TrainedNetwork<float>&, size_t, size_t, size_t, PassMemory<float>&);
extern template void add_weight_gradients(TrainedNetwork<kernels::BFloat16>&, size_t, size_t, size_t,
                                          PassMemory<kernels::BFloat16>&);

}  // namespace manyshot::train
