// Collects the documents and questions of a data set about one world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/rng.h"
#include "lab/data/lab_data.h"
#include "lab/words/words.h"
#include "lab/world/world.h"

namespace manyshot::lab {

// `count` of `entries` by `rng`, in random order; all of them when there are no more.
template <class T>
std::vector<T> drawn(const std::vector<T>& entries, size_t count, const Rng& rng) {
  const auto n = static_cast<uint32_t>(entries.size());
  std::vector<T> chosen;
  for (const uint32_t place : rng.sample(n, std::min(n, static_cast<uint32_t>(count))))
    chosen.push_back(entries[place]);
  return chosen;
}
template <class T>
std::vector<T> shuffled(const std::vector<T>& entries, const Rng& rng) {
  return drawn(entries, entries.size(), rng);
}

// How a question is asked.
struct Asking {
  std::string split, kind;
  uint64_t form = 0;         // the sentence form whose last place is left out
  size_t alternatives = 10;  // at most
  bool plain = false;        // words alone: no capital, no full stop
  std::string opening;       // what the question stands behind, as documents do
};

class DataBuilder {
 public:
  DataBuilder(World world, const Rng& rng, TokenCounter count_tokens = {});

  const World& world() const { return data_.world; }
  const std::vector<LabDocument>& documents() const { return data_.documents; }

  // These give the document or question its id.
  void add(LabDocument document);
  void add(LabQuestion question);

  // Asks for the last thing of `statement` in that form, among things of `candidates` of which it does not hold; those
  // as long as the answer first (length_of), else by chance. No question when no candidate is left, when no fact
  // supports the statement, or when the prompt shows the answer. Throws Error(kInternal) for a form that ends with
  // words of its own.
  void ask(const Statement& statement, std::span<const std::string> candidates, const Asking& asking);

  // Asks which of whole statements is right. The prompt is `lead`, and what all the sentences begin with; the
  // statements that the world entails are gold when they are in `gold`, else left out.
  void ask_which(const std::string& lead, std::span<const Statement> statements, std::span<const Statement> gold,
                 const Asking& asking);

  LabData finish(std::string kind, uint64_t seed, Json options) &&;

 private:
  struct Answers {
    std::string prompt;
    std::vector<std::string> right, wrong;
  };
  Cloze cloze(const Statement& statement, const Asking& asking) const;
  size_t answer_length(const std::string& answer);
  // `candidates` by how much longer or shorter they are than `right` as answers, those of one length by chance.
  std::vector<std::string> by_length(std::span<const std::string> candidates, const Statement& statement,
                                     const Cloze& right, const Asking& asking);
  void add_question(const Answers& answers, const Statement& statement, const Asking& asking);

  LabData data_;
  Rng rng_;
  TokenCounter count_tokens_;
  std::unordered_map<std::string, size_t> lengths_;  // of answers
};

}  // namespace manyshot::lab
