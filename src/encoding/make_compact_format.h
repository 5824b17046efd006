// The `compact` format of a vocabulary's version.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "encoding/compact_vocabulary.h"
#include "encoding/prompt_format.h"

namespace manyshot {

// `shots` are the labelled rows and `labels` [N] their class indices.
std::unique_ptr<PromptFormat> make_compact_format(const Table& shots, std::span<const int32_t> labels,
                                                  const CompactVocabulary& vocabulary);
// The format that PromptFormat::write wrote, of a table of so many columns. Throws Error(kCorruptFile) for other bytes.
std::unique_ptr<PromptFormat> read_compact_format(ByteReader& reader, size_t num_columns,
                                                  const CompactVocabulary& vocabulary);

}  // namespace manyshot
