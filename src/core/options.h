// Options declared once. A struct holds the members with their defaults, and one `visit` line per member is the rest of
// the declaration; command line, config file, documents and the copy saved with every output are made from that list.
//
//   struct ForestOptions {
//     int num_trees = 100;
//     Criterion criterion = Criterion::kGini;  // an enum with names_of() (core/names.h)
//     std::optional<IntRange> depth;           // nothing: the forest decides
//     template <class Self, class Visitor> static void visit(Self& self, Visitor& v) {
//       option_heading(v, "Trees");              // in help texts, over what follows
//       v("num_trees", self.num_trees, at_least(1), "Trees in the forest (Breiman 2001).");
//       v("criterion", self.criterion, any_value(), "What a split improves.");
//       v("depth", self.depth, at_least(1).unset_as("auto"), "Levels of a tree: a number, or A:B.");
//     }
//     void validate() const;  // rules that join several fields; the caller's duty after all setting
//   };
//
//   ForestOptions options;
//   const OptionList list = options_of(options);
//   read_toml(list, "forest.toml");
//   set_option(list, "num_trees", "30");
//   const Json saved = values_of(options);
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/error.h"
#include "core/json.h"
#include "core/names.h"
#include "core/range.h"

namespace manyshot {

// What a member may hold beyond its type. Bounds are inclusive and hold for numbers (exact up to 2^53), for both ends
// of a range and for each entry of a list of numbers; choices hold for text and for each entry of a list of texts. An
// enum has the choices of its names.
struct Constraint {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
  std::string unset_word;  // of an optional: how "no value" is written; empty: it cannot be written
  std::string older_name;  // another name that is still understood; shown nowhere
  bool is_required = false;

  Constraint unset_as(std::string word) && {
    unset_word = std::move(word);
    return std::move(*this);
  }
  Constraint once_named(std::string name) && {
    older_name = std::move(name);
    return std::move(*this);
  }
  // A command asks for it: the member's own default means that it was not given.
  Constraint required() && {
    is_required = true;
    return std::move(*this);
  }
};
inline Constraint any_value() { return {}; }
inline Constraint at_least(double low) { return {.low = low}; }
inline Constraint between(double low, double high) { return {.low = low, .high = high}; }
inline Constraint one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }
// These values of an enum alone, in this order.
template <NamedEnum E>
Constraint one_of(std::initializer_list<E> values) {
  Constraint result;
  for (const E value : values) result.choices.emplace_back(name_of(value));
  return result;
}

// How members that hold a NamedEnum, or an optional of one, are read and set by name.
struct EnumAccess {
  bool is_optional;
  std::optional<std::string_view> (*get)(const void* member);
  std::optional<std::string_view> (*canonical)(std::string_view name);  // what a name or alias is shown as
  void (*set)(void* member, std::string_view name);                     // REQUIRES: canonical(name)
  void (*reset)(void* member);                                          // of an optional
  std::vector<std::string> (*names)();                                  // without aliases
};
struct EnumMember {
  void* member;
  const EnumAccess* access;
};
struct ConstEnumMember {
  const void* member;
  const EnumAccess* access;
};

template <class... Values>
struct MembersOf {
  using Mutable = std::variant<Values*..., std::optional<Values>*..., EnumMember>;
  using Const = std::variant<const Values*..., const std::optional<Values>*..., ConstEnumMember>;
};
using OptionMembers = MembersOf<bool, int, int64_t, uint64_t, double, std::string, IntRange, std::vector<std::string>,
                                std::vector<int>, std::vector<int64_t>, std::vector<uint64_t>>;
using OptionMember = OptionMembers::Mutable;
using ConstOptionMember = OptionMembers::Const;

// One option: how it is shown, and how its member is set and read. Refers to the struct it was made from, which must
// outlive it.
struct Option {
  std::string name;          // num_trees
  std::string flag;          // --num-trees: what messages call it
  std::string type;          // "switch", "integer", "number", "range", "text", "list"
  std::string default_text;  // as set() takes it; empty for an unset optional without a word for that
  std::string limits_text;   // "at least 1", "from 0 to 1", "gini or entropy"; empty without limits
  std::string help;
  std::string heading;   // what it stands under in help texts; may be empty
  bool is_flag = false;  // a bool: the flag alone means true
  bool is_list = false;
  OptionMember member;
  Constraint limits;

  // Numbers as std::from_chars reads them, the whole text; "true" or "false"; ranges as core/range.h; the entries of a
  // list between commas; values of an enum by name. A failed set leaves the member as it was. Throws Error(kBadInput):
  // --num-trees: expected a whole number of at least 1, got "abc".
  void set(std::string_view text) const;
  // The same from a JSON value of the matching type (for a range text or a whole number); null unsets an optional.
  // Lists take entries that hold commas.
  void set_json(const Json& value) const;
  // null for an unset optional without a word for that; ranges and enums are text.
  Json get() const;
};
using OptionList = std::vector<Option>;

// The same options, called as they stand in a file: by their names, behind `prefix`.
OptionList named_by_keys(OptionList list, std::string_view prefix = "");

// In a visit(): options that follow, up to the next heading, stand under `heading` in help texts. Headings that come
// again are one; what does not ask for headings does not see them.
template <class Visitor>
void option_heading(Visitor& v, std::string_view heading) {
  if constexpr (requires { v.set_heading(heading); }) v.set_heading(heading);
}

// For a visit() inside another: puts "corpus." before the names of the options.
//   OptionSection section{v, "corpus."};
//   CorpusOptions::visit(self.corpus, section);
template <class Visitor>
struct OptionSection {
  Visitor& visitor;
  std::string prefix;
  template <class Member>
  void operator()(std::string_view name, Member& member, Constraint limits, std::string_view help) {
    visitor(prefix + std::string(name), member, std::move(limits), help);
  }
};

namespace option_detail {

// What a member holds: itself, or what is in an optional.
template <class M>
struct ValueOf {
  using type = M;
};
template <class T>
struct ValueOf<std::optional<T>> {
  using type = T;
};
template <class M>
concept EnumLike = NamedEnum<typename ValueOf<M>::type>;

template <EnumLike M>
inline constexpr EnumAccess kEnumAccess{
    .is_optional = !NamedEnum<M>,
    .get = [](const void* member) -> std::optional<std::string_view> {
      const M& value = *static_cast<const M*>(member);
      if constexpr (NamedEnum<M>) {
        return name_of(value);
      } else {
        return value ? std::optional(name_of(*value)) : std::nullopt;
      }
    },
    .canonical = [](std::string_view name) -> std::optional<std::string_view> {
      const auto value = value_named<typename ValueOf<M>::type>(name);
      return value ? std::optional(name_of(*value)) : std::nullopt;
    },
    .set = [](void* member,
              std::string_view name) { *static_cast<M*>(member) = *value_named<typename ValueOf<M>::type>(name); },
    .reset = [](void* member) { *static_cast<M*>(member) = M{}; },
    .names =
        [] {
          std::vector<std::string> names;
          for (const auto& entry : names_of(typename ValueOf<M>::type{})) {
            if (!entry.alias) names.emplace_back(entry.name);
          }
          return names;
        },
};

template <class M>
OptionMember member_of(M& member) {
  if constexpr (EnumLike<M>) {
    return EnumMember{&member, &kEnumAccess<M>};
  } else {
    return &member;
  }
}
template <class M>
ConstOptionMember member_of(const M& member) {
  if constexpr (EnumLike<M>) {
    return ConstEnumMember{&member, &kEnumAccess<M>};
  } else {
    return &member;
  }
}

Json value_of(const ConstOptionMember& member, const Constraint& limits);

}  // namespace option_detail

// Throws Error(kInternal) when the default breaks its own limits.
Option make_option(std::string_view name, OptionMember member, Constraint limits, std::string_view help);

// The visitor that makes a list.
class OptionCollector {
 public:
  void set_heading(std::string_view heading) { heading_ = heading; }
  template <class Member>
  void operator()(std::string_view name, Member& member, Constraint limits, std::string_view help) {
    list_.push_back(make_option(name, option_detail::member_of(member), std::move(limits), help));
    list_.back().heading = heading_;
  }
  OptionList take() { return std::move(list_); }

 private:
  OptionList list_;
  std::string heading_;
};

// The options of `object` in the order of their declaration; its current values are the defaults shown.
template <class T>
requires(!std::is_const_v<T>) OptionList options_of(T& object) {
  OptionCollector collector;
  T::visit(object, collector);
  return collector.take();
}

// {"num_trees": 100, ...}: the resolved copy that is saved with outputs.
template <class T>
Json values_of(const T& object) {
  Json values = Json::object();
  auto visitor = [&values](std::string_view name, const auto& member, const Constraint& limits, std::string_view) {
    values[std::string(name)] = option_detail::value_of(option_detail::member_of(member), limits);
  };
  T::visit(object, visitor);
  return values;
}
Json to_json(const OptionList& list);

// The option of that name. Throws Error(kBadInput) with the nearest name when there is none.
const Option& find_option(const OptionList& list, std::string_view name);
void set_option(const OptionList& list, std::string_view name, std::string_view text);

// A value that is refused because of other values. Libraries know the option by its name; where the user gave it is
// known to whoever read it (refuse_as_given).
class OptionError : public Error {
 public:
  OptionError(std::string option, std::string problem)
      : Error(ErrorKind::kBadInput, option + ": " + problem),
        option_(std::move(option)),
        problem_(std::move(problem)) {}
  const std::string& option() const { return option_; }    // shots
  const std::string& problem() const { return problem_; }  // the message without it

 private:
  std::string option_, problem_;
};
// Throws OptionError. The message shows the value and names other options in plain words, since flags and files spell
// them differently:  refuse_option("rows", "{}: too few for {} classes; give more rows, or fewer classes", …).
template <class... Args>
[[noreturn]] void refuse_option(std::string_view option, fmt::format_string<Args...> format, Args&&... args) {
  throw OptionError(std::string(option), fmt::format(format, std::forward<Args>(args)...));
}

// How the user gave each option, by its name: "--shots", or "recipe.toml:12:9: stage.corpus.shots".
using OptionPlaces = std::map<std::string, std::string, std::less<>>;
// Throws the error as Error(kBadInput) with the option's place before the problem; `prefix` stands before the option's
// name in `places`. An option that is not there, since its default was refused, goes by its name with the prefix.
[[noreturn]] void refuse_as_given(const OptionError& error, const OptionPlaces& places, const std::string& prefix = "");

// Sets what the TOML file at `path` names, and says where each option stood. A table [a] with key b means the option
// "a.b". Throws Error(kBadInput) for unknown keys and bad values, Error(kCorruptFile) for broken TOML, all with
// path:line:column, and what read_file throws.
OptionPlaces read_toml(const OptionList& list, const std::string& path);
// The same for the text of a file; `path` is only named in messages.
OptionPlaces set_from_toml(const OptionList& list, std::string_view text, const std::string& path);

// A table that may come several times: each [[stage]] of a file sets the options that its call of next() gives.
struct RepeatedTable {
  std::string name;
  std::function<OptionList()> next;
};
struct RepeatedPlaces {
  OptionPlaces file;
  std::vector<OptionPlaces> tables;  // of each repeated table, by the names of its own options
};
RepeatedPlaces set_from_toml(const OptionList& list, const RepeatedTable& repeated, std::string_view text,
                             const std::string& path);

// The options under each heading, in the order in which headings first come.
struct OptionGroup {
  std::string heading;
  OptionList options;
};
std::vector<OptionGroup> by_heading(const OptionList& list);

// A Markdown table of the list for each heading, for docs/options.md.
std::string options_markdown(const OptionList& list);
// [{"name": "num_trees", "type": "integer", "default": "100", "allowed": "at least 1", "meaning": …}, …], for programs.
Json options_json(const OptionList& list);

}  // namespace manyshot
