// How the relations of a world are said, and how what was said is read again.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lab/world/names_index.h"
#include "lab/world/world_parts.h"

namespace manyshot::lab {

// What stands before the sentence that a negated statement denies.
inline constexpr std::string_view kSayNegated = "it is not true that ";

// A form taken apart: words, place, words, place, words.
struct SentenceForm {
  std::array<std::string, 3> words;        // as written
  std::array<std::string, 3> lower_words;  // to read by
  std::array<bool, 2> is_subject{}, is_plural{};
};

// Throws Error(kBadInput) naming the form unless it has one place for each end with letters between them.
SentenceForm parse_form(const std::string& form);

class SentenceForms {
 public:
  // `parts` and `names` must outlive it.
  SentenceForms(const WorldParts& parts, const NamesIndex& names);

  // Of one relation, never empty.
  std::span<const SentenceForm> forms(uint32_t relation) const { return forms_[relation]; }

  // The sentence without a capital and stop: what stands before its last place, that place, and what stands behind it.
  struct Parts {
    std::string before, last, after;
    bool last_is_object = false;
  };
  Parts parts_of(uint32_t relation, uint32_t subject, uint32_t object, uint64_t form) const;

  // The statement that one sentence makes.
  std::optional<Statement> read(std::string_view sentence) const;
  // Whether it only names things, behind one of the world's leads.
  bool is_lead(std::string_view sentence) const;
  std::vector<std::string_view> sentences(std::string_view text) const;

 private:
  std::optional<Statement> match(const std::string& sentence) const;
  std::optional<Statement> match(const std::string& sentence, uint32_t relation, const SentenceForm& form) const;
  std::optional<uint32_t> called(const std::string& words) const;  // with or without an article
  bool is_inside_name(std::string_view text, size_t position) const;
  bool ends_sentence(std::string_view text, size_t begin, size_t position) const;

  const WorldParts& parts_;
  const NamesIndex& names_;
  std::vector<std::vector<SentenceForm>> forms_;
  std::vector<std::string> openings_;      // in lower case, longest first, each with the blank behind it
  std::vector<std::string> leads_;         // in the same way
  std::vector<std::string> dotted_names_;  // in lower case: names with a stop and a blank behind it
};

}  // namespace manyshot::lab
