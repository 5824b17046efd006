// The functions of include/manyshot.h on training runs.
#include <manyshot.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "c_api/border.h"
#include "core/log.h"
#include "core/version.h"
#include "predict/model_store.h"
#include "train/models/open_model.h"
#include "train/plan/machine_rate.h"
#include "train/plan/stage_stream.h"
#include "train/record/checkpoint.h"
#include "train/run/training_run.h"

struct manyshot_training {
  std::string report;
};

namespace manyshot {
namespace {

using train::Recipe;

// What of the command's options a caller in memory has.
struct TrainOptions {
  std::string resume;
  std::vector<std::string> set;
  std::optional<uint64_t> seed;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("resume", self.resume, any_value(), "A checkpoint, or the folder of a run.");
    v("set", self.set, any_value(), "Changes of the recipe: key=value.");
    v("seed", self.seed, any_value(), "Seed in place of the recipe's.");
  }

  std::vector<std::string> changes() const {
    std::vector<std::string> changes = set;
    if (seed) changes.push_back(fmt::format("seed={}", *seed));
    return changes;
  }
};

// Refuses what needs parts of the program that are not here, before anything is read or written.
void check_recipe(const Recipe& recipe) {
  const auto refuse = [](const std::string& key, const char* why) {
    fail(ErrorKind::kUnsupported, "{}: {}; leave it out, or use the program: manyshot train", key, why);
  };
  for (const train::StageRecipe& stage : recipe.stages) {
    if (stage.data == train::StageData::kTables)
      refuse(fmt::format("stage {}: data = \"tables\"", stage.name), "the library reads no table files");
  }
  if (!recipe.evaluate.tables.empty()) refuse("evaluate.tables", "the library reads no table files");
  if (!recipe.evaluate.knowledge.empty()) refuse("evaluate.knowledge", "the library asks no questions in training");
  if (!recipe.evaluate.perplexity.empty()) refuse("evaluate.perplexity", "the library measures no text in training");
}

std::unique_ptr<manyshot_training> run_training(const char* recipe_text, const char* name, const char* out,
                                                const char* options_json) {
  TrainOptions options;
  set_options(named_by_keys(options_of(options)), options_json);
  Recipe recipe = train::parse_recipe(recipe_text, name, options.changes());
  check_recipe(recipe);
  if (!recipe.model.is_fresh()) recipe.model.base = resolve_model(recipe.model.base);
  const auto model = train::open_run_model(recipe);
  train::resolve_epochs(recipe, *model);
  log::info("train: {}", model->description());
  const train::RunSetup setup{.recipe = recipe,
                              .out = out,
                              .resume = options.resume.empty() ? "" : train::find_checkpoint(options.resume),
                              .version = program_version(),
                              .matrix_rate = train::matrix_rate(recipe, *model)};
  const Json report = to_json(train::train(setup, *model, *train::make_single_process()));
  return std::make_unique<manyshot_training>(
      manyshot_training{report.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace)});
}

}  // namespace
}  // namespace manyshot

using namespace manyshot;  // NOLINT: the functions below are C's

manyshot_status manyshot_train(const char* recipe, const char* name, const char* out, const char* options_json,
                               manyshot_training** training) {
  return guarded([&] {
    require(recipe, "recipe");
    require(out, "out");
    require(training, "training");
    if (*out == '\0') fail(ErrorKind::kBadInput, "out is empty; give the folder of the run");
    *training = run_training(recipe, name == nullptr ? "the recipe" : name, out, options_json).release();
  });
}

void manyshot_training_free(manyshot_training* training) { delete training; }

const char* manyshot_training_report(const manyshot_training* training) {
  return training == nullptr ? "" : training->report.c_str();
}
