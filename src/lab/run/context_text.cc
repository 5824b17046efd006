#include "lab/run/context_text.h"

#include <algorithm>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/rng.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

constexpr std::string_view kDocuments = "{documents}", kQuestion = "{question}";
constexpr std::string_view kOwnPrompt =
    "These documents belong together. What they say is true, and what follows from them is true as well.\n\n"
    "{documents}\n\n"
    "One more sentence that is true according to the documents:\n\n{question}";

struct Piece {
  const std::string* text;
  const std::vector<std::string>* facts;  // null: of an augmented text
};

std::vector<Piece> all_pieces(const LabData& data, std::span<const AugmentedText> augmented) {
  std::vector<Piece> pieces;
  for (const LabDocument& document : data.documents) pieces.push_back({&document.text, &document.facts});
  for (const AugmentedText& text : augmented) pieces.push_back({&text.text, nullptr});
  return pieces;
}

// The pieces in the order in which they are to be taken.
std::vector<Piece> order_pieces(const std::vector<Piece>& pieces, ContextChoice choice, uint64_t seed) {
  std::vector<Piece> drawn;
  for (const uint32_t place : Rng(seed).child("context").permutation(static_cast<uint32_t>(pieces.size())))
    drawn.push_back(pieces[place]);
  if (choice == ContextChoice::kRandom) return drawn;
  std::set<std::string> known;
  const auto brings_facts = [&](const Piece& piece) {
    if (piece.facts == nullptr) return true;
    bool is_new = false;
    for (const std::string& fact : *piece.facts) is_new = known.insert(fact).second || is_new;
    return is_new;
  };
  std::stable_partition(drawn.begin(), drawn.end(), brings_facts);
  return drawn;
}

}  // namespace

bool ContextText::supports(const LabQuestion& question) const {
  return std::ranges::all_of(question.facts, [&](const std::string& fact) { return facts.contains(fact); });
}

std::string read_context_prompt(const std::string& path) {
  if (path.empty()) return std::string(kOwnPrompt);
  std::string prompt = read_file(path, 1 << 20);
  while (!prompt.empty() && prompt.back() == '\n') prompt.pop_back();
  if (prompt.find(kDocuments) == std::string::npos || !prompt.ends_with(kQuestion)) {
    fail(ErrorKind::kBadInput,
         "{}: a prompt has {{documents}} where the documents stand and ends with {{question}}, behind which the "
         "answers are scored",
         path);
  }
  return prompt;
}

ContextText context_text(const LabData& data, std::span<const AugmentedText> augmented, const ContextOptions& options,
                         std::string_view prompt, const std::function<uint64_t(const std::string&)>& count_tokens,
                         uint64_t most_tokens, uint64_t seed) {
  const std::vector<Piece> pieces = all_pieces(data, augmented);
  ContextText result{.available = pieces.size()};
  const auto most_documents = options.context_documents > 0 ? static_cast<uint64_t>(options.context_documents)
                                                            : static_cast<uint64_t>(pieces.size());
  if (options.context_tokens > 0) most_tokens = std::min(most_tokens, static_cast<uint64_t>(options.context_tokens));
  const size_t place = prompt.find(kDocuments);
  const std::string lead(prompt.substr(0, place));
  const std::string rest(
      prompt.substr(place + kDocuments.size(), prompt.size() - place - kDocuments.size() - kQuestion.size()));
  uint64_t tokens = count_tokens(lead + rest);
  std::string documents;
  for (const Piece& piece : order_pieces(pieces, options.context_choice, seed)) {
    const uint64_t more = count_tokens(*piece.text) + 1;  // and the line end
    if (result.documents == most_documents || tokens + more > most_tokens) break;
    tokens += more;
    documents += (documents.empty() ? "" : "\n") + *piece.text;
    ++result.documents;
    if (piece.facts != nullptr) result.facts.insert(piece.facts->begin(), piece.facts->end());
  }
  if (result.documents == 0) {
    fail(ErrorKind::kBadInput,
         "not one document fits the prompt: {} tokens are left for documents{}; take a model with a longer window, or "
         "shorter documents",
         with_thousands(static_cast<long long>(most_tokens)), options.context_tokens > 0 ? " (context-tokens)" : "");
  }
  result.before = lead + documents + rest;
  result.tokens = count_tokens(result.before);
  return result;
}

}  // namespace manyshot::lab
