// How a text is written: what ends it, and how each token is chosen.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "core/names.h"
#include "core/options.h"

namespace manyshot {

struct GenerateOptions {
  int max_tokens = 128;
  double temperature = 0;
  double top_p = 1;
  int top_k = 0;
  std::vector<std::string> stop;
  bool ignore_end = false;
  uint64_t seed = 0;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Writing");
    v("max_tokens", self.max_tokens, at_least(0), "Tokens of a text at most; the model's window may end it before.");
    v("temperature", self.temperature, between(0, 100),
      "0: always the most likely token. Above: tokens are drawn, from logits divided by this.");
    v("top_p", self.top_p, between(0, 1),
      "Draw from the most likely tokens alone that have this share of the probability together.");
    v("top_k", self.top_k, at_least(0), "Draw from so many of the most likely tokens alone; 0: from all.");
    v("stop", self.stop, any_value(),
      "Texts that end what is written, and are not part of it, between commas; of texts with commas, several by the "
      "flag again.");
    v("ignore_end", self.ignore_end, any_value(), "Write on behind the model's tokens for the end of a text.");
    v("seed", self.seed, any_value(), "Seed of the draws.");
  }
  // Throws OptionError for an empty stop text and for top_p 0.
  void validate() const;
};

enum class FinishReason {
  kStop,    // the model ended it, or a stop text came
  kLength,  // max_tokens, or the end of the model's window
};
constexpr auto names_of(FinishReason) {
  return std::to_array<Named<FinishReason>>({{FinishReason::kStop, "stop"}, {FinishReason::kLength, "length"}});
}

}  // namespace manyshot
