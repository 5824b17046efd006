#include "model/language/language_model.h"

#include <algorithm>
#include <map>
#include <utility>

#include "core/error.h"
#include "core/memory.h"
#include "model/language/decoder_head.h"
#include "model/language/decoder_network.h"
#include "model/language/decoder_pass.h"
#include "model/language/kv_segment.h"
#include "model/language/text_checks.h"

namespace manyshot {

using kernels::AlignedBuffer;
using kernels::BFloat16;

namespace {

constexpr size_t kPassTokens = 2048;  // of one pass, so that its activations stay small beside the weights

template <class T>
struct DecodedText : TextCache {
  size_t num_tokens() const override { return segment->end(); }
  std::shared_ptr<const DecoderNetwork<T>> network;
  std::shared_ptr<const KvSegment<T>> segment;
  AlignedBuffer<T> last_hidden;  // [D], at the last token
};

// Segments are taken as they are needed, and end where tiles do, so that the next one copies nothing.
template <class T>
struct SegmentedText : GrowingText {
  size_t num_tokens() const override { return count; }
  std::shared_ptr<const DecoderNetwork<T>> network;
  std::shared_ptr<const KvSegment<T>> prefix;  // before the first segment
  std::shared_ptr<KvSegment<T>> segment;       // the last one, which leads to those before
  size_t count = 0;
};

// Rows of hidden states that the vocabulary's head multiplies: own tokens of a pass and last tokens of cached texts.
template <class T>
class HiddenRows {
 public:
  HiddenRows(size_t D, size_t num_rows) : D_(D), rows_(num_rows * D) {}
  T* data() { return rows_.data(); }
  // The row of a cached text, which takes the next free one at first.
  size_t row_of(const DecodedText<T>* text, size_t& next_row) {
    const auto [at, is_new] = cached_.try_emplace(text, next_row);
    if (is_new) std::copy_n(text->last_hidden.data(), D_, rows_.data() + next_row++ * D_);
    return at->second;
  }

 private:
  size_t D_;
  AlignedBuffer<T> rows_;
  std::map<const DecodedText<T>*, size_t> cached_;
};

template <class T>
class Decoder : public LanguageModel {
 public:
  explicit Decoder(const TensorSource& source) : net_(std::make_shared<DecoderNetwork<T>>(source)) {}

  const LanguageModelConfig& config() const override { return net_->config; }
  uint64_t cache_bytes_per_token() const override { return net_->cached_values_per_token() * sizeof(T); }
  std::vector<TextCachePtr> extend(std::span<const Continuation> continuations) const override;
  std::vector<BranchScore> score(std::span<const Branch> branches) const override;
  std::unique_ptr<GrowingText> begin_text(TextCachePtr prefix) const override;
  std::vector<NextToken> grow(std::span<const Growth> growths) const override;

 private:
  // nullptr for none. Throws Error(kInternal) for another model's cache.
  const DecodedText<T>* decoded(const TextCachePtr& text) const;
  TextChecks check() const { return {net_->config, net_->path}; }
  SegmentedText<T>& checked(const Growth& growth) const;
  void take_segment(SegmentedText<T>& text, size_t num_tokens) const;
  std::vector<BranchScore> score_together(std::span<const Branch> branches) const;

  std::shared_ptr<const DecoderNetwork<T>> net_;
};

template <class T>
const DecodedText<T>* Decoder<T>::decoded(const TextCachePtr& text) const {
  const auto* found = dynamic_cast<const DecodedText<T>*>(text.get());
  if (text != nullptr && (found == nullptr || found->network != net_)) {
    fail(ErrorKind::kInternal, "a text cached by another model");
  }
  return found;
}

template <class T>
std::vector<TextCachePtr> Decoder<T>::extend(std::span<const Continuation> continuations) const {
  uint64_t bytes = 0;
  for (const auto& [prefix, tokens] : continuations) {
    check().text(decoded(prefix) != nullptr ? prefix->num_tokens() : 0, tokens);
    bytes += KvSegment<T>::bytes(net_->attention, net_->num_layers, tokens.size());
  }
  require_memory(bytes, "the keys and values of the context", "give fewer or shorter rows");

  struct Growing {
    std::shared_ptr<DecodedText<T>> text;
    std::shared_ptr<KvSegment<T>> segment;
    size_t num_done = 0;
  };
  std::vector<Growing> growing(continuations.size());
  std::vector<TextCachePtr> texts(continuations.size());
  for (size_t i = 0; i < continuations.size(); ++i) {
    const auto& [prefix, tokens] = continuations[i];
    if (tokens.empty()) {
      texts[i] = prefix;
      continue;
    }
    const DecodedText<T>* parent = decoded(prefix);
    growing[i].segment = std::make_shared<KvSegment<T>>(net_->attention, net_->num_layers,
                                                        parent != nullptr ? parent->segment : nullptr, tokens.size());
    growing[i].text = std::make_shared<DecodedText<T>>();
    growing[i].text->network = net_;
    growing[i].text->segment = growing[i].segment;
    growing[i].text->last_hidden = AlignedBuffer<T>(net_->D);
    texts[i] = growing[i].text;
  }

  for (size_t next = 0; next < continuations.size();) {
    std::vector<PassSequence<T>> sequences;
    std::vector<size_t> wanted;
    std::vector<DecodedText<T>*> finished;
    for (size_t room = kPassTokens, passed = 0; next < continuations.size() && room > 0;) {
      const std::span<const TokenId> tokens = continuations[next].tokens;
      Growing& grow = growing[next];
      const size_t count = std::min(room, tokens.size() - grow.num_done);
      if (count > 0) {
        sequences.push_back(
            {grow.segment.get(), tokens.subspan(grow.num_done, count), grow.segment->begin() + grow.num_done});
        grow.num_done += count;
        passed += count;
        room -= count;
      }
      if (grow.num_done < tokens.size()) break;
      if (count > 0) {
        wanted.push_back(passed - 1);
        finished.push_back(grow.text.get());
      }
      ++next;
    }
    if (sequences.empty()) break;
    AlignedBuffer<T> hidden(wanted.size() * net_->D);
    DecoderPass<T>(*net_, sequences).run(wanted, hidden.data());
    for (size_t i = 0; i < finished.size(); ++i) {
      std::copy_n(hidden.data() + i * net_->D, net_->D, finished[i]->last_hidden.data());
    }
  }
  return texts;
}

template <class T>
std::vector<BranchScore> Decoder<T>::score(std::span<const Branch> branches) const {
  for (const Branch& branch : branches) {
    decoded(branch.prefix);
    check().branch(branch);
  }
  std::vector<BranchScore> scores;
  for (size_t first = 0; first < branches.size();) {
    size_t last = first, passed = 0;
    do {
      passed += num_passed(branches[last++]);
    } while (last < branches.size() && passed + num_passed(branches[last]) <= kPassTokens);
    for (BranchScore& score : score_together(branches.subspan(first, last - first))) scores.push_back(std::move(score));
    first = last;
  }
  return scores;
}

template <class T>
std::vector<BranchScore> Decoder<T>::score_together(std::span<const Branch> branches) const {
  constexpr size_t kLayersRead = 2;  // nobody continues a branch
  std::vector<std::unique_ptr<KvSegment<T>>> segments;
  std::vector<PassSequence<T>> sequences;
  std::vector<size_t> wanted;        // tokens of the pass
  std::vector<size_t> first_wanted;  // per branch, the place in `wanted` of its first own row
  size_t passed = 0;
  for (const Branch& branch : branches) {
    const DecodedText<T>* prefix = decoded(branch.prefix);
    const size_t count = num_passed(branch);
    first_wanted.push_back(wanted.size());
    if (count == 0) continue;
    segments.push_back(std::make_unique<KvSegment<T>>(net_->attention, std::min(kLayersRead, net_->num_layers),
                                                      prefix != nullptr ? prefix->segment : nullptr, count));
    sequences.push_back({segments.back().get(), branch.tokens.first(count), segments.back()->begin()});
    for (size_t token = std::max<size_t>(branch.first_scored, 1) - 1; token < count; ++token)
      wanted.push_back(passed + token);
    passed += count;
  }

  HiddenRows<T> hidden(net_->D, wanted.size() + branches.size());
  if (!sequences.empty()) DecoderPass<T>(*net_, sequences).run(wanted, hidden.data());

  // Which row predicts the branch's token `token` (its size: what comes behind it).
  size_t num_rows = wanted.size();
  std::vector<size_t> prefix_rows(branches.size());
  for (size_t i = 0; i < branches.size(); ++i) {
    const bool needs_prefix = branches[i].first_scored == 0 || branches[i].tokens.empty();
    if (needs_prefix) prefix_rows[i] = hidden.row_of(decoded(branches[i].prefix), num_rows);
  }
  const auto row_before = [&](size_t i, size_t token) {
    if (token == 0) return prefix_rows[i];
    return first_wanted[i] + token - std::max<size_t>(branches[i].first_scored, 1);
  };

  const DecoderHead<T> head(*net_, hidden.data(), num_rows);
  std::vector<BranchScore> scores(branches.size());
  for (size_t i = 0; i < branches.size(); ++i) {
    const Branch& branch = branches[i];
    for (size_t token = branch.first_scored; token < branch.tokens.size(); ++token) {
      scores[i].log_probs.push_back(head.log_prob(row_before(i, token), branch.tokens[token]));
    }
    for (TokenId candidate : branch.candidates) {
      scores[i].candidates.push_back(head.log_prob(row_before(i, branch.tokens.size()), candidate));
    }
    if (branch.wants_most_likely) scores[i].most_likely = head.most_likely(row_before(i, branch.tokens.size()));
  }
  return scores;
}

template <class T>
std::unique_ptr<GrowingText> Decoder<T>::begin_text(TextCachePtr prefix) const {
  auto text = std::make_unique<SegmentedText<T>>();
  text->network = net_;
  if (const DecodedText<T>* beginning = decoded(prefix)) {
    text->prefix = beginning->segment;
    text->count = beginning->num_tokens();
  }
  return text;
}

template <class T>
SegmentedText<T>& Decoder<T>::checked(const Growth& growth) const {
  auto* text = dynamic_cast<SegmentedText<T>*>(growth.text);
  if (text == nullptr || text->network != net_) fail(ErrorKind::kInternal, "a growing text of another model");
  check().growth(growth, text->count);
  return *text;
}

// REQUIRES: the segment before is full.
template <class T>
void Decoder<T>::take_segment(SegmentedText<T>& text, size_t num_tokens) const {
  const size_t end = kernels::round_up(text.count + num_tokens, kernels::kKeyTile), size = end - text.count;
  require_memory(KvSegment<T>::bytes(net_->attention, net_->num_layers, size), "the keys and values of a text",
                 "write fewer or shorter texts at a time");
  const std::shared_ptr<const KvSegment<T>> parent = text.segment != nullptr ? text.segment : text.prefix;
  text.segment = std::make_shared<KvSegment<T>>(net_->attention, net_->num_layers, parent, size);
}

template <class T>
std::vector<NextToken> Decoder<T>::grow(std::span<const Growth> growths) const {
  for (const Growth& growth : growths) checked(growth);
  std::vector<PassSequence<T>> sequences;
  std::vector<size_t> wanted;
  size_t passed = 0;
  for (const Growth& growth : growths) {
    auto& text = static_cast<SegmentedText<T>&>(*growth.text);
    for (std::span<const TokenId> left = growth.tokens; !left.empty();) {
      if (text.segment == nullptr || text.segment->end() == text.count) take_segment(text, left.size());
      const size_t count = std::min(left.size(), text.segment->end() - text.count);
      sequences.push_back({text.segment.get(), left.first(count), text.count});
      text.count += count;
      left = left.subspan(count);
    }
    passed += growth.tokens.size();
    for (size_t token = passed - growth.num_wanted; token < passed; ++token) wanted.push_back(token);
  }
  if (sequences.empty()) return {};

  AlignedBuffer<T> hidden(wanted.size() * net_->D);
  DecoderPass<T>(*net_, sequences).run(wanted, hidden.data());
  std::vector<std::vector<float>> logits;
  const DecoderHead<T> head(*net_, hidden.data(), wanted.size(), &logits);
  std::vector<NextToken> next(wanted.size());
  for (size_t row = 0; row < next.size(); ++row) {
    next[row] = {.logits = std::move(logits[row]), .log_sum = head.log_sum(row)};
  }
  return next;
}

}  // namespace

std::unique_ptr<LanguageModel> LanguageModel::load(const TensorSource& source, DType dtype) {
  if (choose_dtype(dtype) == DType::kFloat32) return std::make_unique<Decoder<float>>(source);
  return std::make_unique<Decoder<BFloat16>>(source);
}

TextCachePtr LanguageModel::prefill(std::span<const TokenId> tokens) const { return extend(nullptr, tokens); }

TextCachePtr LanguageModel::extend(TextCachePtr prefix, std::span<const TokenId> tokens) const {
  const Continuation continuation{std::move(prefix), tokens};
  return extend(std::span(&continuation, 1)).front();
}

}  // namespace manyshot
