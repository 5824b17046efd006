#include "train/record/ability_record.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

constexpr const char* kName = "general_ability.json";

// "12.31 before, 12.45 after"; either side may not be there yet.
std::string both_sides(const GeneralAbilityChange& change, const char* key, double factor, const char* digits) {
  std::string text;
  const auto add = [&](const Json& numbers, const char* when) {
    if (!numbers.contains(key)) return;
    text += text.empty() ? "" : ", ";
    text += fmt::format(fmt::runtime(digits), factor * numbers[key].get<double>()) + when;
  };
  add(change.before, " before");
  add(change.after, " after");
  return text;
}

}  // namespace

AbilityRecord::AbilityRecord(const RunSetup& setup)
    : path_((fs::path(setup.out) / kName).string()),
      settings_({{"knowledge", setup.recipe.evaluate.knowledge},
                 {"knowledge_questions", setup.recipe.evaluate.knowledge_questions},
                 {"perplexity", setup.recipe.evaluate.perplexity}}) {
  if (setup.resume.empty() || !fs::exists(path_)) return;
  const Json kept = Json::parse(read_file(path_), nullptr, /*allow_exceptions=*/false);
  if (!kept.is_object() || kept.value("settings", Json()) != settings_) return;
  change_ = {.before = kept.value("before", Json::object()), .after = kept.value("after", Json::object())};
  after_steps_ = kept.value("after_steps", int64_t{0});
}

void AbilityRecord::set_before(Json numbers) {
  change_.before = std::move(numbers);
  write();
}

void AbilityRecord::set_after(Json numbers, int64_t steps) {
  change_.after = std::move(numbers);
  after_steps_ = steps;
  write();
}

void AbilityRecord::write() const {
  const Json json = {
      {"settings", settings_}, {"before", change_.before}, {"after", change_.after}, {"after_steps", after_steps_}};
  write_file(path_, json.dump(1) + "\n");
}

std::string ability_text(const GeneralAbilityChange& change) {
  std::string text = both_sides(change, "knowledge_accuracy", 100, "{:.1f} %");
  if (!text.empty()) {
    const Json& numbers = change.after.contains("knowledge_accuracy") ? change.after : change.before;
    text =
        fmt::format("knowledge {} (± {:.1f}, {} questions)", text, 100 * numbers.value("knowledge_standard_error", 0.0),
                    with_thousands(numbers.value("knowledge_questions", int64_t{0})));
  }
  const std::string perplexity = both_sides(change, "perplexity", 1, "{:.4g}");
  if (!perplexity.empty()) text += (text.empty() ? "perplexity " : "; perplexity ") + perplexity;
  return text;
}

}  // namespace manyshot::train
