#include "lab/make/options.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

struct KnownSize {
  DataKind kind;
  std::string_view name;
  std::string_view default_text;
};

// Those of the published study (arXiv 2505.00661) where it says them, and of the sets that it uses.
constexpr KnownSize kKnownSizes[] = {
    {DataKind::kReversals, "facts", "100"},         {DataKind::kReversals, "articles", "10"},
    {DataKind::kReversals, "features", "28"},       {DataKind::kReversals, "trained_reverses", "0"},
    {DataKind::kReversals, "alternatives", "10"},   {DataKind::kSyllogisms, "examples", "69"},
    {DataKind::kSyllogisms, "articles", "1"},       {DataKind::kCelebrities, "people", "30"},
    {DataKind::kCelebrities, "templates", "30"},    {DataKind::kCelebrities, "test_templates", "10"},
    {DataKind::kCelebrities, "alternatives", "10"}, {DataKind::kSemantic, "categories", "112"},
    {DataKind::kSemantic, "documents", "2200"},     {DataKind::kSemantic, "question_share", "0.1"},
    {DataKind::kSemantic, "holdout", "10"},         {DataKind::kSemantic, "questions", "200"},
    {DataKind::kSemantic, "alternatives", "10"},    {DataKind::kFamily, "families", "12"},
    {DataKind::kFamily, "articles", "10"},          {DataKind::kFamily, "questions", "200"},
    {DataKind::kFamily, "alternatives", "10"},      {DataKind::kProcess, "materials", "20"},
    {DataKind::kProcess, "operations", "6"},        {DataKind::kProcess, "trained_pairs", "0.5"},
    {DataKind::kProcess, "articles", "5"},          {DataKind::kProcess, "questions", "200"},
    {DataKind::kProcess, "alternatives", "10"},     {DataKind::kRelations, "entities", "1000"},
    {DataKind::kRelations, "relations", "20"},      {DataKind::kRelations, "trained_reverses", "1"},
    {DataKind::kRelations, "holdout", "200"},       {DataKind::kRelations, "questions", "200"},
    {DataKind::kRelations, "alternatives", "10"},   {DataKind::kDocuments, "questions", "1000"},
    {DataKind::kDocuments, "alternatives", "10"},
};

const KnownSize* known_size(DataKind kind, std::string_view name) {
  const auto found = std::ranges::find_if(
      kKnownSizes, [&](const KnownSize& known) { return known.kind == kind && known.name == name; });
  return found == std::end(kKnownSizes) ? nullptr : found;
}

[[noreturn]] void refuse_size(DataKind kind, const Option& option) {
  std::vector<std::string> names;
  for (const KnownSize& known : kKnownSizes) {
    if (known.kind == kind) names.emplace_back(known.name);
  }
  refuse_option(option.name, "{} is no size of {}; it has {}", option.get().dump(), name_of(kind),
                list_names(names, names.size()));
}

}  // namespace

MakeOptions resolved(MakeOptions options) {
  const DataKind kind = options.kind.value();
  for (const Option& option : options_of(options.sizes)) {
    const KnownSize* known = known_size(kind, option.name);
    const bool is_given = !option.get().is_null();
    if (is_given && known == nullptr) refuse_size(kind, option);
    if (!is_given && known != nullptr) option.set(known->default_text);
  }
  if (kind == DataKind::kDocuments && options.in.empty()) {
    refuse_option("in", "documents are made from a file of your own; name it");
  }
  if (!options.in.empty() && kind != DataKind::kDocuments && kind != DataKind::kCelebrities) {
    refuse_option("in", "{} is invented, so {} is of no use; leave it out", name_of(kind), options.in);
  }
  return options;
}

Json kept_values(const MakeOptions& resolved) {
  Json values = Json::object();
  if (!resolved.in.empty()) values["in"] = resolved.in;
  const Json sizes = values_of(resolved.sizes);
  for (const auto& [name, value] : sizes.items()) {
    if (!value.is_null()) values[name] = value;
  }
  return values;
}

}  // namespace manyshot::lab
