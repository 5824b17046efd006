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

// Whether rows alone follow the system line (PromptStyle::kLines): published prompts go on with an empty line, chats
// with a special token. The model's beginning of text may stand before it.
bool is_lines(const SampleText& sample) {
  const std::string lead = wrapping_text(ChatWrapping::kRaw).lead;
  for (const size_t first : {sample.begins[0], sample.begins[1]}) {
    if (sample.text.compare(first, lead.size(), lead) == 0) return sample.text[first + lead.size()] != '\n';
  }
  return false;
}

std::vector<ByteRange> label_ranges(const SampleText& sample, size_t answer_begin, LossMode mode) {
  std::vector<ByteRange> ranges;
  const std::string_view text = sample.text;
  if (is_lines(sample)) {
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
  return is_lines(SampleText(tokens, tokenizer));
}

void supervise(TrainSample& sample, LossMode mode, const Tokenizer* tokenizer) {
  if (sample.num_features > 0) return;  // make_train_sample() has done it
  if (tokenizer == nullptr) fail(ErrorKind::kInternal, "a text sample without a tokenizer");
  const SampleText text(sample.tokens, *tokenizer);
  if (mode == LossMode::kAnswer && !is_lines(text)) return;
  const size_t answer_begin = text.begins[sample.answer_begin];
  const std::vector<ByteRange> ranges = label_ranges(text, answer_begin, mode);
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
