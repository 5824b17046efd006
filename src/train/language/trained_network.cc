#include "train/language/trained_network.h"

#include <algorithm>
#include <map>

#include "core/parallel.h"
#include "kernels/transposed_matrix.h"
#include "train/language/master_source.h"

namespace manyshot::train {

using kernels::BFloat16;
using kernels::transposed;

template <class T>
TrainedNetwork<T>::TrainedNetwork(const TensorSource& source, const LoraModules& lora)
    : sizes_(pass_sizes(source.config(), &lora)),
      net_(std::make_unique<DecoderNetwork<T>>(source)),
      layers_(net_->num_layers) {
  for (size_t i = 0; i < layers_.size(); ++i) {
    for (size_t site = 0; site < kNumSites; ++site)
      layers_[i].lora[site] = LoraSite<T>(lora, sizes_.sites[site], i, store_);
  }
  store_.allocate();
  pack_transposed();
}

template <class T>
TrainedNetwork<T>::TrainedNetwork(const TensorSource& source)
    : sizes_(pass_sizes(source.config(), nullptr)), layers_(static_cast<size_t>(source.config().num_hidden_layers)) {
  const std::map<std::string, size_t> numbers = open_masters(source, store_);
  masters_ = make_master_source(source.path(), source.config(), store_);

  numbers_.embedding = numbers.at("model.embed_tokens.weight");
  numbers_.final_norm = numbers.at("model.norm.weight");
  numbers_.head = source.config().tie_word_embeddings ? numbers_.embedding : numbers.at("lm_head.weight");
  for (size_t i = 0; i < layers_.size(); ++i) {
    LayerParameters& layer = numbers_.layers.emplace_back();
    const std::string prefix = "model.layers." + std::to_string(i) + ".";
    layer.input_norm = numbers.at(prefix + "input_layernorm.weight");
    layer.post_attention_norm = numbers.at(prefix + "post_attention_layernorm.weight");
    for (size_t site = 0; site < kNumSites; ++site) {
      for (const SiteModule& module : sizes_.sites[site].modules) {
        const std::string name = module_name(i, module);
        layer.weights[site].push_back(numbers.at(name + ".weight"));
        const auto bias = numbers.find(name + ".bias");
        if (bias != numbers.end()) layer.biases[site].push_back(bias->second);
      }
    }
  }
  parameters_changed();
}

template <class T>
void TrainedNetwork<T>::parameters_changed() {
  if (sizes_.trains_all) {
    net_.reset();  // before there are two
    net_ = std::make_unique<DecoderNetwork<T>>(*masters_);
    pack_transposed();
    return;
  }
  parallel_for(layers_.size() * kNumSites, [&](size_t i, int) {
    const size_t site = i % kNumSites;
    layers_[i / kNumSites].lora[site].pack(sizes_.sites[site], store_);
  });
}

template <class T>
void TrainedNetwork<T>::pack_transposed() {
  parallel_for(layers_.size() * kNumSites, [&](size_t i, int) {
    const size_t site = i % kNumSites, layer = i / kNumSites;
    layers_[layer].transposed[site] = transposed(site_weight(net_->layers[layer], site), sizes_.sites[site].num_outputs,
                                                 sizes_.sites[site].input_width);
  });
  head_transposed_ = transposed(net_->head, static_cast<size_t>(net_->config.vocab_size), net_->D);
}

template class TrainedNetwork<float>;
template class TrainedNetwork<BFloat16>;

}  // namespace manyshot::train
