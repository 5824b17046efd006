// Files of encoded samples for a trainer (docs/formats/corpus.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/files.h"
#include "encoding/prompt.h"

namespace manyshot {

struct TokenSample {
  uint64_t index = 0;         // of the sample in its corpus
  uint32_t num_features = 0;  // `compact`: tokens come in rows of num_features + 2; text: 0
  uint32_t num_labelled = 0, num_queries = 0;
  uint64_t answer_begin = 0;  // the first supervised token
  std::vector<TokenId> tokens;
};

// The bytes of a file with these samples.
std::string write_token_shard(std::span<const TokenSample> samples);

// A file mapped into memory; its checksum and every offset are checked at once. Throws Error(kCorruptFile) naming the
// file and what is wrong, kUnsupported for another version, and what MappedFile throws.
class TokenShard {
 public:
  explicit TokenShard(const std::string& path);
  size_t size() const { return num_samples_; }
  TokenSample sample(size_t number) const;  // REQUIRES: number < size()

 private:
  MappedFile file_;
  size_t num_samples_ = 0;
};

// CRC-32 (ISO 3309) of `bytes`.
uint32_t crc32_of(std::string_view bytes);

}  // namespace manyshot
