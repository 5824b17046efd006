#include "train/device/library.h"

namespace manyshot::train {
namespace {

template <class Factory>
Factory* open_factory(const Device& device, const char* symbol) {
  return reinterpret_cast<Factory*>(open_device_library(device, symbol));
}

}  // namespace

std::unique_ptr<CompactModel> make_device_compact_model(const CompactNetworkOptions& options, const Device& device,
                                                        const Weights* weights) {
  return open_factory<MakeDeviceCompactModel>(device, kMakeDeviceCompactModelSymbol)(options, device, weights);
}

std::unique_ptr<LanguageTrainer> make_device_language_trainer(const TensorSource& source,
                                                              const LanguageTrainerOptions& options,
                                                              const Device& device) {
  return open_factory<MakeDeviceLanguageTrainer>(device, kMakeDeviceLanguageTrainerSymbol)(source, options, device);
}

}  // namespace manyshot::train
