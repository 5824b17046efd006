#include "train/device/device_texts.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace manyshot::train {
namespace {

using at::Tensor;

template <class T>
Tensor upload(const std::vector<T>& values, at::ScalarType type, const at::Device& device) {
  return at::from_blob(const_cast<T*>(values.data()), {static_cast<int64_t>(values.size())}, type).clone().to(device);
}

Tensor upload_rows(const float* values, int64_t rows, int64_t columns, const at::Device& device) {
  return at::from_blob(const_cast<float*>(values), {rows, 1, columns}, at::kFloat).clone().to(device);
}

Tensor shift_right(const Tensor& z, int64_t bits) {  // of unsigned numbers
  return at::bitwise_and(at::bitwise_right_shift(z, bits), (int64_t{1} << (64 - bits)) - 1);
}

// As mix() of train/language/dropout.cc, on int64, which wraps as uint64 does.
Tensor mix(Tensor z) {
  z = z + static_cast<int64_t>(0x9E3779B97F4A7C15u);
  z = at::bitwise_xor(z, shift_right(z, 30)) * static_cast<int64_t>(0xBF58476D1CE4E5B9u);
  z = at::bitwise_xor(z, shift_right(z, 27)) * static_cast<int64_t>(0x94D049BB133111EBu);
  return at::bitwise_xor(z, shift_right(z, 31));
}

}  // namespace

DeviceTexts to_device(const std::vector<TokenId>& tokens, std::span<const size_t> positions,
                      const std::vector<int64_t>& target_rows, const Rope& rope, const at::Device& device) {
  DeviceTexts texts;
  texts.tokens = upload(tokens, at::kInt, device);
  const RotationTable table = rope.rotations(positions);
  const auto rows = static_cast<int64_t>(tokens.size()), half = static_cast<int64_t>(rope.frequencies().size());
  texts.cosines = upload_rows(table.rotation().cosines, rows, half, device);
  texts.sines = upload_rows(table.rotation().sines, rows, half, device);
  texts.target_rows = upload(target_rows, at::kLong, device);
  return texts;
}

DeviceTexts to_device(const PackedBatch& batch, const Rope& rope, const Dropout& dropout, const at::Device& device) {
  std::vector<int64_t> target_rows, targets;
  for (const PackedBatch::Target& target : batch.targets) {
    target_rows.push_back(static_cast<int64_t>(target.row));
    targets.push_back(target.token);
  }
  DeviceTexts texts = to_device(batch.tokens, batch.positions, target_rows, rope, device);
  texts.targets = upload(targets, at::kLong, device);

  SequenceLengths& lengths = texts.lengths;
  lengths.query_end = {0};
  for (const PackedBatch::Sequence& sequence : batch.sequences) {
    lengths.query_end.push_back(static_cast<int32_t>(sequence.last));
    lengths.most_queries = std::max(lengths.most_queries, static_cast<int64_t>(sequence.num_tokens()));
  }
  lengths.key_end = lengths.query_end;
  lengths.most_keys = lengths.most_queries;
  lengths.device_query_end = lengths.device_key_end = upload(lengths.query_end, at::kInt, device);

  if (dropout.is_active()) {
    texts.dropout_keys = upload(dropout.keys(), at::kLong, device);
    texts.dropout_threshold = dropout.threshold();
    texts.dropout_factor = dropout.factor();
  }
  return texts;
}

Tensor drop(const DeviceTexts& texts, uint64_t stream, const Tensor& x) {
  if (!texts.dropout_keys.defined()) return x;
  const int64_t width = x.size(1), words = (width + 3) / 4;
  const Tensor of_stream = mix(at::full({1}, static_cast<int64_t>(stream), texts.dropout_keys.options()));
  const Tensor keys = mix(at::bitwise_xor(texts.dropout_keys, of_stream)).unsqueeze(1);
  const Tensor bits = mix(keys + at::arange(words, texts.dropout_keys.options()));  // four values each
  std::vector<Tensor> lanes;
  for (int64_t lane = 0; lane < 4; ++lane)
    lanes.push_back(at::bitwise_and(at::bitwise_right_shift(bits, 16 * lane), 0xFFFF));
  const Tensor kept = at::stack(lanes, 2).flatten(1).slice(1, 0, width) >= texts.dropout_threshold;
  return at::where(kept, x * texts.dropout_factor, at::zeros({1}, x.options()));
}

}  // namespace manyshot::train
