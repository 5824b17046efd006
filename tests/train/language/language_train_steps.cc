// language_train_steps REQUEST.json: trains a language model for some steps on given samples and prints what happened
// as JSON. For tools/parity/lora_peer.py, which makes the requests.
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <iostream>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/memory.h"
#include "core/parallel.h"
#include "model/dtype.h"
#include "model/files/safetensors_writer.h"
#include "train/language/language_trainer.h"
#include "train/optimizer/optimizer.h"

namespace manyshot::train {
namespace {

double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

std::vector<TrainSample> read_samples(const Json& request) {
  std::vector<TrainSample> samples;
  for (const Json& sample : request.at("samples")) {
    samples.push_back({.index = samples.size(),
                       .tokens = sample.at("tokens").get<std::vector<TokenId>>(),
                       .supervised = sample.at("supervised").get<std::vector<uint32_t>>()});
  }
  return samples;
}

LanguageTrainerOptions read_options(const Json& request) {
  LanguageTrainerOptions options;
  options.dtype = request.value("dtype", "float32") == "bfloat16" ? DType::kBFloat16 : DType::kFloat32;
  options.trains_all = request.value("train_all", false);
  options.adapter = request.value("adapter", "");
  options.pack_tokens = request.value("pack_tokens", options.pack_tokens);
  options.lora.rank = request.value("rank", options.lora.rank);
  options.lora.alpha = request.value("alpha", options.lora.alpha);
  const std::string checkpointing = request.value("checkpointing", "auto");
  options.checkpointing = checkpointing == "always"  ? Checkpointing::kAlways
                          : checkpointing == "never" ? Checkpointing::kNever
                                                     : Checkpointing::kAuto;
  return options;
}

void write_gradients(std::span<const Parameter> parameters, const std::string& path) {
  std::vector<TensorEntry> entries;
  for (const Parameter& p : parameters) entries.push_back({p.name, TensorType::kF32, {p.shape.begin(), p.shape.end()}});
  SafetensorsWriter writer(path, entries);
  for (const Parameter& p : parameters) writer.write(std::as_bytes(p.gradient));
  writer.commit();
}

Json run(const Json& request) {
  set_num_threads(request.value("threads", 0));
  const std::vector<TrainSample> samples = read_samples(request);
  const size_t batch_size = request.value("batch", samples.size());
  const auto trainer =
      LanguageTrainer::create(*open_tensor_source(request.at("model").get<std::string>()), read_options(request));
  const auto optimizer = make_optimizer({.kind = OptimizerKind::kAdamW,
                                         .learning_rate = request.value("learning_rate", 1e-4),
                                         .weight_decay = request.value("weight_decay", 0.0)},
                                        trainer->parameters());
  BatchShape shape{.num_samples = batch_size};
  for (const TrainSample& sample : samples) shape.sample_tokens = std::max(shape.sample_tokens, sample.tokens.size());
  Json result{{"estimated_bytes", trainer->peak_bytes(shape)}, {"steps", Json::array()}};
  for (size_t step = 0; step < request.value("steps", size_t{1}); ++step) {
    std::vector<TrainSample> batch;
    double weight = 0;
    for (size_t i = 0; i < batch_size; ++i) {
      batch.push_back(samples[(step * batch_size + i) % samples.size()]);
      weight += static_cast<double>(batch.back().supervised.size());
    }
    const double wall = wall_seconds(), cpu = cpu_seconds();
    zero_gradients(trainer->parameters());
    const LossSum loss = trainer->accumulate(batch, static_cast<float>(1 / weight), /*seed=*/step);
    if (step == 0 && request.contains("gradients")) {
      write_gradients(trainer->parameters(), request["gradients"].get<std::string>());
    }
    optimizer->step(1);
    trainer->parameters_changed();
    result["steps"].push_back({{"loss", loss.mean()},
                               {"tokens", loss.tokens},
                               {"flops", loss.flops},
                               {"seconds", wall_seconds() - wall},
                               {"cpu_seconds", cpu_seconds() - cpu}});
  }
  result["peak_bytes"] = peak_memory_bytes();
  if (request.contains("save")) trainer->save_adapter(request["save"].get<std::string>());
  return result;
}

}  // namespace
}  // namespace manyshot::train

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cerr << "usage: language_train_steps REQUEST.json\n";
    return 2;
  }
  try {
    fmt::print("{}\n", manyshot::train::run(manyshot::Json::parse(manyshot::read_file(argv[1]))).dump());
  } catch (const manyshot::Error& error) {
    std::cerr << error.what() << "\n";
    return manyshot::exit_code(error.kind());
  }
}
