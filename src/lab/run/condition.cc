#include "lab/run/condition.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

constexpr std::array kAllAugmentKinds{AugmentKind::kLocal, AugmentKind::kDocument, AugmentKind::kGlobal};

template <class E>
std::vector<std::string> names_in() {
  std::vector<std::string> names;
  for (const auto& entry : names_of(E{})) names.emplace_back(entry.name);
  return names;
}

template <class E>
E read_name(std::string_view text, std::string_view what, std::string_view whole) {
  if (const auto value = value_named<E>(text)) return *value;
  const std::vector<std::string> names = names_in<E>();
  fail(ErrorKind::kBadInput, "condition \"{}\": {} \"{}\" does not exist{}; there are {}", whole, what, text,
       did_you_mean(text, names), fmt::join(names, ", "));
}

std::vector<std::string_view> parts_of(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool read_switch(std::string_view text, std::string_view whole) {
  if (text == "yes") return true;
  if (text == "no") return false;
  fail(ErrorKind::kBadInput, "condition \"{}\": together is yes or no, not \"{}\"", whole, text);
}

double read_share(std::string_view text, std::string_view whole) {
  const auto share = parse_exact<double>(text);
  if (share && *share >= 0 && *share <= 0.95) return *share;
  fail(ErrorKind::kBadInput, "condition \"{}\": replay is a share from 0 to 0.95, not \"{}\"", whole, text);
}

void set(Condition& condition, std::string_view key, std::string_view value, std::string_view whole) {
  const auto require = [&](bool is_right, std::string_view words) {
    if (!is_right) fail(ErrorKind::kBadInput, "condition \"{}\": {} is for {}; leave it out", whole, key, words);
  };
  if (key == "split") {
    require(condition.trains(), "conditions that train");
    condition.split = read_name<Split>(value, "split", whole);
  } else if (key == "augment") {
    require(condition.is_augmented(), "augmented and augmented-context");
    condition.augment.clear();
    for (const std::string_view kind : parts_of(value, '+'))
      condition.augment.push_back(read_name<AugmentKind>(kind, "augmentation", whole));
    std::ranges::sort(condition.augment);
    const auto repeated = std::ranges::unique(condition.augment);
    condition.augment.erase(repeated.begin(), repeated.end());
  } else if (key == "replay") {
    require(condition.trains(), "conditions that train");
    condition.replay = read_share(value, whole);
  } else if (key == "together") {
    require(condition.trains(), "conditions that train");
    condition.together = read_switch(value, whole);
  } else if (key == "tuning") {
    require(condition.trains(), "conditions that train");
    condition.tuning = read_name<Tuning>(value, "tuning", whole);
  } else {
    const std::vector<std::string> keys{"split", "augment", "replay", "together", "tuning"};
    fail(ErrorKind::kBadInput, "condition \"{}\": there is no setting \"{}\"{}; there are {}", whole, key,
         did_you_mean(key, keys), fmt::join(keys, ", "));
  }
}

}  // namespace

bool Condition::trains() const {
  return kind != ConditionKind::kNone && kind != ConditionKind::kContext && kind != ConditionKind::kAugmentedContext;
}

bool Condition::reads() const { return kind == ConditionKind::kContext || kind == ConditionKind::kAugmentedContext; }

bool Condition::is_augmented() const {
  return kind == ConditionKind::kAugmented || kind == ConditionKind::kAugmentedContext;
}

std::string Condition::name() const {
  std::vector<std::string> settings;
  if (is_augmented() && !std::ranges::equal(augment, kAllAugmentKinds)) {
    std::vector<std::string_view> kinds;
    for (const AugmentKind value : augment) kinds.push_back(name_of(value));
    settings.push_back(fmt::format("augment={}", fmt::join(kinds, "+")));
  }
  if (split != Split::kNone) settings.push_back(fmt::format("split={}", name_of(split)));
  if (replay > 0) settings.push_back(fmt::format("replay={}", replay));
  if (together) settings.emplace_back("together=yes");
  if (tuning) settings.push_back(fmt::format("tuning={}", name_of(*tuning)));
  return fmt::format("{}{}{}", name_of(kind), settings.empty() ? "" : ":", fmt::join(settings, ":"));
}

Condition parse_condition(std::string_view text) {
  const size_t colon = text.find(':');
  Condition condition{.kind = read_name<ConditionKind>(text.substr(0, colon), "condition", text)};
  if (condition.is_augmented()) condition.augment.assign(kAllAugmentKinds.begin(), kAllAugmentKinds.end());
  if (colon == std::string_view::npos) return condition;
  for (const std::string_view setting : parts_of(text.substr(colon + 1), ':')) {
    const size_t equals = setting.find('=');
    if (equals == std::string_view::npos) {
      fail(ErrorKind::kBadInput, "condition \"{}\": \"{}\" is no setting; write key=value, such as split=independent",
           text, setting);
    }
    set(condition, setting.substr(0, equals), setting.substr(equals + 1), text);
  }
  return condition;
}

}  // namespace manyshot::lab
