// `compact` models that answer on a device, by the network that is trained there. Queries go through it in chunks, each
// behind the whole context: with many queries a chunk the context costs little.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/interrupt.h"
#include "core/parallel.h"
#include "model/compact/compact_prompt.h"
#include "model/compact/device_library.h"
#include "train/compact/weight_exchange.h"
#include "train/device/compact_network.h"
#include "train/device/pack_size.h"
#include "train/device/torch_device.h"
#include "train/device/torch_errors.h"

namespace manyshot::train {
namespace {

using at::Tensor;

struct DecoderNetworkOnDevice {
  DecoderNetworkOnDevice(const ModelConfig& config, const Weights& weights, const Device& device,
                         std::optional<DType> dtype)
      : options{.config = config},
        shape(config),
        network(shape, output_scales(shape, 1), torch_device(device), torch_type(device, dtype)),
        pack_tokens(most_tokens(shape, network.device(), network.type())) {
    network.set(weights);
  }

  CompactNetworkOptions options;
  NetworkShape shape;
  CompactNetwork network;
  size_t pack_tokens;
};

class DeviceContext : public EncodedContext {
 public:
  DeviceContext(std::shared_ptr<const DecoderNetworkOnDevice> decoder, const Prompt& prompt)
      : decoder_(std::move(decoder)), answers_(prompt_answers(decoder_->shape.config, prompt).places) {
    context_.num_features = static_cast<uint32_t>(prompt.num_features);
    context_.num_labelled = static_cast<uint32_t>(prompt.num_shots());
    context_.tokens.assign(prompt.context.begin(), prompt.context.end());
  }

  void score(const QueryTokens& queries, std::span<float> log_likelihoods) const override {
    check_queries(decoder_->shape.config, context_.num_features, queries);
    const size_t row_tokens = context_.row_tokens(),
                 room = std::min(decoder_->pack_tokens / row_tokens, kMostPackedRows);
    const size_t chunk = std::max<size_t>(room > context_.num_labelled ? room - context_.num_labelled : 0, kLeastChunk);
    for (size_t first = 0; first < queries.size(); first += chunk) {
      check_interrupted();
      const size_t count = std::min(chunk, queries.size() - first);
      TrainSample task = context_;
      task.num_queries = static_cast<uint32_t>(count);
      for (size_t i = 0; i < count; ++i) {
        const auto query = queries[first + i];
        task.tokens.insert(task.tokens.end(), query.begin(), query.end());
        task.tokens.push_back(context_.tokens[row_tokens - 1]);  // a place that nothing reads
      }
      read_bars(task, task.num_labelled, log_likelihoods.subspan(first * answers_.size(), count * answers_.size()));
    }
  }

  std::vector<float> prequential() const override {
    std::vector<float> out(context_.num_labelled * answers_.size());
    read_bars(context_, 0, out);
    return out;
  }

 private:
  static constexpr size_t kLeastChunk = 256;

  // Answers at the bars from row `first` on.
  void read_bars(const TrainSample& task, size_t first, std::span<float> out) const {
    const TrainSample* tasks[] = {&task};
    const Tensor logits = guarded([&] {
      const c10::InferenceMode no_gradients;
      at::set_num_threads(num_threads());
      const DevicePack pack =
          to_device(pack_tasks(decoder_->shape, decoder_->options, tasks), decoder_->network.device());
      return decoder_->network.logits(pack).of_one_kind().cpu().contiguous();
    });
    const auto width = static_cast<size_t>(logits.size(1));
    for (size_t row = first; row < task.num_rows(); ++row) {
      const float* values = logits.const_data_ptr<float>() + row * width;
      answer_log_likelihoods({values, width}, answers_, out.subspan((row - first) * answers_.size(), answers_.size()));
    }
  }

  std::shared_ptr<const DecoderNetworkOnDevice> decoder_;
  std::vector<int> answers_;
  TrainSample context_;
};

class DeviceDecoder : public Model {
 public:
  DeviceDecoder(const std::string& path, const ModelConfig& config, const Weights& weights, const Device& device,
                std::optional<DType> dtype)
      : decoder_(std::make_shared<DecoderNetworkOnDevice>(config, weights, device, dtype)),
        info_(compact_model_info(config)) {
    info_.path = path;
    info_.engine = fmt::format("libtorch on {}", to_text(device));
    info_.num_parameters = weights.num_parameters;
  }

  const ModelInfo& info() const override { return info_; }

  std::unique_ptr<EncodedContext> encode(const Prompt& prompt) const override {
    check_context(decoder_->shape.config, prompt);
    return std::make_unique<DeviceContext>(decoder_, prompt);
  }

 private:
  std::shared_ptr<const DecoderNetworkOnDevice> decoder_;
  ModelInfo info_;
};

}  // namespace
}  // namespace manyshot::train

extern "C" std::unique_ptr<manyshot::Model> manyshot_make_device_decoder(const std::string& path,
                                                                         const manyshot::ModelConfig& config,
                                                                         const manyshot::Weights& weights,
                                                                         const manyshot::Device& device,
                                                                         std::optional<manyshot::DType> dtype) {
  using namespace manyshot::train;
  return guarded([&] { return std::make_unique<DeviceDecoder>(path, config, weights, device, dtype); });
}
