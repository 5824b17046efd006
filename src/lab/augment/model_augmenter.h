// A language model, or an endpoint, as the writer of augmented texts.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/options.h"
#include "lab/augment/augmentation.h"
#include "lab/data/lab_data.h"

namespace manyshot::lab {

struct WriterOptions {
  std::string augment_prompts;
  int augment_tokens = 256;
  double augment_temperature = 0.7;
  int augment_documents = 0;
  int augment_samples = 1;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("augment_prompts", self.augment_prompts, any_value(),
      "Folder with local.txt, document.txt and global.txt, in which {document} and {documents} stand; nothing: our "
      "own, which lab prompts writes out.");
    v("augment_tokens", self.augment_tokens, between(1, 1 << 16), "Tokens of an answer at most.");
    v("augment_temperature", self.augment_temperature, between(0, 2), "0: the likeliest text.");
    v("augment_documents", self.augment_documents, at_least(0),
      "Documents that are written about at most, of each kind; 0: all.");
    v("augment_samples", self.augment_samples, between(1, 1000), "Answers for each.");
  }
};

// A request to a writer: one user message.
struct WriteRequest {
  std::string prompt;
  uint64_t seed = 0;
};
struct Written {
  std::string text;
  uint64_t tokens_read = 0, tokens_written = 0;
};

// Answers in the order of the requests; `done` gets each as soon as it is there.
struct TextWriter {
  std::string name;          // of the model, as it stands in files
  std::string identity;      // what its answers depend on: its weights, or the endpoint's model; for the cache
  double parameters = 0;     // of a local model, for FLOPs; 0: not known
  uint64_t most_tokens = 0;  // of a prompt and its answer; 0: not known
  std::function<uint64_t(const std::string&)> count_tokens;  // about
  std::function<void(std::span<const WriteRequest> requests,
                     const std::function<void(size_t request, const Written&)>& done)>
      write;
};

// The prompts, by AugmentKind: of the folder, or our own.
struct AugmentPrompts {
  std::array<std::string, 3> texts;
  std::string hash() const;  // SHA-256
};
// Throws Error(kNotFound, kBadInput) naming a file that is missing, or has no {document}.
AugmentPrompts read_augment_prompts(const std::string& folder);

// Every answer is kept in the file `cache` (JSON lines) as soon as it is there, and taken from there when the same is
// asked again. An answer's lines are the texts, without list marks; lines of fewer than two words are left out.
Augmentation augment_by_model(const LabData& data, std::span<const AugmentKind> kinds, const TextWriter& writer,
                              const WriterOptions& options, uint64_t seed, const std::string& cache);

}  // namespace manyshot::lab
