// A compact decoder, fresh or from a model folder, to a model folder.
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "model/compact/compact_folder.h"
#include "model/dtype.h"
#include "prior/task/sizes.h"
#include "train/compact/added_layers.h"
#include "train/compact/check_sample.h"
#include "train/compact/compact_model.h"
#include "train/compact/label_head.h"
#include "train/compact/upgrade_weights.h"
#include "train/device/library.h"
#include "train/growth.h"
#include "train/models/open_model.h"

namespace manyshot::train {
namespace {

// What the stages will show the model at most, or have shown it before; its config.json says so to those who use it.
void note_training_range(const Recipe& recipe, ModelConfig& config) {
  const bool is_fresh = recipe.model.is_fresh();
  const int shots_before = is_fresh ? 0 : config.trained_shots,
            features_before = is_fresh ? 0 : config.trained_features;
  int shots = 0, features = 0;
  if (is_fresh) config.predicts_numbers = false;
  for (const StageRecipe& stage : recipe.stages) {
    if (!draws_tasks(stage.data)) continue;
    for (const GrowthPhase& phase : growth_phases(stage)) {
      const CorpusSettings corpus = parse_corpus_options(phase.corpus);
      shots = std::max(shots, static_cast<int>(phase.corpus.shots.high));
      const int shares = phase.corpus.teacher_share > 0 ? static_cast<int>(phase.corpus.prior.classes.high) : 0;
      features = std::max(features, static_cast<int>(prior::most_features(corpus.tasks)) + shares);
      config.predicts_numbers = config.predicts_numbers || phase.corpus.prior.number_share > 0;
    }
  }
  if (shots > 0) config.trained_shots = config.max_shots = std::max(shots, shots_before);
  if (features > 0) {
    config.trained_features = std::min(std::max(features, features_before), config.column_tokens.size());
  }
}

ModelConfig fresh_config(const Recipe& recipe) {
  ModelConfig config = compact_config(recipe.compact.sizes);
  if (!recipe.model.config.empty()) config = parse_model_config(read_file(recipe.model.config), recipe.model.config);
  note_training_range(recipe, config);
  return config;
}

LossMode loss_of(const Recipe& recipe) {
  const LossMode loss = recipe.stages.front().loss;
  for (const StageRecipe& stage : recipe.stages) {
    if (stage.loss != loss) {
      fail(ErrorKind::kUnsupported, "stages \"{}\" and \"{}\" have other losses; a compact model takes one for all",
           recipe.stages.front().name, stage.name);
    }
  }
  return loss;
}

std::unique_ptr<CompactModel> make_network(const CompactNetworkOptions& options, const Device& device,
                                           const Weights* weights = nullptr) {
  if (device.is_cpu()) return make_compact_model(options, weights);
  return make_device_compact_model(options, device, weights);
}

std::unique_ptr<CompactModel> open_network(const Recipe& recipe, const Device& device) {
  if (recipe.model.parameters == TrainedParameters::kLora) {
    fail(ErrorKind::kUnsupported,
         "parameters = \"lora\" is for language models: a compact decoder trains all its weights; leave it out");
  }
  CompactNetworkOptions options{.loss = loss_of(recipe),
                                .all_labels = recipe.compact.all_labels,
                                .residual_decay = recipe.compact.residual_decay,
                                .dtype = recipe.model.dtype,
                                .seed = Rng(recipe.seed).child("weights").bits(0)};
  if (recipe.model.is_fresh()) {
    options.config = fresh_config(recipe);
    return make_network(options, device);
  }
  CompactFolder base = read_compact_folder(recipe.model.base);
  if (recipe.compact.sizes.version == 2 && !base.config.typed) {
    base.weights = upgraded_weights(base.config, base.weights, options.seed);
    base.config = upgraded_config(base.config);
  }
  if (recipe.compact.added_layers > 0) add_layers(recipe.compact.added_layers, options.seed, base.config, base.weights);
  options.config = base.config;
  note_training_range(recipe, options.config);
  return make_network(options, device, &base.weights);
}

std::vector<std::string> files_of(const Recipe& recipe) {
  if (recipe.model.is_fresh()) return {};
  return {recipe.model.base + "/config.json", recipe.model.base + "/model.safetensors"};
}

class CompactRunModel : public RunModel {
 public:
  CompactRunModel(const Recipe& recipe, const Device& device)
      : model_(open_network(recipe, device)), files_(files_of(recipe)) {}

  TrainableModel& network() override { return *model_; }
  const ModelConfig* compact_config() const override { return &model_->config(); }
  uint64_t vocab_size() const override { return static_cast<uint64_t>(model_->config().vocab_size); }

  LossSum label_loss(std::span<const TrainSample> samples) override {
    LossSum sum;
    for (const TrainSample& sample : samples) add_queries(sample, sum);
    return sum;
  }

  void write_weights(const std::string& folder) override {
    write_compact_folder(folder, model_->config(), model_->exported(), DType::kBFloat16);
  }

  std::vector<std::string> files() const override { return files_; }

  std::string description() const override {
    const ModelConfig& config = model_->config();
    int64_t trained = 0;
    for (const Parameter& parameter : model_->parameters()) trained += static_cast<int64_t>(parameter.value.size());
    return fmt::format(
        "compact decoder, {} + {} layers of width {}, {} parameters ({} of them trained: tables of numbers follow "
        "from fewer), {}",
        config.row_layers, config.num_hidden_layers - config.row_layers, config.hidden_size,
        with_thousands(num_parameters(config)), with_thousands(trained), model_->engine());
  }

 private:
  // Losses of a dense network count labelled rows too; here only queries do.
  void add_queries(const TrainSample& sample, LossSum& sum) {
    const std::vector<float> log_probabilities = model_->log_probabilities(sample);
    const ModelConfig& config = model_->config();
    const size_t num_answers = log_probabilities.size() / sample.num_rows();
    const TokenId first_answer = target_tokens(config, sample).first;
    for (size_t row = sample.num_labelled; row < sample.num_rows(); ++row) {
      const auto of_row = std::span(log_probabilities).subspan(row * num_answers, num_answers);
      const auto answer = static_cast<size_t>(sample.tokens[(row + 1) * sample.row_tokens() - 1] - first_answer);
      const auto likeliest = static_cast<size_t>(std::ranges::max_element(of_row) - of_row.begin());
      count_answer(predicts_number(config, sample), num_answers, answer, -static_cast<double>(of_row[answer]),
                   likeliest, sum);
    }
    sum.tokens += sample.tokens.size();
  }

  std::unique_ptr<CompactModel> model_;
  std::vector<std::string> files_;
};

}  // namespace

std::unique_ptr<RunModel> make_compact_run_model(const Recipe& recipe, const Device& device) {
  return std::make_unique<CompactRunModel>(recipe, device);
}

}  // namespace manyshot::train
