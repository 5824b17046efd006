#include "train/growth.h"

#include <sstream>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

double parse_share(const std::string& entry, size_t colon) {
  const auto share = parse_exact<double>(std::string_view(entry).substr(0, colon));
  if (!share || !(*share >= 0 && *share < 1)) {
    refuse_option("grow", "\"{}\" must begin with a share from 0 to 1 and a colon", excerpt(entry));
  }
  return *share;
}

// "shots=8:256 features=2:20"
void set_keys(const OptionList& keys, const std::string& text) {
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) refuse_option("grow", "\"{}\" is no key=value", excerpt(word));
    try {
      set_option(keys, word.substr(0, equals), word.substr(equals + 1));
    } catch (const Error& error) {
      refuse_option("grow", "{}", error.what());
    }
  }
}

}  // namespace

std::vector<GrowthPhase> growth_phases(const StageRecipe& stage) {
  GrowthPhase phase{.corpus = stage.corpus};
  phase.corpus.max_tokens = stage.max_tokens;
  std::vector<GrowthPhase> phases;
  for (const std::string& entry : stage.grow) {
    const size_t colon = entry.find(':');
    if (colon == std::string::npos) {
      refuse_option("grow", "expected \"0.1: shots=8:256 features=2:20\", got \"{}\"", excerpt(entry));
    }
    phase.begin = parse_share(entry, colon);
    if (!phases.empty() && phase.begin <= phases.back().begin) {
      refuse_option("grow", "\"{}\" must begin after {}", excerpt(entry), phases.back().begin);
    }
    set_keys(named_by_keys(options_of(phase.corpus)), entry.substr(colon + 1));
    if (phases.empty() && phase.begin > 0) phases.push_back({.corpus = stage.corpus});
    phases.push_back(phase);
  }
  if (phases.empty()) phases.push_back(phase);
  phases.front().corpus.max_tokens = stage.max_tokens;
  return phases;
}

}  // namespace manyshot::train
