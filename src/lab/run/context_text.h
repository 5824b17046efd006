// The documents as a prompt.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "core/names.h"
#include "core/options.h"
#include "lab/augment/augmentation.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

// Which documents are left out where not all fit.
enum class ContextChoice {
  kCovering,  // first those that state a fact which none before them states
  kRandom,
};
constexpr auto names_of(ContextChoice) {
  return std::to_array<Named<ContextChoice>>(
      {{ContextChoice::kCovering, "covering"}, {ContextChoice::kRandom, "random"}});
}

struct ContextOptions {
  ContextChoice context_choice = ContextChoice::kCovering;
  int context_documents = 0;
  int context_tokens = 0;
  std::string context_prompt;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "In context");
    v("context_choice", self.context_choice, any_value(),
      "Which documents stay where not all fit the model's window: covering, first those that state a fact that none "
      "before them states; or random.");
    v("context_documents", self.context_documents, at_least(0), "Documents in the prompt at most; 0: as many as fit.");
    v("context_tokens", self.context_tokens, at_least(0),
      "Tokens of documents in the prompt at most; 0: as many as the model's window leaves.");
    v("context_prompt", self.context_prompt, any_value(),
      "File with the prompt's text: {documents} and, at its end, {question} stand in it; nothing: one of our own.");
  }
};

struct ContextText {
  std::string before;           // what stands before every question
  uint64_t documents = 0;       // in it, augmented texts included
  uint64_t available = 0;       // that there were
  uint64_t tokens = 0;          // of `before`
  std::set<std::string> facts;  // that its documents state

  bool is_whole() const { return documents == available; }
  bool supports(const LabQuestion& question) const;  // all facts that the answer needs
};

// The text of context_prompt's file, or our own. Throws Error(kBadInput) for one without the two places.
std::string read_context_prompt(const std::string& path);

// In an order drawn from `seed`; the same documents and order for every question, so that they are computed once.
// `count_tokens` counts a text's tokens, about; `most_tokens` of `before`. Throws Error(kBadInput) when not one
// document fits.
ContextText context_text(const LabData& data, std::span<const AugmentedText> augmented, const ContextOptions& options,
                         std::string_view prompt, const std::function<uint64_t(const std::string&)>& count_tokens,
                         uint64_t most_tokens, uint64_t seed);

}  // namespace manyshot::lab
