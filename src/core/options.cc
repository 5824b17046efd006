#include "core/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

using List = std::vector<std::string>;

template <class T>
struct ValueOf {
  using type = T;
};
template <class T>
struct ValueOf<std::optional<T>> {
  using type = T;
};
template <class T>
constexpr bool is_optional = !std::is_same_v<T, typename ValueOf<T>::type>;
template <class T>
constexpr bool is_integer = std::is_integral_v<T> && !std::is_same_v<T, bool>;

template <class T>
const char* type_name() {
  if constexpr (std::is_same_v<T, bool>) return "switch";
  if constexpr (is_integer<T>) return "integer";
  if constexpr (std::is_same_v<T, double>) return "number";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, List>) return "list";
}

// "gini, entropy or log_loss"
std::string either_of(const List& choices) {
  const auto last = choices.end() - 1;
  return choices.size() == 1 ? *last : fmt::format("{} or {}", fmt::join(choices.begin(), last, ", "), *last);
}

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
  } else if constexpr (std::is_same_v<T, List>) {
    return split_at_commas(text);
  } else {
    T value{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc() && result.ptr == end ? std::optional(value) : std::nullopt;
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

// "a whole number of at least 1". The limits of an integer's type are named where nothing else explains why `text` is
// refused.
template <class T>
std::string expectation(const Constraint& limits, std::string_view text) {
  const std::string within = describe(limits);
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::string>) return within.empty() ? "text" : within;
  if constexpr (std::is_same_v<T, List>) return within.empty() ? "a list of texts" : "a list of " + within;
  if constexpr (is_integer<T>) {
    const double number = parse<double>(text).value_or(0);
    const bool overflows = number > static_cast<double>(std::numeric_limits<T>::max()) ||
                           number < static_cast<double>(std::numeric_limits<T>::min());
    if (within.empty() || overflows) return "a whole number " + integer_range<T>(limits);
  }
  const std::string noun = is_integer<T> ? "a whole number" : "a number";
  return within.empty() ? noun : fmt::format("{} {}{}", noun, within.starts_with("at") ? "of " : "", within);
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

template <class T>
[[noreturn]] void fail_to_set(const Option& option, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : shown(value);
  fail(ErrorKind::kBadInput, "{}: expected {}, got {}{}", option.flag, expectation<T>(option.limits, text),
       shown(value), suggestion(text, option.limits));
}

template <class T>
bool is_within(const T& value, const Constraint& limits) {
  if constexpr (std::is_same_v<T, std::string>) return is_choice(value, limits);
  if constexpr (std::is_same_v<T, List>) {
    return std::all_of(value.begin(), value.end(), [&](const std::string& entry) { return is_choice(entry, limits); });
  }
  if constexpr (std::is_arithmetic_v<T> && !std::is_same_v<T, bool>) {
    const auto number = static_cast<double>(value);
    return std::isfinite(number) && number >= limits.low && number <= limits.high;
  }
  return true;
}

template <class T>
std::optional<T> from_json(const Json& value) {
  if constexpr (std::is_same_v<T, bool>) return value.is_boolean() ? std::optional(value.get<bool>()) : std::nullopt;
  if constexpr (std::is_same_v<T, std::string>) return value.is_string() ? std::optional(value.get<T>()) : std::nullopt;
  if constexpr (std::is_same_v<T, List>) {
    const bool is_texts =
        value.is_array() && std::all_of(value.begin(), value.end(), [](auto& e) { return e.is_string(); });
    return is_texts ? std::optional(value.get<List>()) : std::nullopt;
  }
  if constexpr (is_integer<T>) return value.is_number_integer() ? parse<T>(value.dump()) : std::nullopt;
  if constexpr (std::is_same_v<T, double>) return value.is_number() ? std::optional(value.get<T>()) : std::nullopt;
}

// Calls use(member) with the member's own type.
template <class Use>
decltype(auto) with_member(const Option& option, Use use) {
  return std::visit([&](auto* member) -> decltype(auto) { return use(*member); }, option.member);
}

std::string default_of(const Option& option) {
  const Json value = option.get();
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.is_array() ? fmt::format("{}", fmt::join(value.get<List>(), ",")) : shown(value);
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

void Option::set(std::string_view text) const {
  with_member(*this, [&]<class Member>(Member& target) {
    using Value = typename ValueOf<Member>::type;
    auto value = parse<Value>(text);
    if (!value || !is_within(*value, limits)) fail_to_set<Value>(*this, text);
    target = std::move(*value);
  });
}

void Option::set_json(const Json& json) const {
  with_member(*this, [&]<class Member>(Member& target) {
    using Value = typename ValueOf<Member>::type;
    if constexpr (is_optional<Member>) {
      if (json.is_null()) return target.reset();
    }
    auto value = from_json<Value>(json);
    if (!value || !is_within(*value, limits)) fail_to_set<Value>(*this, json);
    target = std::move(*value);
  });
}

Json Option::get() const {
  return with_member(*this, []<class Member>(const Member& value) -> Json {
    if constexpr (is_optional<Member>) {
      return value ? Json(*value) : Json();
    } else {
      return value;
    }
  });
}

Option make_option(std::string_view name, OptionMember member, Constraint limits, std::string_view help) {
  Option option{.name = std::string(name), .help = std::string(help), .member = member, .limits = std::move(limits)};
  option.flag = "--" + option.name;
  std::replace(option.flag.begin(), option.flag.end(), '_', '-');
  option.limits_text = describe(option.limits);
  option.default_text = default_of(option);
  with_member(option, [&]<class Member>(const Member& value) {
    using Value = typename ValueOf<Member>::type;
    option.type = type_name<Value>();
    option.is_flag = std::is_same_v<Member, bool>;
    option.is_list = std::is_same_v<Value, List>;
    bool is_sound = true;
    if constexpr (is_optional<Member>) {
      is_sound = !value || is_within(*value, option.limits);
    } else {
      is_sound = is_within(value, option.limits);
    }
    if (!is_sound) {
      fail(ErrorKind::kInternal, "option {}: the default {} is outside its limits", name, option.default_text);
    }
  });
  return option;
}

const Option& find_option(const OptionList& list, std::string_view name) {
  List names;
  for (const Option& option : list) {
    if (option.name == name) return option;
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

std::string options_markdown(const OptionList& list) {
  std::string table = "| option | type | default | allowed | meaning |\n|---|---|---|---|---|\n";
  for (const Option& option : list) {
    const std::string shown_default = option.default_text.empty() ? "" : fmt::format("`{}`", option.default_text);
    table += fmt::format("| `{}` | {} | {} | {} | {} |\n", option.flag, option.type, markdown_cell(shown_default),
                         markdown_cell(option.limits_text), markdown_cell(option.help));
  }
  return table;
}

}  // namespace manyshot
