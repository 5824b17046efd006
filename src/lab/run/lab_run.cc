#include "lab/run/lab_run.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/folder_lock.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/sha256.h"
#include "core/shard.h"
#include "encoding/tokenizer/tokenizer.h"
#include "evaluate/endpoint/endpoint_client.h"
#include "evaluate/knowledge/prompt_scorer.h"
#include "lab/run/fine_tune.h"
#include "lab/run/ordinary_texts.h"
#include "lab/run/text_writer.h"
#include "model/language/facts.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"
#include "predict/saved_fit.h"
#include "train/recipe.h"
#include "train_evaluation/measure_ability.h"

namespace manyshot::lab {
namespace {
namespace fs = std::filesystem;

constexpr uint64_t kSpareTokens = 64;  // of a context, for the question and its answer

std::string name_of_folder(const std::string& path) {
  fs::path folder = fs::path(path).lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  return folder.filename().string();
}

std::vector<LabTask> open_tasks(const std::vector<std::string>& paths) {
  if (paths.empty()) refuse_option("data", "none is given; make some with manyshot lab make");
  std::vector<LabTask> tasks;
  std::set<std::string> names;
  for (const std::string& path : paths) {
    LabTask task{.name = name_of_folder(path), .data = read_lab_data(path)};
    if (task.data.questions.empty())
      fail(ErrorKind::kBadInput, "{}: there are no questions, so nothing could be measured", path);
    if (!names.insert(task.name).second)
      refuse_option("data", "two folders are called \"{}\"; results go by that name, so rename one", task.name);
    tasks.push_back(std::move(task));
  }
  return tasks;
}

std::vector<Condition> open_conditions(const LabOptions& options) {
  std::vector<Condition> conditions;
  for (const std::string& text : options.conditions) {
    Condition condition = parse_condition(text);
    const std::string name = condition.name();
    if (std::ranges::any_of(conditions, [&](const Condition& other) { return other.name() == name; })) continue;
    if ((condition.replay > 0 || condition.kind == ConditionKind::kIrrelevant) && options.other_text.empty())
      fail(ErrorKind::kBadInput, "condition \"{}\" needs ordinary text: give --other-text, a .txt, .md or .jsonl file",
           text);
    if (condition.trains() && is_endpoint_model(options.model))
      fail(ErrorKind::kBadInput,
           "condition \"{}\" trains, and {} is an endpoint; leave it out, or give the folder of a model", text,
           options.model);
    conditions.push_back(std::move(condition));
  }
  if (conditions.empty()) refuse_option("conditions", "none is given");
  return conditions;
}

constexpr const char* kHeaderFormat = "manyshot lab results";

std::string header_path(const std::string& folder) { return (fs::path(folder) / "lab.json").string(); }

Json read_header(const std::string& path) {
  const Json header = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  const bool is_header = header.is_object() && header.value("format", Json()) == kHeaderFormat &&
                         header.contains("answers") && header.contains("options");
  if (!is_header) fail(ErrorKind::kCorruptFile, "{}: no results of the laboratory; take another --out", path);
  return header;
}

// What results depend on: no two runs that differ in it share a folder. Data and conditions may be added. `model`: an
// endpoint's name, or what tells weights apart; files, too, are known by what they hold, wherever they stand.
Json answer_options(const LabOptions& options, const std::string& model) {
  Json json = values_of(options);
  for (const char* name : {"data", "conditions", "seeds", "out", "shard", "keep_weights"}) json.erase(name);
  json["model"] = model;
  for (const char* name : {"other_text", "context_prompt", "knowledge", "perplexity"}) {
    const std::string path = json.at(name);
    if (fs::is_regular_file(path)) json[name] = fmt::format("sha256 {}", sha256_of_file(path));
  }
  return json;
}

// Steps are those of the documents alone, so the texts that count are those of plain fine-tuning.
Condition plain_condition(const Condition& condition) {
  return {.kind = ConditionKind::kFinetune, .split = condition.split};
}

uint64_t count_facts(const std::vector<TrainingText>& texts) {
  std::set<std::string> facts;
  for (const TrainingText& text : texts) facts.insert(text.facts.begin(), text.facts.end());
  return facts.size();
}

Json accuracies_json(std::span<const LabQuestion> questions, std::span<const QuestionScores> scores) {
  std::map<std::string, std::pair<double, double>> sums;
  for (size_t i = 0; i < questions.size(); ++i) {
    auto& [right, count] = sums[questions[i].split];
    right += scores[i].is_right(questions[i], Measure::kSum) ? 1 : 0;
    count += 1;
  }
  Json json = Json::object();
  for (const auto& [split, sum] : sums) json[split] = sum.first / sum.second;
  return json;
}

}  // namespace

LabRun::LabRun(const LabOptions& options, const EndpointOptions& endpoint, std::string version, const Device& device)
    : options_(options), endpoint_(endpoint), device_(device), version_(std::move(version)) {
  if (options_.out.empty()) refuse_option("out", "it is needed: the folder of the results");
  tasks_ = open_tasks(options_.data);
  conditions_ = open_conditions(options_);
  parse_shard(options_.shard);
  if (options_.seeds.empty()) refuse_option("seeds", "none is given");
  model_path_ = is_endpoint() ? options_.model : resolve_model(options_.model);
  if (!is_endpoint() && !language_model_path(model_path_)) {
    fail(ErrorKind::kUnsupported,
         "{} reads table rows only; the laboratory needs a Llama or Qwen2 language model, such as smollm2 (./run "
         "models fetches it)",
         options_.model);
  }
  if (!is_endpoint()) tokenizer_ = std::make_unique<Tokenizer>(read_model_tokenizer(*language_model_path(model_path_)));
}

LabRun::~LabRun() = default;

bool LabRun::is_endpoint() const { return is_endpoint_model(options_.model); }

void LabRun::check_header() {
  make_folder(options_.out);
  const std::string path = header_path(options_.out);
  const Json answers =
      answer_options(options_, is_endpoint() ? options_.model : fmt::format("sha256 {}", weights_sha256(model_path_)));
  if (fs::exists(path)) {
    const Json before = read_header(path).at("answers");
    for (const auto& [name, value] : answers.items()) {
      if (before.value(name, Json()) == value) continue;
      fail(ErrorKind::kBadInput,
           "{}: its results were made with {} = {}, not {}; take another --out, or the same value", options_.out, name,
           before.value(name, Json()).dump(), value.dump());
    }
  }
  const Json header = {
      {"format", kHeaderFormat}, {"version", 1}, {"answers", answers}, {"options", values_of(options_)}};
  write_file(path, header.dump(1) + "\n");
}

LabOptions read_lab_options(const std::string& folder) {
  const std::string path = header_path(folder);
  if (!fs::exists(path))
    fail(ErrorKind::kNotFound, "{}: no results of the laboratory here; manyshot lab run makes them", folder);
  const Json values = read_header(path).at("options");
  LabOptions options;
  const OptionList list = options_of(options);
  try {
    for (const Option& option : list) {
      if (values.contains(option.name)) option.set_json(values.at(option.name));
    }
  } catch (const Error& error) {
    fail(ErrorKind::kCorruptFile, "{}: {}", path, error.what());
  }
  options.out = folder;
  return options;
}

std::vector<UnitKey> LabRun::units() const {
  std::vector<UnitKey> keys;
  for (const LabTask& task : tasks_) {
    for (const Condition& condition : conditions_) {
      for (const uint64_t seed : options_.seeds) {
        // Without texts there is nothing that a seed could change.
        if (condition.kind == ConditionKind::kNone && seed != options_.seeds.front()) continue;
        keys.push_back({.data = task.name, .condition = condition.name(), .seed = seed});
      }
    }
  }
  return keys;
}

std::optional<UnitResult> LabRun::result(const UnitKey& key) const {
  const auto task = std::ranges::find(tasks_, key.data, &LabTask::name);
  const std::string path = (fs::path(options_.out) / (unit_path(key) + ".json")).string();
  if (task == tasks_.end() || !fs::exists(path)) return std::nullopt;
  return read_unit(path, task->data.questions);
}

bool LabRun::is_whole() const {
  return std::ranges::all_of(
      units(), [&](const UnitKey& key) { return fs::exists(fs::path(options_.out) / (unit_path(key) + ".json")); });
}

uint64_t LabRun::run() {
  check_header();
  const Shard shard = parse_shard(options_.shard);
  const std::vector<UnitKey> keys = units();
  uint64_t done = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const UnitKey& key = keys[i];
    const fs::path path = fs::path(options_.out) / (unit_path(key) + ".json");
    if (i % shard.count != shard.index || fs::exists(path)) continue;
    check_interrupted();
    const auto task = std::ranges::find(tasks_, key.data, &LabTask::name);
    const auto condition =
        std::ranges::find_if(conditions_, [&](const Condition& one) { return one.name() == key.condition; });
    log::info("lab: unit {} of {}: {}, {}, seed {}", i + 1, keys.size(), key.data, key.condition, key.seed);
    const fs::path folder = fs::path(options_.out) / unit_path(key);
    const FolderLock lock(folder.string());
    if (fs::exists(path)) continue;  // somebody else has just finished it
    const UnitResult result = run_unit(*task, *condition, key);
    write_file(path.string(), to_json(result, task->data.questions).dump() + "\n");
    if (!options_.keep_weights) fs::remove_all(folder);
    ++done;
    const Json accuracies = accuracies_json(task->data.questions, result.scores);
    std::string text;
    for (const auto& [split, accuracy] : accuracies.items())
      text += fmt::format("{}{} {:.3f}", text.empty() ? "" : ", ", split, accuracy.get<double>());
    log::info("lab: {}, {}, seed {}: {}", key.data, key.condition, key.seed, text);
  }
  return done;
}

UnitResult LabRun::run_unit(const LabTask& task, const Condition& condition, const UnitKey& key) {
  UnitResult result = condition.trains() ? run_trained(task, condition, key) : run_prompted(task, condition, key);
  if (condition.is_augmented()) result.augmentation = fs::path(augmentation_path(task)).filename().string();
  return result;
}

UnitResult LabRun::run_trained(const LabTask& task, const Condition& condition, const UnitKey& key) {
  const std::vector<AugmentedText> augmented = augmented_texts(task, condition);
  const bool needs_other = condition.replay > 0 || condition.kind == ConditionKind::kIrrelevant;
  const TextInputs inputs{
      .augmented = augmented,
      .other = needs_other ? std::span<const std::string>(other_texts()) : std::span<const std::string>()};
  const std::vector<LabQuestion>& questions = task.data.questions;
  FineTuneSetup setup{.model = model_path_,
                      .device = device_,
                      .options = options_.tuning,
                      .texts = training_texts(task.data, condition, inputs, key.seed),
                      .seed = key.seed,
                      .folder = (fs::path(options_.out) / unit_path(key)).string()};
  if (condition.tuning) setup.options.tuning = *condition.tuning;
  const bool is_matched = options_.tuning.match == Match::kSteps;
  setup.steps = steps_of(is_matched ? training_texts(task.data, plain_condition(condition), {}, key.seed).size()
                                    : setup.texts.size());
  const bool is_adapter = setup.options.tuning == Tuning::kLora;
  const auto open = [&](const std::string& weights) {
    return load_model(is_adapter ? model_path_ : weights, {.adapter = is_adapter ? weights : "", .device = device_});
  };
  setup.measure = [&](const std::string& weights) {
    const auto model = open(weights);
    return accuracies_json(questions, score_questions(local_scorer(*model), questions, ""));
  };
  model_.reset();  // memory
  const FineTuneResult trained = fine_tune(setup, version_);
  UnitResult result{.key = key};
  result.training = TrainingFacts{.texts = trained.texts,
                                  .presentations = trained.presentations,
                                  .tokens = trained.tokens,
                                  .steps = trained.steps,
                                  .batch = setup.options.batch,
                                  .seconds = trained.seconds,
                                  .flops = trained.flops,
                                  .loss = trained.loss,
                                  .facts = count_facts(setup.texts)};
  for (const TrainingText& text : setup.texts) ++result.training->sources[std::string(name_of(text.source))];
  result.curve = trained.curve;
  {
    const auto model = open(trained.weights);
    result.scores = score_questions(local_scorer(*model), questions, "", &result.times);
  }
  std::vector<std::string> texts;
  for (const TrainingText& text : setup.texts) texts.push_back(text.before + text.text);
  mark_targets(questions, texts, result.scores);
  result.ability = ability_of(trained.weights, is_adapter);
  return result;
}

UnitResult LabRun::run_prompted(const LabTask& task, const Condition& condition, const UnitKey& key) {
  UnitResult result{.key = key};
  const std::vector<LabQuestion>& questions = task.data.questions;
  ContextText context;
  if (condition.reads()) {
    const std::vector<AugmentedText> augmented = augmented_texts(task, condition);
    uint64_t longest = 0;
    for (const LabQuestion& question : questions) longest = std::max(longest, count_tokens(question.prompt));
    const uint64_t window = is_endpoint() ? 8192 : static_cast<uint64_t>(model_size().window);
    const uint64_t taken = longest + kSpareTokens;
    context = context_text(
        task.data, augmented, options_.context, read_context_prompt(options_.context.context_prompt),
        [this](const std::string& text) { return count_tokens(text); }, window > taken ? window - taken : 0, key.seed);
    if (!context.is_whole()) {
      log::info("lab: {} of {} texts fit the prompt ({} tokens); answers whose documents are missing are marked",
                context.documents, context.available, context.tokens);
    }
    result.context = ContextFacts{.documents = context.documents,
                                  .available = context.available,
                                  .tokens = context.tokens,
                                  .facts = context.facts.size()};
  }
  if (is_endpoint()) {
    EndpointClient client(options_.model, endpoint_, key.seed);
    AnswerReport report;
    result.scores = score_questions(endpoint_scorer(client, report), questions, context.before, &result.times);
  } else {
    result.scores = score_questions(local_scorer(base_model()), questions, context.before, &result.times);
    if (condition.kind == ConditionKind::kNone) result.ability = ability_of(model_path_, /*is_adapter=*/false);
  }
  for (size_t i = 0; i < questions.size(); ++i)
    result.scores[i].has_support = condition.reads() && context.supports(questions[i]);
  return result;
}

int64_t LabRun::steps_of(size_t num_texts) const {
  if (options_.tuning.steps > 0) return options_.tuning.steps;
  const double presentations = options_.tuning.passes * static_cast<double>(num_texts);
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(presentations / options_.tuning.batch)));
}

std::string LabRun::augmentation_path(const LabTask& task) const {
  return (fs::path(options_.out) / "augmentations" / (task.name + ".jsonl")).string();
}

std::vector<AugmentedText> LabRun::augmented_texts(const LabTask& task, const Condition& condition) {
  if (!condition.is_augmented()) return {};
  if (!augmented(task)) {
    make_folder((fs::path(options_.out) / "augmentations").string());
    // All kinds that any condition wants, so that one file serves all.
    std::set<AugmentKind> kinds;
    for (const Condition& one : conditions_) kinds.insert(one.augment.begin(), one.augment.end());
    write_augmentation(augment(task, {kinds.begin(), kinds.end()}), task.data, augmentation_path(task));
  }
  return texts_of(augmented(task)->augmentation, condition.augment);
}

Augmentation LabRun::augment(const LabTask& task, const std::vector<AugmentKind>& kinds) {
  if (options_.augmenter == "rules") return augment_by_rules(task.data, kinds, options_.rules, /*seed=*/0);
  model_.reset();
  const TextWriter writer = open_text_writer(options_.augmenter, options_.writer, endpoint_, device_, /*seed=*/0);
  const std::string cache = (fs::path(options_.out) / "augmentations" / (task.name + "-answers.jsonl")).string();
  return augment_by_model(task.data, kinds, writer, options_.writer, /*seed=*/0, cache);
}

std::optional<AugmentedData> LabRun::augmented(const LabTask& task) const {
  const std::string path = augmentation_path(task);
  if (!fs::exists(path)) return std::nullopt;
  return read_augmentation(path, task.data);
}

const std::vector<std::string>& LabRun::other_texts() {
  if (!other_texts_) other_texts_ = read_ordinary_texts(options_.other_text);
  return *other_texts_;
}

Json LabRun::ability_of(const std::string& weights, bool is_adapter) const {
  train::Recipe recipe;
  recipe.model.base = model_path_;
  recipe.evaluate.knowledge = options_.knowledge;
  recipe.evaluate.knowledge_questions = options_.knowledge_questions;
  recipe.evaluate.perplexity = options_.perplexity;
  const auto measure = train::make_ability_measurement(recipe, is_adapter, device_);
  return measure ? measure(weights) : Json::object();
}

const Model& LabRun::base_model() {
  if (model_ == nullptr) model_ = load_model(model_path_, {.device = device_});
  return *model_;
}

ModelSize LabRun::model_size() const {
  if (is_endpoint()) return {};
  const LanguageModelFacts facts = read_language_model_facts(*language_model_path(model_path_));
  const LanguageModelConfig& config = facts.config;
  return {.parameters = static_cast<double>(facts.parameters),
          .layers = config.num_hidden_layers,
          .hidden_size = config.hidden_size,
          .key_value_size = config.num_key_value_heads * config.head_dim,
          .window = config.max_position_embeddings};
}

uint64_t LabRun::count_tokens(const std::string& text) const {
  return tokenizer_ == nullptr ? text.size() / 3 + 1 : tokenizer_->encode(text, /*parse_special=*/false).size();
}

}  // namespace manyshot::lab
