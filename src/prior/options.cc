#include "prior/options.h"

#include <algorithm>
#include <cmath>

#include "core/text.h"

namespace manyshot::prior {
namespace {

constexpr std::string_view kMix = "mix";
constexpr double kMlpShare = 0.7;  // of mix

void add_part(std::vector<PriorSettings::Part>& parts, PriorKind kind, double weight) {
  for (PriorSettings::Part& part : parts) {
    if (part.kind == kind) {
      part.weight += weight;
      return;
    }
  }
  parts.push_back({kind, weight});
}

void add_named(std::vector<PriorSettings::Part>& parts, std::string_view name, double weight) {
  if (name == kMix) {
    add_part(parts, PriorKind::kMlp, weight * kMlpShare);
    add_part(parts, PriorKind::kTree, weight * (1 - kMlpShare));
    return;
  }
  const std::optional<PriorKind> kind = value_named<PriorKind>(name);
  if (!kind) {
    std::vector<std::string> names{std::string(kMix)};
    for (const Named<PriorKind>& entry : names_of(PriorKind{})) names.emplace_back(entry.name);
    refuse_option(
        "prior",
        "unknown prior \"{}\"{}; expected mix, mlp, tree, graph, forest, effects or a mixture like mix:0.4,graph:0.6",
        excerpt(name), did_you_mean(name, names));
  }
  add_part(parts, *kind, weight);
}

// The number behind a prior's colon.
double read_weight(std::string_view name, std::string_view text) {
  const auto weight = parse_exact<double>(text);
  if (!weight || !(*weight >= 0) || !std::isfinite(*weight)) {
    refuse_option("prior", "expected a weight of at least 0 behind \"{}:\", got \"{}\"", excerpt(name), excerpt(text));
  }
  return *weight;
}

// "mix" or "mix:0.4,graph:0.6".
std::vector<PriorSettings::Part> read_mixture(std::string_view text) {
  std::vector<PriorSettings::Part> parts;
  double total = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view entry = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t colon = entry.find(':');
    const std::string_view name = entry.substr(0, colon);
    const double weight = colon == std::string_view::npos ? 1 : read_weight(name, entry.substr(colon + 1));
    add_named(parts, name, weight);
    total += weight;
  }
  if (total <= 0) refuse_option("prior", "{}: all weights are 0; give one prior a weight above 0", excerpt(text));
  for (PriorSettings::Part& part : parts) part.weight /= total;
  return parts;
}

}  // namespace

PriorSettings parse_settings(const PriorOptions& options) {
  if (!options.rows)
    refuse_option("rows", "auto is for a corpus, whose shots and queries say it; give a number or a range");
  const PriorSettings settings{.parts = read_mixture(options.prior),
                               .rows = *options.rows,
                               .features = options.features,
                               .classes = options.classes,
                               .binary = options.binary,
                               .missing = options.missing,
                               .number_share = options.number_share};
  if (settings.rows.low < 4 * settings.classes.high) {
    refuse_option("rows", "{} is too few for {} classes; at least {} rows are needed, or fewer classes",
                  settings.rows.low, settings.classes.high, 4 * settings.classes.high);
  }
  return settings;
}

}  // namespace manyshot::prior
