// The one place that sees the command line library.
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <map>

#include "cli/command.h"
#include "cli/keep_inputs.h"
#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr int kMostWords = 1 << 20;  // of a list

// What was given for each option, in the order of declaration: the values of all its occurrences.
using GivenValues = std::map<const Option*, std::vector<std::string>>;

std::vector<std::string> flags_of(const OptionList& list) {
  std::vector<std::string> flags{"--help"};
  for (const Option& option : list) flags.push_back(option.flag);
  return flags;
}

void set_values(const Option& option, const std::vector<std::string>& values) {
  if (values.size() > 1 && option.is_list) {
    option.set_json(Json(values));
  } else if (values.size() > 1) {
    fail(ErrorKind::kBadInput, "{} is given {} times; give it once", option.flag, values.size());
  } else {
    option.set(values.front());
  }
}

// "--a", "--a and --b", "--a, --b and --c"
std::string all_of(const std::vector<std::string>& flags) {
  const auto last = flags.end() - 1;
  return flags.size() == 1 ? *last : fmt::format("{} and {}", fmt::join(flags.begin(), last, ", "), *last);
}

// `defaults`: the values of `list` before any was given.
void check_required(const Command& command, const OptionList& list, const Json& defaults) {
  std::vector<std::string> missing;
  std::string meaning;
  for (const Option& option : list) {
    if (!option.limits.is_required || option.get() != defaults[option.name]) continue;
    missing.push_back(option.flag);
    meaning = option.help;
  }
  if (missing.empty()) return;
  if (meaning.ends_with('.')) meaning.pop_back();
  fail(ErrorKind::kBadInput, "{} {} needed{}; see manyshot {} --help", all_of(missing),
       missing.size() == 1 ? "is" : "are", missing.size() == 1 ? fmt::format(" ({})", meaning) : "", command.name());
}

}  // namespace

ParsedArguments parse_arguments(Command& command, CommonOptions& common, std::span<const std::string> arguments) {
  OptionList list = command.options();
  const OptionList common_list = options_of(common);
  list.insert(list.end(), common_list.begin(), common_list.end());
  const Json defaults = to_json(list);

  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  bool help = false;
  app.add_flag("-h,--help", help);
  GivenValues given;
  std::map<const Option*, std::string> flags;
  OptionPlaces places;
  for (const Option& option : list) {
    places[option.name] = option.flag;
    if (option.is_flag) {
      app.add_flag(option.flag, flags[&option]);  // --flag, or --flag=false
      continue;
    }
    const CLI::callback_t keep = [&given, &option](const CLI::results_t& values) {
      given[&option] = values;
      return true;
    };
    // Where no argument may stand without a flag, a list may be several words: --compare A B.
    const int most_words = option.is_list && command.positional().empty() ? kMostWords : 1;
    app.add_option(option.flag, keep)->expected(1, most_words)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  }
  std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
  try {
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    fail(ErrorKind::kBadInput, "{}; see manyshot {} --help", error.what(), command.name());
  }
  if (help) return {.help = true, .places = {}};
  for (const auto& [option, value] : flags) {
    if (!value.empty()) given[option] = {value};
  }
  std::vector<std::string> extras = app.remaining();
  if (!command.positional().empty() && !extras.empty() && !extras.front().starts_with("-")) {
    given[&find_option(list, command.positional())] = {extras.front()};
    extras.erase(extras.begin());
  }
  if (!extras.empty()) {
    fail(ErrorKind::kBadInput, "manyshot {} has no {} \"{}\"{}; see manyshot {} --help", command.name(),
         extras.front().starts_with("-") ? "option" : "argument", extras.front(),
         did_you_mean(extras.front(), flags_of(list)), command.name());
  }
  const auto config =
      std::find_if(given.begin(), given.end(), [](const auto& entry) { return entry.first->name == "config"; });
  if (config != given.end()) {
    set_values(*config->first, config->second);
    if (!command.reads_config()) {
      for (auto& [name, place] : read_toml(named_by_keys(list), common.config)) places[name] = std::move(place);
    }
  }
  for (const auto& [option, values] : given) {
    set_values(*option, values);
    places[option->name] = option->flag;
  }
  check_required(command, list, defaults);
  keep_inputs(list);
  return {.help = false, .places = std::move(places)};
}

}  // namespace manyshot
