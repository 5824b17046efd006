#include "prior/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr double kMlpShare = 0.7;  // of mix

bool read_whole(std::string_view text, int64_t& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// "7" or "5:50".
IntRange read_range(const char* flag, std::string_view text, int64_t lowest, int64_t highest) {
  IntRange range;
  const size_t colon = text.find(':');
  const bool read = colon == std::string_view::npos ? read_whole(text, range.low) && read_whole(text, range.high)
                                                    : read_whole(text.substr(0, colon), range.low) &&
                                                          read_whole(text.substr(colon + 1), range.high);
  if (!read) {
    fail(ErrorKind::kBadInput, "{}: expected a whole number, or a range like 5:50, got \"{}\"", flag, excerpt(text));
  }
  if (range.low > range.high) {
    fail(ErrorKind::kBadInput, "{} {}: the range is empty; did you mean {}:{}?", flag, text, range.high, range.low);
  }
  if (range.low < lowest || range.high > highest) {
    fail(ErrorKind::kBadInput, "{} {}: expected numbers from {} to {}, got {}", flag, text, lowest,
         with_thousands(highest), with_thousands(range.low < lowest ? range.low : range.high));
  }
  return range;
}

void add_part(std::vector<PriorSettings::Part>& parts, std::string_view name, double weight) {
  if (name == "mix") {
    add_part(parts, "mlp", weight * kMlpShare);
    add_part(parts, "tree", weight * (1 - kMlpShare));
    return;
  }
  for (PriorSettings::Part& part : parts) {
    if (part.name == name) {
      part.weight += weight;
      return;
    }
  }
  parts.push_back({std::string(name), weight});
}

std::vector<PriorSettings::Part> read_mixture(std::string_view text) {
  static const std::vector<std::string> kNames{"mix", "mlp", "tree", "graph", "forest"};
  std::vector<PriorSettings::Part> parts;
  double total = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view entry = text.substr(begin, end - begin);
    begin = end + 1;
    const size_t colon = entry.find(':');
    const std::string_view name = entry.substr(0, colon);
    if (std::find(kNames.begin(), kNames.end(), name) == kNames.end()) {
      fail(
          ErrorKind::kBadInput,
          "--prior: unknown prior \"{}\"{}; expected mix, mlp, tree, graph, forest or a mixture like mix:0.4,graph:0.6",
          excerpt(name), did_you_mean(name, kNames));
    }
    double weight = 1;
    if (colon != std::string_view::npos) {
      const std::string_view number = entry.substr(colon + 1);
      const auto [stop, error] = std::from_chars(number.data(), number.data() + number.size(), weight);
      if (error != std::errc() || stop != number.data() + number.size() || !(weight >= 0) || !std::isfinite(weight)) {
        fail(ErrorKind::kBadInput, "--prior: expected a weight of at least 0 behind \"{}:\", got \"{}\"", name,
             excerpt(number));
      }
    }
    total += weight;
    add_part(parts, name, weight);
  }
  if (total <= 0) fail(ErrorKind::kBadInput, "--prior {}: all weights are 0; give one prior a weight above 0", text);
  for (PriorSettings::Part& part : parts) part.weight /= total;
  return parts;
}

}  // namespace

PriorSettings parse_settings(const PriorOptions& options) {
  PriorSettings settings;
  settings.parts = read_mixture(options.prior);
  settings.rows = read_range("--rows", options.rows, 16, 1'000'000);
  if (options.features != "auto") settings.features = read_range("--features", options.features, 1, 1000);
  settings.classes = read_range("--classes", options.classes, 2, 1000);
  settings.binary = options.binary;
  settings.missing = options.missing;
  if (settings.rows.low < 4 * settings.classes.high) {
    fail(ErrorKind::kBadInput, "--rows {}: too few rows for {} classes; at least {} are needed, or fewer --classes",
         options.rows, settings.classes.high, 4 * settings.classes.high);
  }
  return settings;
}

void PriorOptions::validate() const { parse_settings(*this); }

}  // namespace manyshot
