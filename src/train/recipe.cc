#include "train/recipe.h"

#include <algorithm>
#include <list>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "train/growth.h"

namespace manyshot::train {
namespace {

constexpr uint64_t kMaxRecipeBytes = uint64_t{4} << 20;

constexpr const char* kStageTable = "stage.";

// Keys that had another name once, which runs of that time have saved.
std::map<std::string, std::string> older_names() {
  Recipe recipe;
  std::map<std::string, std::string> names;
  for (const Option& option : options_of(recipe)) {
    if (!option.limits.older_name.empty()) names[option.name] = option.limits.older_name;
  }
  return names;
}

// The place among the recipe's stages of the one that is named, or numbered, so.
size_t find_stage(const Recipe& recipe, std::string_view name, std::string_view change) {
  std::vector<std::string> names;
  for (size_t i = 0; i < recipe.stages.size(); ++i) {
    const StageRecipe& stage = recipe.stages[i];
    if (stage.name == name || std::to_string(i) == name) return i;
    names.push_back(stage.name);
  }
  fail(ErrorKind::kBadInput, "--set {}: no stage \"{}\"{}; there are {}", excerpt(change), excerpt(name),
       did_you_mean(name, names), list_names(names));
}

// Sets the option of `keys` that is called `name`; the user gave it as --set `given`.
void set_key(const OptionList& keys, std::string_view name, const std::string& value, OptionPlaces& places,
             const std::string& given) {
  const Option& option = find_option(keys, name);
  option.set(value);
  places[option.name] = "--set " + given;
}

// "lora.rank=16" or "stage.warmup.steps=100".
void apply_change(Recipe& recipe, RepeatedPlaces& places, const std::string& change) {
  const size_t equals = change.find('=');
  if (equals == std::string::npos) {
    fail(ErrorKind::kBadInput, "--set {}: expected key=value, such as lora.rank=16 or stage.main.steps=100",
         excerpt(change));
  }
  const std::string key = change.substr(0, equals), value = change.substr(equals + 1);
  try {
    if (!key.starts_with(kStageTable)) {
      return set_key(named_by_keys(options_of(recipe)), key, value, places.file, key);
    }
    const std::string_view in_stage = std::string_view(key).substr(std::string_view(kStageTable).size());
    const size_t dot = in_stage.find('.');
    if (dot == std::string::npos) fail(ErrorKind::kBadInput, "a stage's key is stage.NAME.key");
    const size_t index = find_stage(recipe, in_stage.substr(0, dot), change);
    set_key(named_by_keys(options_of(recipe.stages[index]), kStageTable), in_stage.substr(dot + 1), value,
            places.tables[index], key);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (message.starts_with("--set")) throw;
    fail(error.kind(), "--set {}: {}", excerpt(change), message);
  }
}

// A list given once on the command line is split at commas; "a=1,2" then came as "a=1" and "2".
std::vector<std::string> join_split_values(std::span<const std::string> changes) {
  std::vector<std::string> joined;
  for (const std::string& change : changes) {
    if (change.find('=') == std::string::npos && !joined.empty()) {
      joined.back() += "," + change;
    } else {
      joined.push_back(change);
    }
  }
  return joined;
}

class Checker {
 public:
  Checker(const Recipe& recipe, const RepeatedPlaces& places, const std::string& path)
      : recipe_(recipe), places_(places), path_(path) {}

  void check() const {
    if (recipe_.stages.empty()) refuse("there is no [[stage]]; a recipe has one or more");
    std::set<std::string> names;
    for (size_t i = 0; i < recipe_.stages.size(); ++i) {
      const StageRecipe& stage = recipe_.stages[i];
      if (!names.insert(stage.name).second) refuse(fmt::format("two stages are named \"{}\"", excerpt(stage.name)));
      check(stage, places_.tables[i]);
    }
    check_model();
  }

 private:
  [[noreturn]] void refuse(const std::string& message) const { fail(ErrorKind::kBadInput, "{}: {}", path_, message); }

  void check_model() const {
    const ModelRecipe& model = recipe_.model;
    const bool is_fresh = model.is_fresh();
    if (model.base.empty()) refuse("model.base is empty; give a model, or \"fresh\"");
    if (is_fresh && recipe_.compact.added_layers > 0)
      refuse("compact.added_layers is for a base; a fresh model has compact.num_hidden_layers");
    if (!is_fresh && !model.config.empty()) refuse("model.config is for base = \"fresh\"; a base has its own");
    if (is_fresh && model.parameters == TrainedParameters::kLora)
      refuse("parameters = \"lora\" needs a base; a fresh model trains full");
    if (model.parameters == TrainedParameters::kFull && !recipe_.lora.adapter.empty()) {
      refuse("lora.adapter with parameters = \"full\": merge it into the base first (manyshot merge)");
    }
    const CompactSizes& compact = recipe_.compact.sizes;
    if (compact.row_layers >= compact.num_hidden_layers) refuse("compact.row_layers must be below num_hidden_layers");
    if (compact.hidden_size % compact.num_attention_heads != 0) {
      refuse(fmt::format("compact.num_attention_heads: {} heads do not divide the width {}",
                         compact.num_attention_heads, compact.hidden_size));
    }
  }

  void check(const StageRecipe& stage, const OptionPlaces& places) const {
    const auto refuse_stage = [&](const std::string& message) {
      refuse(fmt::format("stage \"{}\": {}", excerpt(stage.name), message));
    };
    const bool is_live = stage.data == StageData::kLive;
    check_length(stage, refuse_stage);
    if (stage.warmup_steps > 0 && stage.warmup_ratio > 0) refuse_stage("give warmup_steps or warmup_ratio, not both");
    if (is_live && !stage.path.empty()) refuse_stage("data = \"live\" takes no path");
    if (!is_live && stage.path.empty()) {
      refuse_stage(fmt::format("data = \"{}\" needs a path", name_of(stage.data)));
    }
    if (stage.replay > 0 && stage.replay_path.empty())
      refuse_stage("replay needs replay_path, a file of ordinary text");
    if (stage.replay == 0 && !stage.replay_path.empty())
      refuse_stage("replay_path without replay; say which share of the samples it is, such as replay = 0.1");
    if (!draws_tasks(stage.data) && !stage.grow.empty()) refuse_stage("grow is for data = \"live\" or \"tables\"");
    if (stage.ema == 1) refuse_stage("ema = 1 would never change the average; take 0.999 or less");
    if (stage.ema > 0 && stage.optimizer.kind == OptimizerKind::kScheduleFree) {
      refuse_stage("schedule-free averages the weights already; leave ema out");
    }
    if (draws_tasks(stage.data)) check_corpus(stage, places);
  }

  template <class Refuse>
  void check_length(const StageRecipe& stage, const Refuse& refuse_stage) const {
    const int num_lengths = (stage.steps > 0 ? 1 : 0) + (stage.tasks > 0 ? 1 : 0) + (stage.epochs > 0 ? 1 : 0);
    if (num_lengths == 0) refuse_stage("give steps, tasks or epochs");
    if (num_lengths > 1) refuse_stage("give one of steps, tasks and epochs");
    if (stage.epochs > 0 && draws_tasks(stage.data)) {
      refuse_stage(fmt::format("data = \"{}\" draws tasks without end, so there are no epochs; give steps or tasks",
                               name_of(stage.data)));
    }
    if (stage.validation == 0) return;
    if (stage.data == StageData::kLive) {
      refuse_stage(
          "live tasks are never seen twice, so validation holds nothing out; evaluate.tasks are held-out tasks");
    }
    if (stage.data == StageData::kTables && recipe_.evaluate.tasks == 0) {
      refuse_stage("validation draws evaluate.tasks tasks from the tables that it holds out; that is 0");
    }
  }

  // The corpus in every phase of its growth.
  void check_corpus(const StageRecipe& stage, const OptionPlaces& places) const {
    for (const GrowthPhase& phase : phases_of(stage, places)) {
      try {
        parse_corpus_options(phase.corpus);
      } catch (const OptionError& error) {
        if (!stage.grow.empty()) {
          refuse_as_given(OptionError("grow", fmt::format("{}: {}", error.option(), error.problem())), places);
        }
        if (places.contains("corpus." + error.option())) refuse_as_given(error, places, "corpus.");
        refuse(fmt::format("stage \"{}\": corpus.{}: {}", excerpt(stage.name), error.option(), error.problem()));
      } catch (const Error& error) {
        refuse(fmt::format("stage \"{}\": {}", excerpt(stage.name), error.what()));
      }
    }
  }

  static std::vector<GrowthPhase> phases_of(const StageRecipe& stage, const OptionPlaces& places) {
    try {
      return growth_phases(stage);
    } catch (const OptionError& error) {
      refuse_as_given(error, places);
    }
  }

  const Recipe& recipe_;
  const RepeatedPlaces& places_;
  const std::string& path_;
};

}  // namespace

int64_t StageRecipe::num_steps(int world_size) const {
  const int64_t step_tasks = int64_t{batch} * accumulation * world_size;
  return steps > 0 ? steps : (tasks + step_tasks - 1) / step_tasks;
}

std::optional<size_t> Recipe::validation_stage() const {
  const auto last =
      std::find_if(stages.rbegin(), stages.rend(), [](const auto& stage) { return stage.validation > 0; });
  if (last == stages.rend()) return std::nullopt;
  return static_cast<size_t>(stages.rend() - last) - 1;
}

BestMetric Recipe::best_metric() const {
  return checkpoint.best_metric.value_or(validation_stage() ? BestMetric::kValidationLoss : BestMetric::kEvalLoss);
}

Recipe parse_recipe(std::string_view text, const std::string& path, std::span<const std::string> changes) {
  Recipe recipe;
  std::list<StageRecipe> stages;  // keeps its elements in place while options point at them
  const RepeatedTable stage_tables{.name = "stage", .next = [&] {
                                     stages.emplace_back();
                                     return named_by_keys(options_of(stages.back()), kStageTable);
                                   }};
  RepeatedPlaces places = set_from_toml(named_by_keys(options_of(recipe)), stage_tables, text, path);
  for (StageRecipe& stage : stages) {
    if (stage.name.empty()) stage.name = fmt::format("stage{}", recipe.stages.size());
    recipe.stages.push_back(std::move(stage));
  }
  for (const std::string& change : join_split_values(changes)) apply_change(recipe, places, change);
  for (StageRecipe& stage : recipe.stages) {
    if (recipe.compact.sizes.version == 2 && stage.corpus.format == PromptStyle::kCompact)
      stage.corpus.compact_version = 2;
  }
  Checker(recipe, places, path).check();
  return recipe;
}

Recipe read_recipe(const std::string& path, std::span<const std::string> changes) {
  return parse_recipe(read_file(path, kMaxRecipeBytes), path, changes);
}

Json to_json(const Recipe& recipe) {
  Json json = values_of(recipe);
  json["stages"] = Json::array();
  for (const StageRecipe& stage : recipe.stages) json["stages"].push_back(values_of(stage));
  return json;
}

std::string recipe_keys_markdown() {
  Recipe recipe;
  StageRecipe stage;
  return fmt::format("### The file\n\n{}\n### Each `[[stage]]`\n\n{}",
                     options_markdown(named_by_keys(options_of(recipe))),
                     options_markdown(named_by_keys(options_of(stage))));
}

Json recipe_keys_json() {
  Recipe recipe;
  StageRecipe stage;
  return {{"file", options_json(options_of(recipe))}, {"stage", options_json(options_of(stage))}};
}

std::string find_changed_key(const Json& saved, const Json& now) {
  const Json defaults = to_json(Recipe{}), stage_defaults = values_of(StageRecipe{});
  const std::map<std::string, std::string> older_keys = older_names();
  // A key that `before` lacks went by its older name then, or did not exist and had its default.
  const auto change_of = [&](const std::string& key, const Json& value, const Json& before,
                             const Json& usual) -> std::string {
    const auto older = older_keys.find(key);
    const std::string& saved_key = older != older_keys.end() && !before.contains(key) ? older->second : key;
    const Json was = before.value(saved_key, usual.value(key, Json()));
    return was == value ? "" : fmt::format("{} was {}, now it is {}", key, was.dump(), value.dump());
  };
  for (const auto& [key, value] : now.items()) {
    if (key.starts_with("checkpoint.") || key.starts_with("evaluate.") || key == "stages") continue;
    if (std::string change = change_of(key, value, saved, defaults); !change.empty()) return change;
  }
  const Json none = Json::array();
  const Json& saved_stages = saved.contains("stages") ? saved["stages"] : none;
  if (!now.contains("stages") || saved_stages.size() != now["stages"].size()) return "the number of stages differs";
  for (size_t i = 0; i < saved_stages.size(); ++i) {
    const Json& stage = now["stages"][i];
    for (const auto& [key, value] : stage.items()) {
      const std::string change = change_of(key, value, saved_stages[i], stage_defaults);
      if (!change.empty() && key == "tasks" && stage.value("epochs", 0.0) > 0) {
        return fmt::format("stage {}: {} samples in its epochs were {}: its data changed", i, value.dump(),
                           saved_stages[i].value("tasks", Json()).dump());
      }
      if (!change.empty()) return fmt::format("stage {}: {}", i, change);
    }
  }
  return "";
}

}  // namespace manyshot::train
