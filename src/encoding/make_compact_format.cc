#include "encoding/make_compact_format.h"

#include "encoding/compact_format.h"
#include "encoding/typed_format.h"

namespace manyshot {

std::unique_ptr<PromptFormat> make_compact_format(const Table& shots, std::span<const int32_t> labels,
                                                  const CompactVocabulary& vocabulary) {
  if (vocabulary.cells) return std::make_unique<TypedFormat>(shots, labels, vocabulary);
  return std::make_unique<CompactFormat>(shots, labels, vocabulary);
}

std::unique_ptr<PromptFormat> read_compact_format(ByteReader& reader, size_t num_columns,
                                                  const CompactVocabulary& vocabulary) {
  if (vocabulary.cells) return std::make_unique<TypedFormat>(reader, num_columns, vocabulary);
  return std::make_unique<CompactFormat>(reader, num_columns, vocabulary);
}

}  // namespace manyshot
