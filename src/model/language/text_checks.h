// What language models refuse, on every device, before they compute (language_model.h).
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "model/language/config.h"
#include "model/language/language_model.h"

namespace manyshot {

class TextChecks {
 public:
  // `path` names the model in messages. Both must outlive this.
  TextChecks(const LanguageModelConfig& config, const std::string& path) : config_(config), path_(path) {}

  // Throws Error(kBadInput) for tokens that the model does not have.
  void vocabulary(std::span<const TokenId> tokens) const;
  // And for a text of `num_before` tokens and these that is empty, or longer than the model reads.
  void text(size_t num_before, std::span<const TokenId> tokens) const;
  // Throws Error(kInternal) where a caller asks for what nothing predicts.
  void branch(const Branch& branch) const;
  void growth(const Growth& growth, size_t num_before) const;

 private:
  const LanguageModelConfig& config_;
  const std::string& path_;
};

// Tokens of a branch that must go through the layers: up to the last one whose prediction is wanted.
size_t num_passed(const Branch& branch);

}  // namespace manyshot
