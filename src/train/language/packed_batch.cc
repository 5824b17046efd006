#include "train/language/packed_batch.h"

#include <algorithm>

#include "core/error.h"

namespace manyshot::train {
namespace {

constexpr size_t kBlockTokens = 128, kLeastBlockTokens = 64;

void check_sample(const TrainSample& sample, const LanguageModelConfig& config) {
  for (size_t i = 0; i < sample.tokens.size(); ++i) {
    const TokenId token = sample.tokens[i];
    if (token < 0 || token >= config.vocab_size) {
      fail(ErrorKind::kBadInput,
           "sample {}: token {} at place {} is outside of the vocabulary of {}; the data was made with another "
           "tokenizer: make it again with this model's",
           sample.index, token, i, config.vocab_size);
    }
  }
  if (sample.tokens.size() > static_cast<size_t>(config.max_position_embeddings)) {
    fail(ErrorKind::kBadInput, "sample {}: {} tokens, the model reads up to {}; set max_tokens to that", sample.index,
         sample.tokens.size(), config.max_position_embeddings);
  }
  for (size_t i = 0; i < sample.supervised.size(); ++i) {
    const size_t place = sample.supervised[i];
    if (place == 0 || place >= sample.tokens.size() || (i > 0 && place <= sample.supervised[i - 1])) {
      fail(ErrorKind::kBadInput,
           "sample {}: supervised place {} of {} tokens; places increase, and the first token has nothing before it",
           sample.index, place, sample.tokens.size());
    }
  }
}

}  // namespace

PackedBatch::PackedBatch(std::span<const TrainSample> samples, const LanguageModelConfig& config) {
  for (size_t number = 0; number < samples.size(); ++number) {
    const TrainSample& sample = samples[number];
    check_sample(sample, config);
    if (sample.supervised.empty()) continue;
    const size_t first = tokens.size(), count = sample.supervised.back();
    sequences.push_back({first, first + count, sample.index});
    for (size_t i = 0; i < count; ++i) {
      tokens.push_back(sample.tokens[i]);
      positions.push_back(i);
    }
    for (const size_t place : sample.supervised) targets.push_back({first + place - 1, sample.tokens[place], number});
  }
}

bool PackedBatch::has_targets(const Range& rows) const {
  const auto next = std::lower_bound(targets.begin(), targets.end(), rows.first,
                                     [](const Target& target, size_t row) { return target.row < row; });
  return next != targets.end() && next->row < rows.last;
}

std::vector<std::span<const TrainSample>> pack_samples(std::span<const TrainSample> samples, size_t max_tokens) {
  std::vector<std::span<const TrainSample>> groups;
  size_t first = 0, tokens = 0;
  for (size_t i = 0; i < samples.size(); ++i) {
    const size_t count = samples[i].tokens.size();
    if (i > first && tokens + count > max_tokens) {
      groups.push_back(samples.subspan(first, i - first));
      first = i;
      tokens = 0;
    }
    tokens += count;
  }
  if (first < samples.size()) groups.push_back(samples.subspan(first));
  return groups;
}

std::vector<Range> token_blocks(size_t num_tokens) {
  const size_t wanted = (num_tokens / kMaxChunks + 15) / 16 * 16;
  const size_t step = std::clamp(wanted, kLeastBlockTokens, kBlockTokens);
  std::vector<Range> blocks;
  for (size_t first = 0; first < num_tokens; first += step)
    blocks.push_back({first, std::min(first + step, num_tokens)});
  return blocks;
}

std::vector<Range> block_chunks(size_t num_blocks) {
  const size_t step = (num_blocks + kMaxChunks - 1) / kMaxChunks;
  std::vector<Range> chunks;
  for (size_t first = 0; first < num_blocks; first += step)
    chunks.push_back({first, std::min(first + step, num_blocks)});
  return chunks;
}

}  // namespace manyshot::train
