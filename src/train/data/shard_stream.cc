#include "train/data/shard_stream.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/text.h"
#include "train/data/supervision.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

constexpr const char* kExtension = ".tokens";

std::vector<std::string> token_files(const std::string& path) {
  std::error_code error;
  if (!fs::exists(path, error)) fail(ErrorKind::kNotFound, "{}: no such file or folder; check the stage's path", path);
  if (!fs::is_directory(path, error)) return {path};
  const fs::path inner = fs::path(path) / "tokens";
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(fs::is_directory(inner, error) ? inner : fs::path(path))) {
    if (entry.path().extension() == kExtension) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) {
    fail(ErrorKind::kNotFound, "{}: no {} files; make them with manyshot corpus --layout tokens", path, kExtension);
  }
  return files;
}

}  // namespace

ShardStream::ShardStream(const StageRecipe& stage, const StreamContext& context)
    : mode_(stage.loss),
      tokenizer_(context.tokenizer),
      limit_(stage),
      split_(context.split),
      vocab_size_(context.vocab_size) {
  for (const std::string& path : token_files(stage.path)) {
    auto shard = std::make_unique<Shard>(path, num_in_files_);
    if (shard->file.size() == 0) continue;
    check_fit(*shard, context);
    num_in_files_ += shard->file.size();
    shards_.push_back(std::move(shard));
  }
  if (num_in_files_ == 0) fail(ErrorKind::kBadInput, "{}: the token files hold no samples", stage.path);
  order_ = std::make_unique<ShuffledOrder>(context.seed, split_.numbers(num_in_files_, "samples", stage.path));
}

// The first sample of a file tells its kind and, for text, its tokenizer: answers are JSON arrays, but of lines.
void ShardStream::check_fit(const Shard& shard, const StreamContext& context) const {
  const TokenSample first = shard.file.sample(0);
  const bool is_compact = first.num_features > 0;
  if (is_compact != (context.compact != nullptr)) {
    fail(ErrorKind::kBadInput, "{}: holds {} samples, the model is a {}; make them with manyshot corpus {}", shard.path,
         is_compact ? "compact" : "text", is_compact ? "language model" : "compact model",
         is_compact ? "--model" : "--format compact");
  }
  if (is_compact) return;
  const auto is_token = [&](TokenId token) {
    return token >= 0 && static_cast<uint64_t>(token) < tokenizer_->vocab_size();
  };
  const auto answer = std::span(first.tokens).subspan(first.answer_begin);
  const bool decodes = std::all_of(answer.begin(), answer.end(), is_token);
  const std::string text = decodes ? tokenizer_->decode(answer) : "";
  if (!text.starts_with("[{\"id\":") && !(decodes && is_lines(first.tokens, *tokenizer_))) {
    fail(
        ErrorKind::kBadInput,
        "{}: was made with another tokenizer: with this model's, the answer of its first sample reads \"{}\", expected "
        "[{{\"id\": …; make it again with manyshot corpus --model",
        shard.path, decodes ? excerpt(text) : "token ids beyond the vocabulary");
  }
}

const ShardStream::Shard& ShardStream::shard_of(uint64_t number) const {
  const auto after = std::upper_bound(shards_.begin(), shards_.end(), number,
                                      [](uint64_t value, const auto& shard) { return value < shard->first; });
  return **(after - 1);
}

void ShardStream::check_tokens(const Shard& shard, const TokenSample& sample) const {
  for (const TokenId token : sample.tokens) {
    if (token >= 0 && static_cast<uint64_t>(token) < vocab_size_) continue;
    fail(ErrorKind::kBadInput,
         "{}: sample {} has token {}, the model's vocabulary {} tokens; it was made for another model", shard.path,
         sample.index, token, vocab_size_);
  }
}

TrainSample ShardStream::sample(uint64_t position, StreamScratch&) const {
  for (uint64_t attempt = 0; attempt < order_->size(); ++attempt) {
    const uint64_t number = order_->at(position, attempt);
    const Shard& shard = shard_of(number);
    TokenSample read = shard.file.sample(number - shard.first);
    check_tokens(shard, read);
    TrainSample sample = make_train_sample(read);
    if (!limit_.fit(sample, fmt::format("{}: sample {}", shard.path, read.index))) continue;
    supervise(sample, mode_, tokenizer_);
    return sample;
  }
  limit_.fail_all_too_long(shards_.front()->path);
}

BatchShape ShardStream::largest_sample() const {
  BatchShape shape{.num_samples = 1};
  for (const auto& shard : shards_) {
    for (size_t i = 0; i < shard->file.size(); ++i) {
      const TokenSample sample = shard->file.sample(i);
      shape.sample_tokens = std::max(shape.sample_tokens, sample.tokens.size());
      shape.sample_rows = std::max<size_t>(shape.sample_rows, sample.num_labelled + sample.num_queries);
      shape.num_features = std::max<size_t>(shape.num_features, sample.num_features);
    }
  }
  if (shape.num_features == 0) shape.sample_tokens = std::min(shape.sample_tokens, limit_.max_tokens());
  return shape;
}

std::string ShardStream::description() const {
  return fmt::format("{} samples in {} token files{}", with_thousands(static_cast<long long>(order_->size())),
                     shards_.size(), held_out_text(split_, num_in_files_, order_->size()));
}

}  // namespace manyshot::train
