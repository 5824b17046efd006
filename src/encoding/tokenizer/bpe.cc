#include "encoding/tokenizer/bpe.h"

#include <algorithm>
#include <bit>
#include <queue>
#include <string>
#include <tuple>
#include <unordered_map>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/byte_alphabet.h"

namespace manyshot {
namespace {

// Up to so many bytes a scan for the best pair beats a heap.
constexpr size_t kShortPiece = 48;

using Ids = std::unordered_map<std::string_view, TokenId>;

Ids ids_by_text(const TokenizerSpec& spec) {
  Ids ids;
  ids.reserve(spec.tokens.size());
  for (size_t id = 0; id < spec.tokens.size(); ++id) {
    if (spec.tokens[id].empty()) continue;
    const auto [first, is_new] = ids.emplace(spec.tokens[id], static_cast<TokenId>(id));
    if (!is_new) {
      fail(ErrorKind::kCorruptFile, "{}: tokens {} and {} are both \"{}\"; each text has one id: fetch the file again",
           spec.source, first->second, id, excerpt(spec.tokens[id]));
    }
  }
  return ids;
}

TokenId merge_part(const TokenizerSpec& spec, const Ids& ids, size_t rank, std::string_view text) {
  const auto found = ids.find(text);
  if (found == ids.end()) {
    fail(ErrorKind::kCorruptFile,
         "{}: merge {} \"{}\" needs the token \"{}\", which the vocabulary does not hold: vocabulary and merges belong "
         "to different models, or the file is damaged",
         spec.source, rank, excerpt(spec.merges[rank]), excerpt(text));
  }
  return found->second;
}

}  // namespace

Bpe::MergeTable::MergeTable(size_t num_merges)
    : slots_(std::bit_ceil(2 * num_merges + 2), Slot{kNoToken, kNoToken, kNone}),
      shift_(64 - std::countr_zero(slots_.size())) {}

size_t Bpe::MergeTable::slot(TokenId left, TokenId right) const {
  const uint64_t key = uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  size_t slot = key * 0x9E3779B97F4A7C15U >> shift_;
  while (slots_[slot].rank != kNone && (slots_[slot].left != left || slots_[slot].right != right)) {
    slot = (slot + 1) & (slots_.size() - 1);
  }
  return slot;
}

void Bpe::MergeTable::set(TokenId left, TokenId right, uint32_t rank) {
  slots_[slot(left, right)] = {left, right, rank};
}

uint32_t Bpe::MergeTable::rank(TokenId left, TokenId right) const { return slots_[slot(left, right)].rank; }

Bpe::Bpe(const TokenizerSpec& spec) : merges_(spec.merges.size()), whole_pieces_(spec.tokens.size()) {
  const Ids ids = ids_by_text(spec);
  byte_ids_.fill(kNoToken);
  for (size_t byte = 0; byte < 256; ++byte) {
    const auto found = ids.find(bytes_to_alphabet(std::string(1, static_cast<char>(byte))));
    if (found != ids.end()) byte_ids_[byte] = found->second;
  }
  if (missing_bytes().size() == 256) {
    fail(ErrorKind::kCorruptFile,
         "{}: none of the {} tokens is a single byte in GPT-2's spelling; a byte-level BPE vocabulary is needed",
         spec.source, spec.tokens.size());
  }
  if (spec.unknown) std::replace(byte_ids_.begin(), byte_ids_.end(), kNoToken, *spec.unknown);
  for (size_t rank = 0; rank < spec.merges.size(); ++rank) {
    const std::string_view merge = spec.merges[rank];
    const size_t space = merge.find(' ');
    const bool two_parts = space != std::string_view::npos && space > 0 && space + 1 < merge.size();
    if (!two_parts || merge.find(' ', space + 1) != std::string_view::npos) {
      fail(ErrorKind::kCorruptFile,
           "{}: merge {} is \"{}\", not two tokens with one space between; fetch the file again", spec.source, rank,
           excerpt(merge));
    }
    const std::string_view left = merge.substr(0, space), right = merge.substr(space + 1);
    merged_.push_back(merge_part(spec, ids, rank, std::string(left).append(right)));
    merges_.set(merge_part(spec, ids, rank, left), merge_part(spec, ids, rank, right), static_cast<uint32_t>(rank));
  }
  std::vector<TokenId> encoded;
  for (const auto& [spelling, id] : ids) {
    const std::optional<std::string> bytes = bytes_from_alphabet(spelling);
    if (!bytes) continue;
    encoded.clear();
    if (!spec.ignore_merges) merge(*bytes, encoded);
    if (spec.ignore_merges || (encoded.size() == 1 && encoded[0] == id)) whole_pieces_.insert(*bytes, id);
  }
}

std::vector<uint8_t> Bpe::missing_bytes() const {
  std::vector<uint8_t> missing;
  for (size_t byte = 0; byte < 256; ++byte) {
    if (byte_ids_[byte] == kNoToken) missing.push_back(static_cast<uint8_t>(byte));
  }
  return missing;
}

void Bpe::encode_piece(std::string_view piece, std::vector<TokenId>& ids) const {
  const TokenId whole = whole_pieces_.find(piece);
  if (whole != kNoToken) {
    ids.push_back(whole);
  } else {
    merge(piece, ids);
  }
}

void Bpe::merge(std::string_view piece, std::vector<TokenId>& ids) const {
  const size_t first = ids.size();
  for (const char byte : piece) {
    const TokenId id = byte_ids_[static_cast<uint8_t>(byte)];
    if (id != kNoToken) ids.push_back(id);
  }
  if (ids.size() - first <= kShortPiece) {
    merge_short(ids, first);
  } else {
    merge_long(ids, first);
  }
}

// ids[first..] in place; ranks[i] belongs to the pair (i, i + 1).
void Bpe::merge_short(std::vector<TokenId>& ids, size_t first) const {
  TokenId* const tokens = ids.data() + first;
  size_t size = ids.size() - first;
  std::array<uint32_t, kShortPiece> ranks;
  const auto rank_at = [&](size_t i) {
    return i + 1 < size ? merges_.rank(tokens[i], tokens[i + 1]) : MergeTable::kNone;
  };
  for (size_t i = 0; i < size; ++i) ranks[i] = rank_at(i);
  while (size > 1) {
    const size_t best = std::min_element(ranks.begin(), ranks.begin() + size - 1) - ranks.begin();
    if (ranks[best] == MergeTable::kNone) break;
    tokens[best] = merged_[ranks[best]];
    std::copy(tokens + best + 2, tokens + size, tokens + best + 1);
    std::copy(ranks.begin() + best + 2, ranks.begin() + size, ranks.begin() + best + 1);
    --size;
    ranks[best] = rank_at(best);
    if (best > 0) ranks[best - 1] = rank_at(best - 1);
  }
  ids.resize(first + size);
}

// The same result in O(n log n): a heap of pairs over a linked list; pairs whose tokens have changed are dropped when
// popped.
void Bpe::merge_long(std::vector<TokenId>& ids, size_t first) const {
  struct Symbol {
    TokenId id;
    size_t previous, next;
  };
  constexpr size_t kEnd = SIZE_MAX;
  const size_t size = ids.size() - first;
  std::vector<Symbol> symbols(size);
  for (size_t i = 0; i < size; ++i) symbols[i] = {ids[first + i], i == 0 ? kEnd : i - 1, i + 1 < size ? i + 1 : kEnd};

  using Candidate = std::pair<uint32_t, size_t>;  // rank, left symbol
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto rank_at = [&](size_t i) {
    const size_t next = symbols[i].next;
    return symbols[i].id == kNoToken || next == kEnd ? MergeTable::kNone
                                                     : merges_.rank(symbols[i].id, symbols[next].id);
  };
  const auto push = [&](size_t i) {
    const uint32_t rank = i == kEnd ? MergeTable::kNone : rank_at(i);
    if (rank != MergeTable::kNone) candidates.emplace(rank, i);
  };
  for (size_t i = 0; i < size; ++i) push(i);
  while (!candidates.empty()) {
    const auto [rank, left] = candidates.top();
    candidates.pop();
    if (rank_at(left) != rank) continue;
    const size_t right = symbols[left].next;
    symbols[left].id = merged_[rank];
    symbols[left].next = symbols[right].next;
    if (symbols[left].next != kEnd) symbols[symbols[left].next].previous = left;
    symbols[right].id = kNoToken;
    push(symbols[left].previous);
    push(left);
  }
  ids.resize(first);
  for (size_t i = 0; i != kEnd; i = symbols[i].next) ids.push_back(symbols[i].id);
}

}  // namespace manyshot
