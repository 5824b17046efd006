#include "core/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

using List = std::vector<std::string>;

using option_detail::ValueOf;
template <class T>
constexpr bool is_optional = !std::is_same_v<T, typename ValueOf<T>::type>;
template <class T>
constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <class T>
struct EntryOf {
  using type = void;
};
template <class T>
struct EntryOf<std::vector<T>> {
  using type = T;
};
template <class T>
constexpr bool is_list = !std::is_void_v<typename EntryOf<T>::type>;
template <class T>
constexpr bool is_number_list = is_list<T> && !std::is_same_v<T, List>;

// The value that a member holds; null for an unset optional.
template <class Member>
const typename ValueOf<Member>::type* value_in(const Member& member) {
  if constexpr (is_optional<Member>) {
    return member ? &*member : nullptr;
  } else {
    return &member;
  }
}

template <class T>
const char* type_name() {
  if constexpr (std::is_same_v<T, bool>) return "switch";
  if constexpr (is_integer<T>) return "integer";
  if constexpr (std::is_same_v<T, double>) return "number";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, IntRange>) return "range";
  if constexpr (is_list<T>) return "list";
}

// "gini, entropy or log_loss"
std::string either_of(const List& choices) {
  const auto last = choices.end() - 1;
  return choices.size() == 1 ? *last : fmt::format("{} or {}", fmt::join(choices.begin(), last, ", "), *last);
}

// "from 0 to 1", "at least 1" or "gini or entropy"; empty without limits.
std::string describe(const Constraint& limits) {
  if (!limits.choices.empty()) return either_of(limits.choices);
  if (std::isfinite(limits.low) && std::isfinite(limits.high)) {
    return fmt::format("from {} to {}", limits.low, limits.high);
  }
  return std::isfinite(limits.low) ? fmt::format("at least {}", limits.low) : "";
}

std::string shown(const Json& value) {
  if (value.is_string()) return fmt::format("\"{}\"", excerpt(value.get_ref<const std::string&>()));
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

List split_at_commas(std::string_view text) {
  List entries;
  while (!text.empty()) {
    const size_t comma = std::min(text.find(','), text.size());
    entries.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return entries;
}

template <class T>
std::optional<T> parse(std::string_view text) {
  if constexpr (std::is_same_v<T, bool>) {
    if (text == "true") return true;
    if (text == "false") return false;
    return std::nullopt;
  } else if constexpr (std::is_same_v<T, std::string>) {
    return std::string(text);
  } else if constexpr (std::is_same_v<T, IntRange>) {
    return parse_range(text);
  } else if constexpr (std::is_same_v<T, List>) {
    return split_at_commas(text);
  } else if constexpr (is_list<T>) {
    T values;
    for (const std::string& entry : split_at_commas(text)) {
      const auto value = parse<typename EntryOf<T>::type>(entry);
      if (!value) return std::nullopt;
      values.push_back(*value);
    }
    return values;
  } else {
    return parse_exact<T>(text);
  }
}

// "from 1 to 2147483647": the limits of the option and of its type together.
template <class T>
std::string integer_range(const Constraint& limits) {
  using Range = std::numeric_limits<T>;
  const auto low = static_cast<double>(Range::min()) < limits.low ? static_cast<T>(limits.low) : Range::min();
  const auto high = static_cast<double>(Range::max()) > limits.high ? static_cast<T>(limits.high) : Range::max();
  return fmt::format("from {} to {}", low, high);
}

std::string of_limits(const std::string& noun, const std::string& within) {
  return within.empty() ? noun : fmt::format("{} {}{}", noun, within.starts_with("at") ? "of " : "", within);
}

// "a whole number of at least 1". The limits of an integer's type are named where nothing else explains why `text` is
// refused.
template <class T>
std::string expectation(const Constraint& limits, std::string_view text) {
  const std::string within = describe(limits);
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::string>) return within.empty() ? "text" : within;
  if constexpr (std::is_same_v<T, List>) return within.empty() ? "a list of texts" : "a list of " + within;
  if constexpr (is_number_list<T>) return of_limits("a list of whole numbers", within);
  if constexpr (std::is_same_v<T, IntRange>) return "a whole number, or a range like 5:50";
  if constexpr (is_integer<T>) {
    const double number = parse<double>(text).value_or(0);
    const bool overflows = number > static_cast<double>(std::numeric_limits<T>::max()) ||
                           number < static_cast<double>(std::numeric_limits<T>::min());
    if (within.empty() || overflows) return "a whole number " + integer_range<T>(limits);
  }
  return of_limits(is_integer<T> ? "a whole number" : "a number", within);
}

bool is_choice(const std::string& text, const Constraint& limits) {
  return limits.choices.empty() ||
         std::find(limits.choices.begin(), limits.choices.end(), text) != limits.choices.end();
}

// For the first entry between commas that is no choice.
std::string suggestion(std::string_view text, const Constraint& limits) {
  for (const std::string& entry : split_at_commas(text)) {
    if (!is_choice(entry, limits)) return did_you_mean(entry, limits.choices);
  }
  return "";
}

[[noreturn]] void refuse_value(const Option& option, const Json& value, const std::string& expected) {
  const std::string& word = option.limits.unset_word;
  const bool names_word = word.empty() || expected.starts_with(word);
  fail(ErrorKind::kBadInput, "{}: expected {}{}, got {}{}", option.flag, names_word ? "" : word + " or ", expected,
       shown(value), suggestion(value.is_string() ? value.get<std::string>() : "", option.limits));
}

template <class T>
[[noreturn]] void refuse_value(const Option& option, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : shown(value);
  refuse_value(option, value, expectation<T>(option.limits, text));
}

bool is_within(double number, const Constraint& limits) {
  return std::isfinite(number) && number >= limits.low && number <= limits.high;
}

template <class T>
bool is_allowed(const T& value, const Constraint& limits) {
  if constexpr (std::is_same_v<T, std::string>) return is_choice(value, limits);
  if constexpr (std::is_same_v<T, IntRange>) {
    return value.low <= value.high && is_allowed(value.low, limits) && is_allowed(value.high, limits);
  }
  if constexpr (is_list<T>) {
    return std::all_of(value.begin(), value.end(), [&](const auto& entry) { return is_allowed(entry, limits); });
  }
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    return is_within(static_cast<double>(value), limits);
  }
  return true;
}

// Why a range that was read is refused.
[[noreturn]] void refuse_range(const Option& option, const IntRange& range) {
  const std::string place = fmt::format("{} {}", option.flag, to_text(range));
  if (range.low > range.high) {
    fail(ErrorKind::kBadInput, "{}: the range is empty; did you mean {}:{}?", place, range.high, range.low);
  }
  const bool is_low = !is_allowed(range.low, option.limits);
  fail(ErrorKind::kBadInput, "{}: expected {}, got {}", place, of_limits("numbers", describe(option.limits)),
       with_thousands(is_low ? range.low : range.high));
}

template <class T>
std::optional<T> from_json(const Json& value) {
  if constexpr (std::is_same_v<T, bool>) return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) return value.is_string() ? std::optional(value.get<T>()) : std::nullopt;
  if constexpr (std::is_same_v<T, IntRange>) {
    return value.is_string() ? parse_range(value.get<std::string>()) : parse_range(value.dump());
  }
  if constexpr (is_list<T>) {
    if (!value.is_array()) return std::nullopt;
    T entries;
    for (const Json& json : value) {
      auto entry = from_json<typename EntryOf<T>::type>(json);
      if constexpr (is_number_list<T>) {  // ["8", "32"] as well as [8, 32]
        if (json.is_string()) entry = parse<typename EntryOf<T>::type>(json.template get<std::string>());
      }
      if (!entry) return std::nullopt;
      entries.push_back(std::move(*entry));
    }
    return entries;
  }
  if constexpr (is_integer<T>) return value.is_number_integer() ? parse<T>(value.dump()) : std::nullopt;
  if constexpr (std::is_same_v<T, double>) return value.is_number() ? std::optional(value.get<T>()) : std::nullopt;
}

// Sets an enum by name; false where no value, nor its absence, has that name.
bool set_enum(const EnumMember& target, const Constraint& limits, std::string_view name) {
  if (target.access->is_optional && !limits.unset_word.empty() && name == limits.unset_word) {
    target.access->reset(target.member);
    return true;
  }
  const std::optional<std::string_view> canonical = target.access->canonical(name);
  if (!canonical || !is_choice(std::string(*canonical), limits)) return false;
  target.access->set(target.member, *canonical);
  return true;
}

// Sets the option from what `read`, a function of a type, makes of `value`; null or the option's word unset an
// optional.
template <class Read>
void set_member(const Option& option, const Json& value, Read read) {
  const Constraint& limits = option.limits;
  const bool is_unset_word = !limits.unset_word.empty() && value == limits.unset_word;
  std::visit(
      [&]<class Target>(const Target& target) {
        if constexpr (std::is_same_v<Target, EnumMember>) {
          if (value.is_null() && target.access->is_optional) return target.access->reset(target.member);
          if (value.is_string() && set_enum(target, limits, value.get<std::string>())) return;
          refuse_value(option, value, describe(limits));
        } else {
          using Member = std::remove_pointer_t<Target>;
          using Value = typename ValueOf<Member>::type;
          if constexpr (is_optional<Member>) {
            if (value.is_null() || is_unset_word) return target->reset();
          }
          std::optional<Value> read_value = read.template operator()<Value>();
          if (!read_value) refuse_value<Value>(option, value);
          if (!is_allowed(*read_value, limits)) {
            if constexpr (std::is_same_v<Value, IntRange>) refuse_range(option, *read_value);
            refuse_value<Value>(option, value);
          }
          *target = std::move(*read_value);
        }
      },
      option.member);
}

ConstOptionMember as_const(const OptionMember& member) {
  return std::visit(
      []<class Target>(const Target& target) -> ConstOptionMember {
        if constexpr (std::is_same_v<Target, EnumMember>) {
          return ConstEnumMember{target.member, target.access};
        } else {
          return static_cast<const std::remove_pointer_t<Target>*>(target);
        }
      },
      member);
}

// As set() takes it.
std::string default_of(const Option& option) {
  const Json value = option.get();
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return shown(value);
  List entries;
  for (const Json& entry : value) entries.push_back(entry.is_string() ? entry.get<std::string>() : entry.dump());
  return fmt::format("{}", fmt::join(entries, ","));
}

// What follows from the member's type.
void describe_member(Option& option) {
  std::visit(
      [&]<class Target>(const Target& target) {
        Constraint& limits = option.limits;
        if constexpr (std::is_same_v<Target, EnumMember>) {
          option.type = "text";
          if (limits.choices.empty()) limits.choices = target.access->names();
          if (!limits.unset_word.empty()) limits.choices.insert(limits.choices.begin(), limits.unset_word);
        } else {
          using Member = std::remove_pointer_t<Target>;
          using Value = typename ValueOf<Member>::type;
          option.type = type_name<Value>();
          option.is_flag = std::is_same_v<Member, bool>;
          option.is_list = is_list<Value>;
          const Value* value = value_in(*target);
          if (value != nullptr && !is_allowed(*value, limits)) {
            fail(ErrorKind::kInternal, "option {}: the default {} is outside its limits", option.name,
                 default_of(option));
          }
        }
      },
      option.member);
}

std::string markdown_cell(std::string_view text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

}  // namespace

Json option_detail::value_of(const ConstOptionMember& member, const Constraint& limits) {
  const Json unset = limits.unset_word.empty() ? Json() : Json(limits.unset_word);
  return std::visit(
      [&]<class Target>(const Target& target) -> Json {
        if constexpr (std::is_same_v<Target, ConstEnumMember>) {
          const auto name = target.access->get(target.member);
          return name ? Json(*name) : unset;
        } else {
          const auto* value = value_in(*target);
          if (value == nullptr) return unset;
          if constexpr (std::is_same_v<decltype(value), const IntRange*>) {
            return to_text(*value);
          } else {
            return *value;
          }
        }
      },
      member);
}

void Option::set(std::string_view text) const {
  set_member(*this, std::string(text), [text]<class Value>() { return parse<Value>(text); });
}

void Option::set_json(const Json& value) const {
  set_member(*this, value, [&value]<class Value>() { return from_json<Value>(value); });
}

Json Option::get() const { return option_detail::value_of(as_const(member), limits); }

Option make_option(std::string_view name, OptionMember member, Constraint limits, std::string_view help) {
  Option option{.name = std::string(name), .help = std::string(help), .member = member, .limits = std::move(limits)};
  if (!option.limits.older_name.empty()) {  // it stood in the same section
    option.limits.older_name.insert(0, option.name.substr(0, option.name.rfind('.') + 1));
  }
  option.flag = "--" + option.name;
  std::replace(option.flag.begin(), option.flag.end(), '_', '-');
  describe_member(option);
  option.limits_text = describe(option.limits);
  option.default_text = default_of(option);
  return option;
}

OptionList named_by_keys(OptionList list, std::string_view prefix) {
  for (Option& option : list) option.flag = std::string(prefix) + option.name;
  return list;
}

[[noreturn]] void refuse_as_given(const OptionError& error, const OptionPlaces& places, const std::string& prefix) {
  const std::string name = prefix + error.option();
  const auto place = places.find(name);
  fail(error.kind(), "{}: {}", place == places.end() ? name : place->second, error.problem());
}

const Option& find_option(const OptionList& list, std::string_view name) {
  List names;
  for (const Option& option : list) {
    if (option.name == name || (!name.empty() && option.limits.older_name == name)) return option;
    names.push_back(option.name);
  }
  fail(ErrorKind::kBadInput, "unknown option \"{}\"{}", excerpt(name), did_you_mean(name, names));
}

void set_option(const OptionList& list, std::string_view name, std::string_view text) {
  find_option(list, name).set(text);
}

Json to_json(const OptionList& list) {
  Json values = Json::object();
  for (const Option& option : list) values[option.name] = option.get();
  return values;
}

std::vector<OptionGroup> by_heading(const OptionList& list) {
  std::vector<OptionGroup> groups;
  for (const Option& option : list) {
    auto group =
        std::ranges::find_if(groups, [&](const OptionGroup& known) { return known.heading == option.heading; });
    if (group == groups.end()) group = groups.insert(groups.end(), {.heading = option.heading, .options = {}});
    group->options.push_back(option);
  }
  return groups;
}

std::string options_markdown(const OptionList& list) {
  std::string text;
  for (const OptionGroup& group : by_heading(list)) {
    if (!text.empty()) text += '\n';
    if (!group.heading.empty()) text += fmt::format("**{}**\n\n", group.heading);
    text += "| option | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
    for (const Option& option : group.options) {
      const std::string shown_default = option.limits.is_required     ? "required"
                                        : option.default_text.empty() ? ""
                                                                      : fmt::format("`{}`", option.default_text);
      text += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.flag, option.type, markdown_cell(shown_default),
                          markdown_cell(option.limits_text), markdown_cell(option.help));
    }
  }
  return text;
}

Json options_json(const OptionList& list) {
  Json json = Json::array();
  for (const Option& option : list) {
    json.push_back({{"name", option.name},
                    {"type", option.type},
                    {"default", option.default_text},
                    {"allowed", option.limits_text},
                    {"meaning", option.help}});
  }
  return json;
}

}  // namespace manyshot
