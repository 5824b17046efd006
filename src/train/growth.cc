#include "train/growth.h"

#include <charconv>
#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

double parse_share(const std::string& entry, size_t colon) {
  double share = -1;
  const auto [end, error] = std::from_chars(entry.data(), entry.data() + colon, share);
  if (error != std::errc() || end != entry.data() + colon || !(share >= 0 && share < 1)) {
    fail(ErrorKind::kBadInput, "grow: \"{}\" must begin with a share from 0 to 1 and a colon", excerpt(entry));
  }
  return share;
}

}  // namespace

std::vector<GrowthPhase> growth_phases(const StageRecipe& stage) {
  GrowthPhase phase{.corpus = stage.corpus};
  phase.corpus.max_tokens = stage.max_tokens;
  std::vector<GrowthPhase> phases;
  for (const std::string& entry : stage.grow) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos) {
      fail(ErrorKind::kBadInput, "grow: expected \"0.1: shots=8:256 features=2:20\", got \"{}\"", excerpt(entry));
    }
    phase.begin = parse_share(entry, colon);
    if (!phases.empty() && phase.begin <= phases.back().begin) {
      fail(ErrorKind::kBadInput, "grow: \"{}\" must begin after {}", excerpt(entry), phases.back().begin);
    }
    std::istringstream words(entry.substr(colon + 1));
    const OptionList keys = options_of(phase.corpus);
    for (std::string word; words >> word;) {
      const size_t equals = word.find('=');
      if (equals == std::string::npos) {
        fail(ErrorKind::kBadInput, "grow: \"{}\" is no key=value", excerpt(word));
      }
      set_option(keys, word.substr(0, equals), word.substr(equals + 1));
    }
    if (phases.empty() && phase.begin > 0) phases.push_back({.corpus = stage.corpus});
    phases.push_back(phase);
  }
  if (phases.empty()) phases.push_back(phase);
  phases.front().corpus.max_tokens = stage.max_tokens;
  return phases;
}

}  // namespace manyshot
