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

std::string describe(const Constraint& limits) {
  if (!limits.choices.empty()) return fmt::format("{}", fmt::join(limits.choices, " or "));
  if (std::isfinite(limits.low) && std::isfinite(limits.high)) return fmt::format("from {} to {}", limits.low, limits.high);
  if (std::isfinite(limits.low)) return fmt::format("at least {}", limits.low);
  return "";
}

// "a whole number of at least 1"
template <class T>
std::string expectation(const Constraint& limits) {
  if (!limits.choices.empty()) return describe(limits);
  if constexpr (std::is_same_v<T, bool>) return "true or false";
  if constexpr (std::is_same_v<T, std::string>) return "text";
  if constexpr (std::is_same_v<T, List>) return "a list of texts";
  std::string text = is_integer<T> ? "a whole number" : "a number";
  const bool is_bounded = std::isfinite(limits.low) || std::isfinite(limits.high);
  if constexpr (is_integer<T>) {
    using Range = std::numeric_limits<T>;
    if (!is_bounded) return fmt::format("{} from {} to {}", text, Range::min(), Range::max());
  }
  if (!is_bounded) return text;
  return fmt::format("{} {}{}", text, std::isfinite(limits.high) ? "" : "of ", describe(limits));
}

std::string shown(const Json& value) {
  if (value.is_string()) return fmt::format("\"{}\"", excerpt(value.get_ref<const std::string&>()));
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return excerpt(value.dump(-1, ' ', false, Json::error_handler_t::replace));
}

template <class T>
[[noreturn]] void fail_to_set(const Option& option, const Json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  fail(ErrorKind::kBadInput, "{}: expected {}, got {}{}", option.flag, expectation<T>(option.limits), shown(value),
       did_you_mean(text, option.limits.choices));
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
    List entries;
    while (!text.empty()) {
      const size_t comma = std::min(text.find(','), text.size());
      entries.emplace_back(text.substr(0, comma));
      text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return entries;
  } else {
    T value{};
    const char* end = text.data() + text.size();
    const auto result = std::from_chars(text.data(), end, value);
    return result.ec == std::errc() && result.ptr == end ? std::optional(value) : std::nullopt;
  }
}

template <class T>
bool is_within(const T& value, const Constraint& limits) {
  const auto is_choice = [&](const std::string& entry) {
    return limits.choices.empty() || std::find(limits.choices.begin(), limits.choices.end(), entry) != limits.choices.end();
  };
  if constexpr (std::is_same_v<T, std::string>) return is_choice(value);
  if constexpr (std::is_same_v<T, List>) return std::all_of(value.begin(), value.end(), is_choice);
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
    const bool is_texts = value.is_array() && std::all_of(value.begin(), value.end(), [](auto& e) { return e.is_string(); });
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
    if (!is_sound) fail(ErrorKind::kInternal, "option {}: the default {} is outside its limits", name, option.default_text);
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

void set_option(const OptionList& list, std::string_view name, std::string_view text) { find_option(list, name).set(text); }

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
