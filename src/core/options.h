// Options declared once. A struct holds the members with their defaults, and one `visit` line per member is the rest of
// the declaration; command line, config file, documents and the copy saved with every output are made from that list.
//
//   struct ForestOptions {
//     int num_trees = 100;
//     std::string criterion = "gini";
//     template <class Self, class Visitor> static void visit(Self& self, Visitor& v) {
//       v("num_trees", self.num_trees, at_least(1), "Trees in the forest (Breiman 2001).");
//       v("criterion", self.criterion, one_of({"gini", "entropy"}), "What a split improves.");
//     }
//     void validate() const;  // rules that join several fields; the caller's duty after all setting
//   };
//
//   ForestOptions options;
//   const OptionList list = options_of(options);
//   read_toml(list, "forest.toml");
//   set_option(list, "num_trees", "30");
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/json.h"

namespace manyshot {

// What a member may hold beyond its type. Bounds are inclusive and hold for numbers (exact up to 2^53); choices hold
// for text and for each entry of a list.
struct Constraint {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;
};
inline Constraint any_value() { return {}; }
inline Constraint at_least(double low) { return {.low = low}; }
inline Constraint between(double low, double high) { return {.low = low, .high = high}; }
inline Constraint one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }

using OptionMember =
    std::variant<bool*, int*, int64_t*, uint64_t*, double*, std::string*, std::vector<std::string>*,
                 std::optional<bool>*, std::optional<int>*, std::optional<int64_t>*, std::optional<uint64_t>*,
                 std::optional<double>*, std::optional<std::string>*, std::optional<std::vector<std::string>>*>;

// One option: how it is shown, and how its member is set and read. Refers to the struct it was made from, which must
// outlive it.
struct Option {
  std::string name;          // num_trees
  std::string flag;          // --num-trees
  std::string type;          // "switch", "integer", "number", "text", "list"
  std::string default_text;  // as set() takes it; empty for an unset optional
  std::string limits_text;   // "at least 1", "from 0 to 1", "gini or entropy"; empty without limits
  std::string help;
  bool is_flag = false;  // a bool: the flag alone means true
  bool is_list = false;
  OptionMember member;
  Constraint limits;

  // Numbers as std::from_chars reads them, the whole text; "true" or "false"; the entries of a list between commas. A
  // failed set leaves the member as it was. Throws Error(kBadInput): --num-trees: expected a whole number of at least
  // 1, got "abc".
  void set(std::string_view text) const;
  // The same from a JSON value of the matching type; null unsets an optional. Lists take entries that hold commas.
  void set_json(const Json& value) const;
  Json get() const;
};
using OptionList = std::vector<Option>;

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

// Throws Error(kInternal) when the default breaks its own limits.
Option make_option(std::string_view name, OptionMember member, Constraint limits, std::string_view help);

// The options of `object` in the order of their declaration; its current values are the defaults shown.
template <class T>
OptionList options_of(T& object) {
  OptionList list;
  auto visitor = [&list](std::string_view name, auto& member, Constraint limits, std::string_view help) {
    list.push_back(make_option(name, &member, std::move(limits), help));
  };
  T::visit(object, visitor);
  return list;
}

// The option of that name. Throws Error(kBadInput) with the nearest name when there is none.
const Option& find_option(const OptionList& list, std::string_view name);
void set_option(const OptionList& list, std::string_view name, std::string_view text);

// Sets what the TOML file at `path` names. A table [a] with key b means the option "a.b". Throws Error(kBadInput) for
// unknown keys and bad values, Error(kCorruptFile) for broken TOML, all with path:line:column, and what read_file
// throws.
void read_toml(const OptionList& list, const std::string& path);
// The same for the text of a file; `path` is only named in messages.
void set_from_toml(const OptionList& list, std::string_view text, const std::string& path);

// A table that may come several times: each [[stage]] of a file sets the options that its call of next() gives.
struct RepeatedTable {
  std::string name;
  std::function<OptionList()> next;
};
void set_from_toml(const OptionList& list, const RepeatedTable& repeated, std::string_view text,
                   const std::string& path);

// {"num_trees": 100, ...}: the resolved copy that is saved with outputs.
Json to_json(const OptionList& list);

// A Markdown table of the list, for docs/options.md.
std::string options_markdown(const OptionList& list);

}  // namespace manyshot
