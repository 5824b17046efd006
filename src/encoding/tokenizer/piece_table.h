// Texts that are one token, for a look-up without hashing byte by byte.
#pragma once

#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "encoding/prompt.h"

namespace manyshot {

inline constexpr TokenId kNoToken = -1;

class PieceTable {
 public:
  explicit PieceTable(size_t num_pieces);

  // REQUIRES: `piece` is not in the table, and the table holds fewer than num_pieces.
  void insert(std::string_view piece, TokenId id);

  // The token of `piece`, or kNoToken.
  TokenId find(std::string_view piece) const {
    if (piece.size() > kShortBytes) return find_long(piece);
    const Key key = make_key(piece);
    for (size_t slot = key.hash() >> shift_;; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot].id == kNoToken || slots_[slot].key == key) return slots_[slot].id;
    }
  }

 private:
  static constexpr size_t kShortBytes = 15;  // with the length in the last byte, 16 bytes tell short pieces apart

  struct Key {
    uint64_t low = 0, high = 0;

    bool operator==(const Key&) const = default;
    uint64_t hash() const { return ((low * 0x9E3779B97F4A7C15U) ^ high) * 0xD6E8FEB86659FD93U; }
  };
  struct Slot {
    Key key;
    TokenId id = kNoToken;
  };
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  template <class Word>
  static uint64_t load(const char* bytes) {
    Word word;
    std::memcpy(&word, bytes, sizeof(word));
    return word;
  }

  static Key make_key(std::string_view piece) {
    const size_t size = piece.size();
    const char* bytes = piece.data();
    Key key{.high = uint64_t{size} << 56};
    if (size > 8) {
      key.low = load<uint64_t>(bytes);
      key.high |= load<uint64_t>(bytes + size - 8) >> (8 * (16 - size));
    } else if (size >= 4) {
      key.low = load<uint32_t>(bytes) | load<uint32_t>(bytes + size - 4) << (8 * (size - 4));
    } else {
      for (size_t i = 0; i < size; ++i) key.low |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
    }
    return key;
  }

  TokenId find_long(std::string_view piece) const;

  std::vector<Slot> slots_;
  int shift_;
  std::unordered_map<std::string, TokenId, TextHash, std::equal_to<>> long_pieces_;
};

}  // namespace manyshot
