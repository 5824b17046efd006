#include "train/data/shard_stream.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/text.h"
#include "train/data/supervision.h"

namespace manyshot {
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
    : mode_(parse_loss_mode(stage.loss)),
      tokenizer_(context.tokenizer),
      vocab_size_(context.vocab_size),
      max_tokens_(static_cast<uint64_t>(stage.max_tokens)),
      too_long_(stage.too_long) {
  uint64_t total = 0;
  for (const std::string& path : token_files(stage.path)) {
    auto shard = std::make_unique<Shard>(Shard{path, TokenShard(path), total});
    if (shard->file.size() == 0) continue;
    check_fit(*shard, context);
    total += shard->file.size();
    shards_.push_back(std::move(shard));
  }
  if (total == 0) fail(ErrorKind::kBadInput, "{}: the token files hold no samples", stage.path);
  order_ = std::make_unique<ShuffledOrder>(context.seed, total);
}

// The first sample of a file tells its kind and, for text, its tokenizer: answers are JSON arrays.
void ShardStream::check_fit(const Shard& shard, const StreamContext& context) const {
  const TokenSample first = shard.file.sample(0);
  const bool is_compact = first.num_features > 0;
  if (is_compact != (context.compact != nullptr)) {
    fail(ErrorKind::kBadInput, "{}: holds {} samples, the model is a {}; make them with manyshot corpus {}", shard.path,
         is_compact ? "compact" : "text", is_compact ? "language model" : "compact model",
         is_compact ? "--model" : "--format compact");
  }
  if (is_compact) return;
  const auto is_token = [&](TokenId token) { return token >= 0 && static_cast<uint64_t>(token) < tokenizer_->vocab_size(); };
  const auto answer = std::span(first.tokens).subspan(first.answer_begin);
  const bool decodes = std::all_of(answer.begin(), answer.end(), is_token);
  const std::string text = decodes ? tokenizer_->decode(answer) : "";
  if (!text.starts_with("[{\"id\":")) {
    fail(ErrorKind::kBadInput,
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

TrainSample ShardStream::sample(uint64_t position, StreamScratch&) const {
  for (uint64_t attempt = 0; attempt < order_->size(); ++attempt) {
    const uint64_t number = order_->at(position - position % order_->size() + (position + attempt) % order_->size());
    const Shard& shard = shard_of(number);
    TokenSample read = shard.file.sample(number - shard.first);
    for (const TokenId token : read.tokens) {
      if (token < 0 || static_cast<uint64_t>(token) >= vocab_size_) {
        fail(ErrorKind::kBadInput, "{}: sample {} has token {}, the model's vocabulary has {}; it was made for another "
             "model", shard.path, number - shard.first, token, vocab_size_);
      }
    }
    if (read.num_features == 0 && read.tokens.size() > max_tokens_) {
      if (too_long_ == "skip") continue;
      if (too_long_ == "stop" || read.answer_begin >= max_tokens_) {
        fail(ErrorKind::kBadInput, "{}: sample {} has {} tokens, max_tokens is {}; raise it, or take too_long = \"skip\"",
             shard.path, number - shard.first, read.tokens.size(), max_tokens_);
      }
      read.tokens.resize(max_tokens_);
    }
    TrainSample sample = make_train_sample(read);
    supervise(sample, mode_, tokenizer_);
    return sample;
  }
  fail(ErrorKind::kBadInput, "{}: every sample has more than max_tokens = {} tokens; raise it", shards_.front()->path,
       max_tokens_);
}

std::string ShardStream::description() const {
  return fmt::format("{} samples in {} token files", with_thousands(static_cast<long long>(order_->size())),
                     shards_.size());
}

}  // namespace manyshot
