#include "train/device/cached_attention.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace manyshot::train {
namespace {

using at::Tensor;

Tensor upload(const std::vector<int32_t>& values, const at::Device& device) {
  return at::from_blob(const_cast<int32_t*>(values.data()), {static_cast<int64_t>(values.size())}, at::kInt)
      .clone()
      .to(device);
}

void add_sequence(SequenceLengths& lengths, size_t num_queries, size_t num_keys) {
  if (lengths.query_end.empty()) lengths.query_end = lengths.key_end = {0};
  lengths.query_end.push_back(lengths.query_end.back() + static_cast<int32_t>(num_queries));
  lengths.key_end.push_back(lengths.key_end.back() + static_cast<int32_t>(num_keys));
}

void finish(SequenceLengths& lengths, const at::Device& device) {
  for (size_t i = 0; i + 1 < lengths.query_end.size(); ++i) {
    lengths.most_queries = std::max<int64_t>(lengths.most_queries, lengths.query_end[i + 1] - lengths.query_end[i]);
    lengths.most_keys = std::max<int64_t>(lengths.most_keys, lengths.key_end[i + 1] - lengths.key_end[i]);
  }
  lengths.device_query_end = upload(lengths.query_end, device);
  lengths.device_key_end = upload(lengths.key_end, device);
}

// From the beginning of the text on.
std::vector<const CachedSegment*> path_of(const CachedSequence& sequence) {
  std::vector<const CachedSegment*> path;
  for (const CachedSegment* at = sequence.prefix.get(); at != nullptr; at = at->parent.get()) path.push_back(at);
  std::ranges::reverse(path);
  return path;
}

Tensor joined(const std::vector<const CachedSegment*>& segments, size_t layer,
              std::vector<Tensor> CachedSegment::*values) {
  if (segments.size() == 1) return (segments.front()->*values)[layer];
  std::vector<Tensor> all;
  for (const CachedSegment* segment : segments) all.push_back((segment->*values)[layer]);
  return at::cat(all, 0);
}

// Two attentions of the same queries over different keys as the one over all of them.
void merge(FlashResult& all, const FlashResult& more) {
  const Tensor log_sum = at::logaddexp(all.log_sum, more.log_sum);
  const auto share = [&](const FlashResult& part) { return part.out * at::exp(part.log_sum - log_sum).unsqueeze(-1); };
  all.out = (share(all) + share(more)).to(all.out.scalar_type());
  all.log_sum = log_sum;
}

}  // namespace

CachedAttention::CachedAttention(std::span<const CachedSequence> sequences, const at::Device& device) {
  std::vector<std::vector<const CachedSegment*>> paths;
  std::vector<size_t> begins;
  size_t num_tokens = 0, depth = 0;
  for (const CachedSequence& sequence : sequences) {
    kept_.push_back(sequence.prefix);
    paths.push_back(path_of(sequence));
    depth = std::max(depth, paths.back().size());
    begins.push_back(num_tokens);
    num_tokens += sequence.num_tokens;
    add_sequence(own_, sequence.num_tokens, sequence.num_tokens);
  }
  finish(own_, device);
  for (size_t at = 0; at < depth; ++at) {
    Level level;
    std::vector<int32_t> rows;
    for (size_t i = 0; i < paths.size();) {
      if (paths[i].size() <= at) {
        ++i;
        continue;
      }
      const CachedSegment* segment = paths[i][at];
      const size_t before = rows.size();
      for (; i < paths.size() && paths[i].size() > at && paths[i][at] == segment; ++i) {
        for (size_t j = 0; j < sequences[i].num_tokens; ++j) rows.push_back(static_cast<int32_t>(begins[i] + j));
      }
      level.segments.push_back(segment);
      add_sequence(level.lengths, rows.size() - before, segment->end - segment->begin);
    }
    finish(level.lengths, device);
    if (rows.size() < num_tokens) level.rows = upload(rows, device);
    levels_.push_back(std::move(level));
  }
}

Tensor CachedAttention::attend(size_t layer, const Tensor& q, const Tensor& k, const Tensor& v, double scale) const {
  FlashResult all = flash_attention(q, k, v, own_, /*is_causal=*/true, scale);
  for (const Level& level : levels_) {
    const Tensor keys = joined(level.segments, layer, &CachedSegment::keys),
                 values = joined(level.segments, layer, &CachedSegment::values);
    const auto over_level = [&](const Tensor& queries) {
      return flash_attention(queries, keys, values, level.lengths, /*is_causal=*/false, scale);
    };
    if (!level.rows.defined()) {
      merge(all, over_level(q));
      continue;
    }
    FlashResult part{.out = all.out.index_select(0, level.rows), .log_sum = all.log_sum.index_select(0, level.rows)};
    merge(part, over_level(q.index_select(0, level.rows)));
    const Tensor rows = level.rows.to(at::kLong);
    all.out = all.out.index_copy(0, rows, part.out);
    all.log_sum = all.log_sum.index_copy(0, rows, part.log_sum);
  }
  return all.out;
}

}  // namespace manyshot::train
