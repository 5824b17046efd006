#include "train/data/supervision.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "core/error.h"
#include "encoding/text/chat_wrapping.h"

namespace manyshot::train {
namespace {

// Bytes [begin, end) of the sample's text.
struct ByteRange {
  size_t begin = 0, end = 0;
};

// A sample's text and where each token begins in it.
struct SampleText {
  std::string text;
  std::vector<size_t> begins;  // [tokens + 1]

  SampleText(std::span<const TokenId> tokens, const Tokenizer& tokenizer) {
    for (const TokenId token : tokens) {
      begins.push_back(text.size());
      text += tokenizer.decode(std::span(&token, 1));
    }
    begins.push_back(text.size());
  }
};

// From behind each `mark` up to the next byte of `ends`.
void find_ranges(std::string_view text, size_t first, size_t last, std::string_view mark, std::string_view ends,
                 std::vector<ByteRange>& ranges) {
  for (size_t at = text.find(mark, first); at < last; at = text.find(mark, at)) {
    at += mark.size();
    const size_t end = std::min(text.find_first_of(ends, at), last);
    ranges.push_back({at, end});
  }
}

std::vector<ByteRange> label_ranges(const SampleText& sample, size_t answer_begin, LossMode mode, bool in_lines) {
  std::vector<ByteRange> ranges;
  const std::string_view text = sample.text;
  if (in_lines) {
    find_ranges(text, mode == LossMode::kDense ? 0 : answer_begin, text.size(), "|", "\n", ranges);
    return ranges;
  }
  if (mode == LossMode::kDense) {
    const size_t first = std::min(text.find("[Training set]"), text.size());
    const size_t last = std::min(text.find("[Test set]", first), answer_begin);
    find_ranges(text, first, last, "|", "\n", ranges);
    if (ranges.empty()) find_ranges(text, first, last, "Label is ", "\n", ranges);
  }
  find_ranges(text, answer_begin, text.size(), "\"label\": ", "}", ranges);
  return ranges;
}

}  // namespace

bool is_lines(std::span<const TokenId> tokens, const Tokenizer& tokenizer) {
  // Published prompts go on with an empty line behind the system line, chats with a special token. A token has a byte
  // at least; the model's beginning of text may stand before all.
  const std::string lead = wrapping_text(ChatWrapping::kRaw).lead;
  const SampleText start(tokens.first(std::min(tokens.size(), lead.size() + 2)), tokenizer);
  for (const size_t first : {start.begins[0], start.begins[1]}) {
    if (start.text.compare(first, lead.size(), lead) == 0) return start.text[first + lead.size()] != '\n';
  }
  return false;
}

void supervise(TrainSample& sample, LossMode mode, const Tokenizer* tokenizer) {
  if (sample.num_features > 0) return;  // make_train_sample() has done it
  if (tokenizer == nullptr) fail(ErrorKind::kInternal, "a text sample without a tokenizer");
  const bool in_lines = is_lines(sample.tokens, *tokenizer);
  if (mode == LossMode::kAnswer && !in_lines) return;
  const SampleText text(sample.tokens, *tokenizer);
  const size_t answer_begin = text.begins[sample.answer_begin];
  const std::vector<ByteRange> ranges = label_ranges(text, answer_begin, mode, in_lines);
  if (ranges.empty() || ranges.back().begin < answer_begin) {
    fail(ErrorKind::kBadInput, "sample {}: the answer has no \"label\": …; take loss = \"answer\" for such data",
         sample.index);
  }
  sample.supervised.clear();
  size_t token = 1;  // the first token is predicted from nothing
  for (const ByteRange& range : ranges) {
    while (token < sample.tokens.size() && text.begins[token + 1] <= range.begin) ++token;
    for (; token < sample.tokens.size() && text.begins[token] < range.end; ++token) {
      sample.supervised.push_back(static_cast<uint32_t>(token));
    }
  }
}

}  // namespace manyshot::train
