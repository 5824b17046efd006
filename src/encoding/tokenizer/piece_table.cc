#include "encoding/tokenizer/piece_table.h"

#include <bit>

namespace manyshot {

PieceTable::PieceTable(size_t num_pieces)
    : slots_(std::bit_ceil(2 * num_pieces + 2)), shift_(64 - std::countr_zero(slots_.size())) {}

void PieceTable::insert(std::string_view piece, TokenId id) {
  if (piece.size() > kShortBytes) {
    long_pieces_.emplace(piece, id);
    return;
  }
  const Key key = make_key(piece);
  size_t slot = key.hash() >> shift_;
  while (slots_[slot].id != kNoToken) slot = (slot + 1) & (slots_.size() - 1);
  slots_[slot] = {key, id};
}

TokenId PieceTable::find_long(std::string_view piece) const {
  const auto found = long_pieces_.find(piece);
  return found == long_pieces_.end() ? kNoToken : found->second;
}

}  // namespace manyshot
