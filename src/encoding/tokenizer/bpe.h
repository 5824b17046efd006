// Byte pair encoding of one piece of text: the bytes are merged pair by pair, the best-ranked pair first.
// Source: Sennrich et al. 2016, arXiv 1508.07909, section 3.2; over bytes: Radford et al. 2019 (GPT-2), section 2.2.
#pragma once

#include <array>
#include <string_view>
#include <vector>

#include "encoding/prompt.h"
#include "encoding/tokenizer/piece_table.h"
#include "encoding/tokenizer/tokenizer_spec.h"

namespace manyshot {

// Vocabulary and merges of a byte-level BPE model. Safe to use from several threads.
class Bpe {
 public:
  // Throws Error(kCorruptFile) naming the source for two ids of one text, a merge that is not "left right" or names a
  // token that is not in the vocabulary, and a vocabulary without a token for any byte.
  explicit Bpe(const TokenizerSpec& spec);

  // Appends the ids of `piece`, which no merge crosses. REQUIRES: not empty.
  void encode_piece(std::string_view piece, std::vector<TokenId>& ids) const;

  // Bytes without a token of their own.
  std::vector<uint8_t> missing_bytes() const;

 private:
  // Merges of adjacent tokens: open addressing over (left, right).
  class MergeTable {
   public:
    static constexpr uint32_t kNone = UINT32_MAX;
    explicit MergeTable(size_t num_merges);
    void set(TokenId left, TokenId right, uint32_t rank);
    uint32_t rank(TokenId left, TokenId right) const;

   private:
    struct Slot {
      TokenId left, right;
      uint32_t rank;
    };
    size_t slot(TokenId left, TokenId right) const;

    std::vector<Slot> slots_;
    int shift_;
  };

  void merge(std::string_view piece, std::vector<TokenId>& ids) const;
  void merge_short(std::vector<TokenId>& ids, size_t first) const;
  void merge_long(std::vector<TokenId>& ids, size_t first) const;

  std::array<TokenId, 256> byte_ids_;  // kNoToken where the vocabulary lacks the byte
  MergeTable merges_;
  std::vector<TokenId> merged_;  // by rank
  PieceTable whole_pieces_;      // pieces that encode to a single token
};

}  // namespace manyshot
