// Llama and Qwen2 models that score and write texts on a device, by the network that is trained there.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/parallel.h"
#include "model/language/device_library.h"
#include "model/language/text_checks.h"
#include "train/device/cached_attention.h"
#include "train/device/language_network.h"
#include "train/device/torch_device.h"
#include "train/device/torch_errors.h"

namespace manyshot::train {
namespace {

using at::Tensor;

constexpr size_t kPassTokens = size_t{1} << 15, kPassTokensOnCpu = 2048;  // through the layers together
constexpr size_t kRowsAtOnce = 1024;                                      // whose logits stand in memory

struct CachedText : TextCache {
  size_t num_tokens() const override { return segment->end; }
  CachedSegmentPtr segment;
  const void* model = nullptr;
  Tensor last_hidden;  // [D], at the last token
};

struct WrittenText : GrowingText {
  size_t num_tokens() const override { return segment == nullptr ? 0 : segment->end; }
  CachedSegmentPtr beginning;  // which other texts may share
  CachedSegmentPtr segment;
  const void* model = nullptr;
};

// Some texts' tokens, one text behind the other.
class Pass {
 public:
  void add(CachedSegmentPtr prefix, std::span<const TokenId> tokens) {
    const size_t begin = prefix == nullptr ? 0 : prefix->end;
    sequences_.push_back({std::move(prefix), tokens.size()});
    tokens_.insert(tokens_.end(), tokens.begin(), tokens.end());
    for (size_t i = 0; i < tokens.size(); ++i) positions_.push_back(begin + i);
  }
  size_t num_tokens() const { return tokens_.size(); }
  bool is_empty() const { return tokens_.empty(); }

  // Hidden states [wanted, D] behind the final norm, of those tokens of the pass.
  Tensor run(const LanguageNetwork& network, const Rope& rope, const std::vector<int64_t>& wanted, bool keeps) {
    const DeviceTexts texts = to_device(tokens_, positions_, wanted, rope, network.device());
    const CachedAttention cached(sequences_, network.device());
    Tensor x = network.embed(texts);
    for (int64_t i = 0; i < network.num_layers(); ++i) {
      x = network.layer(i, x, texts, [&](const Tensor& q, const Tensor& k, const Tensor& v, double scale) {
        if (keeps) {
          keys_.push_back(k);
          values_.push_back(v);
        }
        return cached.attend(static_cast<size_t>(i), q, k, v, scale);
      });
    }
    return network.hidden(x, texts);
  }

  // After run() that keeps them: keys and values of sequence `number`, as a segment behind its prefix.
  CachedSegmentPtr segment(size_t number) const {
    size_t first = 0;
    for (size_t i = 0; i < number; ++i) first += sequences_[i].num_tokens;
    auto segment = std::make_shared<CachedSegment>();
    segment->parent = sequences_[number].prefix;
    segment->begin = segment->parent == nullptr ? 0 : segment->parent->end;
    segment->end = segment->begin + sequences_[number].num_tokens;
    const auto part = [&](const Tensor& x) {
      const Tensor rows =
          x.slice(0, static_cast<int64_t>(first), static_cast<int64_t>(first + sequences_[number].num_tokens));
      return sequences_.size() == 1 ? rows : rows.clone();  // or each would hold the memory of all
    };
    for (size_t layer = 0; layer < keys_.size(); ++layer) {
      segment->keys.push_back(part(keys_[layer]));
      segment->values.push_back(part(values_[layer]));
    }
    return segment;
  }

 private:
  std::vector<CachedSequence> sequences_;
  std::vector<TokenId> tokens_;
  std::vector<size_t> positions_;
  std::vector<Tensor> keys_, values_;  // of each layer
};

// A growing text gets a segment at each step; those behind its beginning become one before they are many, so that a
// step stays a few calls.
CachedSegmentPtr joined(const CachedSegmentPtr& last, const CachedSegmentPtr& beginning) {
  constexpr size_t kMostSegments = 8;
  std::vector<const CachedSegment*> segments;
  const CachedSegment* at = last.get();
  for (; at != nullptr && at != beginning.get(); at = at->parent.get()) segments.push_back(at);
  if (segments.size() < kMostSegments) return last;
  std::ranges::reverse(segments);
  auto all = std::make_shared<CachedSegment>();
  all->parent = segments.front()->parent;
  all->begin = segments.front()->begin;
  all->end = last->end;
  for (size_t layer = 0; layer < last->keys.size(); ++layer) {
    std::vector<Tensor> keys, values;
    for (const CachedSegment* segment : segments) {
      keys.push_back(segment->keys[layer]);
      values.push_back(segment->values[layer]);
    }
    all->keys.push_back(at::cat(keys, 0));
    all->values.push_back(at::cat(values, 0));
  }
  return all;
}

class DeviceLanguageModel : public LanguageModel {
 public:
  DeviceLanguageModel(const TensorSource& source, const Device& device, std::optional<DType> dtype)
      : path_(source.path()),
        network_(source, nullptr, ParameterStore(), torch_device(device), torch_type(device, dtype)),
        logit_head_(network_.logit_head()),
        rope_(network_.config()),
        pass_tokens_(network_.device().is_cpu() ? kPassTokensOnCpu : kPassTokens) {}

  const LanguageModelConfig& config() const override { return network_.config(); }
  uint64_t cache_bytes_per_token() const override {
    return 2 * static_cast<uint64_t>(config().num_hidden_layers) *
           static_cast<uint64_t>(config().num_key_value_heads * config().head_dim) * at::elementSize(network_.type());
  }

  std::vector<TextCachePtr> extend(std::span<const Continuation> continuations) const override {
    for (const auto& [prefix, tokens] : continuations) {
      check().text(cached(prefix) != nullptr ? prefix->num_tokens() : 0, tokens);
    }
    return computed([&] {
      std::vector<TextCachePtr> texts(continuations.size());
      for (size_t next = 0; next < continuations.size();) next = extend_some(continuations, next, texts);
      return texts;
    });
  }

  std::vector<BranchScore> score(std::span<const Branch> branches) const override {
    for (const Branch& branch : branches) {
      cached(branch.prefix);
      check().branch(branch);
    }
    return computed([&] {
      std::vector<BranchScore> scores(branches.size());
      for (size_t first = 0; first < branches.size();) {
        size_t last = first, passed = 0;
        do {
          passed += num_passed(branches[last++]);
        } while (last < branches.size() && passed + num_passed(branches[last]) <= pass_tokens_);
        score_some(branches.subspan(first, last - first), std::span(scores).subspan(first, last - first));
        first = last;
      }
      return scores;
    });
  }

  std::unique_ptr<GrowingText> begin_text(TextCachePtr prefix) const override {
    auto text = std::make_unique<WrittenText>();
    text->model = this;
    if (const CachedText* beginning = cached(prefix)) text->segment = text->beginning = beginning->segment;
    return text;
  }

  std::vector<NextToken> grow(std::span<const Growth> growths) const override {
    for (const Growth& growth : growths) check().growth(growth, written(growth).num_tokens());
    if (growths.empty()) return {};
    return computed([&] {
      Pass pass;
      std::vector<int64_t> wanted;
      for (const Growth& growth : growths) {
        pass.add(written(growth).segment, growth.tokens);
        for (size_t token = pass.num_tokens() - growth.num_wanted; token < pass.num_tokens(); ++token) {
          wanted.push_back(static_cast<int64_t>(token));
        }
      }
      const Tensor hidden = pass.run(network_, rope_, wanted, /*keeps=*/true);
      for (size_t i = 0; i < growths.size(); ++i) {
        WrittenText& text = written(growths[i]);
        text.segment = joined(pass.segment(i), text.beginning);
      }
      return next_tokens(hidden);
    });
  }

 private:
  // One thread at a time, as a device has one stream.
  template <class Work>
  std::invoke_result_t<Work> computed(const Work& work) const {
    const std::lock_guard lock(mutex_);
    return guarded([&] {
      const c10::InferenceMode no_gradients;
      at::set_num_threads(num_threads());
      return work();
    });
  }

  TextChecks check() const { return {network_.config(), path_}; }

  // Null for none.
  const CachedText* cached(const TextCachePtr& text) const {
    const auto* found = dynamic_cast<const CachedText*>(text.get());
    if (text != nullptr && (found == nullptr || found->model != this)) {
      fail(ErrorKind::kInternal, "a text cached by another model");
    }
    return found;
  }
  WrittenText& written(const Growth& growth) const {
    auto* text = dynamic_cast<WrittenText*>(growth.text);
    if (text == nullptr || text->model != this) fail(ErrorKind::kInternal, "a growing text of another model");
    return *text;
  }

  TextCachePtr make_text(CachedSegmentPtr segment, const Tensor& last_hidden) const {
    auto text = std::make_shared<CachedText>();
    text->segment = std::move(segment);
    text->model = this;
    text->last_hidden = last_hidden.clone();
    return text;
  }

  // Texts from number `next` on as far as a pass reaches, or one longer than that; returns the number behind them.
  size_t extend_some(std::span<const Continuation> continuations, size_t next, std::vector<TextCachePtr>& texts) const {
    check_interrupted();
    if (continuations[next].tokens.size() > pass_tokens_) {
      texts[next] = extend_long(continuations[next]);
      return next + 1;
    }
    Pass pass;
    std::vector<size_t> numbers;
    std::vector<int64_t> wanted;
    for (; next < continuations.size(); ++next) {
      const auto& [prefix, tokens] = continuations[next];
      if (tokens.empty()) {
        texts[next] = prefix;
        continue;
      }
      if (pass.num_tokens() + tokens.size() > pass_tokens_) break;
      pass.add(prefix == nullptr ? nullptr : cached(prefix)->segment, tokens);
      wanted.push_back(static_cast<int64_t>(pass.num_tokens()) - 1);
      numbers.push_back(next);
    }
    if (pass.is_empty()) return next;
    const Tensor hidden = pass.run(network_, rope_, wanted, /*keeps=*/true);
    for (size_t i = 0; i < numbers.size(); ++i) {
      texts[numbers[i]] = make_text(pass.segment(i), hidden[static_cast<int64_t>(i)]);
    }
    return next;
  }

  TextCachePtr extend_long(const Continuation& continuation) const {
    CachedSegmentPtr segment = continuation.prefix == nullptr ? nullptr : cached(continuation.prefix)->segment;
    Tensor hidden;
    for (std::span<const TokenId> left = continuation.tokens; !left.empty();) {
      check_interrupted();
      const size_t count = std::min(left.size(), pass_tokens_);
      Pass pass;
      pass.add(segment, left.first(count));
      hidden = pass.run(network_, rope_, {static_cast<int64_t>(count) - 1}, /*keeps=*/true);
      segment = pass.segment(0);
      left = left.subspan(count);
    }
    return make_text(std::move(segment), hidden[0]);
  }

  // A number that is wanted: of a row's log-probabilities that of a token, or the likeliest one.
  struct Wanted {
    size_t row = 0;
    TokenId token = -1;
    float* log_prob = nullptr;
    TokenId* most_likely = nullptr;
  };

  void score_some(std::span<const Branch> branches, std::span<BranchScore> scores) const {
    check_interrupted();
    Pass pass;
    std::vector<int64_t> rows;          // tokens of the pass whose predictions are wanted
    std::vector<size_t> first_rows;     // of each branch
    std::vector<Tensor> prefix_hidden;  // of cached texts, which stand behind these rows
    for (const Branch& branch : branches) {
      const size_t count = num_passed(branch), before = pass.num_tokens();
      first_rows.push_back(rows.size());
      if (count == 0) continue;
      const CachedText* prefix = cached(branch.prefix);
      pass.add(prefix == nullptr ? nullptr : prefix->segment, branch.tokens.first(count));
      for (size_t token = std::max<size_t>(branch.first_scored, 1) - 1; token < count; ++token) {
        rows.push_back(static_cast<int64_t>(before + token));
      }
    }
    std::vector<Wanted> wanted;
    for (size_t i = 0; i < branches.size(); ++i) {
      const Branch& branch = branches[i];
      BranchScore& score = scores[i];
      size_t prefix_row = 0;
      if (branch.first_scored == 0 || branch.tokens.empty()) {
        prefix_row = rows.size() + prefix_hidden.size();
        prefix_hidden.push_back(cached(branch.prefix)->last_hidden);
      }
      const auto row_before = [&](size_t token) {
        return token == 0 ? prefix_row : first_rows[i] + token - std::max<size_t>(branch.first_scored, 1);
      };
      score.log_probs.resize(branch.tokens.size() - branch.first_scored);
      score.candidates.resize(branch.candidates.size());
      for (size_t token = branch.first_scored; token < branch.tokens.size(); ++token) {
        wanted.push_back({.row = row_before(token),
                          .token = branch.tokens[token],
                          .log_prob = &score.log_probs[token - branch.first_scored]});
      }
      const size_t last_row = row_before(branch.tokens.size());
      for (size_t j = 0; j < branch.candidates.size(); ++j) {
        wanted.push_back({.row = last_row, .token = branch.candidates[j], .log_prob = &score.candidates[j]});
      }
      if (branch.wants_most_likely) wanted.push_back({.row = last_row, .most_likely = &score.most_likely});
    }
    std::vector<Tensor> hidden;
    if (!pass.is_empty()) hidden.push_back(pass.run(network_, rope_, rows, /*keeps=*/false));
    if (!prefix_hidden.empty()) hidden.push_back(at::stack(prefix_hidden));
    if (!hidden.empty()) read(at::cat(hidden, 0), std::move(wanted));
  }

  // Of the rows from `first` on that are read at once.
  Tensor logits_of(const Tensor& hidden, int64_t first) const {
    return LanguageNetwork::logits(hidden.slice(0, first, first + static_cast<int64_t>(kRowsAtOnce)), logit_head_);
  }

  void read(const Tensor& hidden, std::vector<Wanted> wanted) const {
    std::ranges::stable_sort(wanted, {}, &Wanted::row);
    auto next = wanted.begin();
    for (size_t first = 0; first < static_cast<size_t>(hidden.size(0)); first += kRowsAtOnce) {
      const Tensor logits = logits_of(hidden, static_cast<int64_t>(first));
      const auto end = std::find_if(next, wanted.end(), [&](const Wanted& w) { return w.row >= first + kRowsAtOnce; });
      std::vector<int64_t> rows, tokens;
      for (auto at = next; at != end; ++at) {
        rows.push_back(static_cast<int64_t>(at->row - first));
        tokens.push_back(std::max<int64_t>(at->token, 0));
      }
      const auto there = [&](std::vector<int64_t>& values) {
        return at::from_blob(values.data(), {static_cast<int64_t>(values.size())}, at::kLong).to(logits.device());
      };
      const Tensor row = there(rows);
      const Tensor log_probs = (logits.flatten().index_select(0, row * logits.size(1) + there(tokens)) -
                                at::logsumexp(logits, 1).index_select(0, row))
                                   .cpu();
      const Tensor likeliest = logits.argmax(1).index_select(0, row).cpu();
      for (int64_t i = 0; next != end; ++next, ++i) {
        if (next->log_prob != nullptr) *next->log_prob = log_probs.const_data_ptr<float>()[i];
        if (next->most_likely != nullptr) {
          *next->most_likely = static_cast<TokenId>(likeliest.const_data_ptr<int64_t>()[i]);
        }
      }
    }
  }

  std::vector<NextToken> next_tokens(const Tensor& hidden) const {
    std::vector<NextToken> all;
    for (int64_t first = 0; first < hidden.size(0); first += static_cast<int64_t>(kRowsAtOnce)) {
      const Tensor there = logits_of(hidden, first);
      const Tensor logits = there.cpu(), log_sum = at::logsumexp(there, 1).cpu();
      const int64_t width = logits.size(1);
      for (int64_t row = 0; row < logits.size(0); ++row) {
        const float* values = logits.const_data_ptr<float>() + row * width;
        all.push_back({.logits = {values, values + width}, .log_sum = log_sum.const_data_ptr<float>()[row]});
      }
    }
    return all;
  }

  std::string path_;
  LanguageNetwork network_;
  Tensor logit_head_;
  Rope rope_;
  size_t pass_tokens_;
  mutable std::mutex mutex_;
};

}  // namespace
}  // namespace manyshot::train

extern "C" std::unique_ptr<manyshot::LanguageModel> manyshot_make_device_language_model(
    const manyshot::TensorSource& source, const manyshot::Device& device, std::optional<manyshot::DType> dtype) {
  using namespace manyshot::train;
  return guarded([&] { return std::make_unique<DeviceLanguageModel>(source, device, dtype); });
}
