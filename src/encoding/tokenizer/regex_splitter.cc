#define PCRE2_CODE_UNIT_WIDTH 8
#include "encoding/tokenizer/regex_splitter.h"

#include <pcre2.h>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/utf8.h"

namespace manyshot {
namespace {

template <auto kFree>
struct Freed {
  template <class T>
  void operator()(T* pointer) const {
    kFree(pointer);
  }
};
using Code = std::unique_ptr<pcre2_code, Freed<pcre2_code_free>>;
using MatchData = std::unique_ptr<pcre2_match_data, Freed<pcre2_match_data_free>>;
using MatchContext = std::unique_ptr<pcre2_match_context, Freed<pcre2_match_context_free>>;
using JitStack = std::unique_ptr<pcre2_jit_stack, Freed<pcre2_jit_stack_free>>;

constexpr size_t kJitStackBytes = size_t{32} << 10;
constexpr size_t kMaxJitStackBytes = size_t{16} << 20;

// Unicode's White_Space. PCRE2's own \s also holds U+180E.
constexpr std::string_view kWhiteSpace =
    R"(\x09-\x0d\x20\x{85}\x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000})";

[[noreturn]] void fail_unreadable(const std::string& source, const std::string& pattern, std::string_view reason) {
  fail(ErrorKind::kUnsupported,
       "{}: cannot use the pre-tokenizer pattern \"{}\": {}; the patterns of GPT-2, SmolLM2, Qwen2 and Llama-3 work",
       source, excerpt(pattern, 200), reason);
}

std::string translate(const std::string& pattern, const std::string& source) {
  std::string result;
  bool in_class = false;
  for (size_t i = 0; i < pattern.size(); ++i) {
    const char c = pattern[i];
    if (c != '\\' || i + 1 == pattern.size()) {
      if (in_class && c == '[') fail_unreadable(source, pattern, "a class inside a class");
      if (c == '[') in_class = true;
      if (c == ']') in_class = false;
      result += c;
      continue;
    }
    const char escaped = pattern[++i];
    if (escaped == 's') {
      result += in_class ? std::string(kWhiteSpace) : fmt::format("[{}]", kWhiteSpace);
    } else if (escaped == 'S' && !in_class) {
      result += fmt::format("[^{}]", kWhiteSpace);
    } else if (escaped == 'S' || escaped == 'h' || escaped == 'H') {
      fail_unreadable(source, pattern,
                      fmt::format("\\{} {}", escaped, in_class ? "inside a class" : "is not known here"));
    } else {
      result += {c, escaped};
    }
  }
  return result;
}

// A valid UTF-8 stand-in for `text`: each byte that is not UTF-8 becomes a private-use character. offsets[i] is the
// place in `text` of byte i of the stand-in.
struct StandIn {
  std::string text;
  std::vector<size_t> offsets;
};

StandIn stand_in(std::string_view text) {
  constexpr char32_t kPrivateUse = 0x10F000;
  StandIn result;
  for (size_t pos = 0; pos < text.size();) {
    const Utf8Char c = decode_utf8(text, pos);
    if (c.code_point == Utf8Char::kInvalid) {
      append_utf8(kPrivateUse + static_cast<uint8_t>(text[pos]), result.text);
    } else {
      result.text += text.substr(pos, c.size);
    }
    result.offsets.resize(result.text.size(), pos);
    pos += c.size;
  }
  result.offsets.push_back(text.size());
  return result;
}

// What matching writes to; one thread's.
struct Scratch {
  Scratch()
      : match(pcre2_match_data_create(/*ovecsize=*/1, nullptr)),
        stack(pcre2_jit_stack_create(kJitStackBytes, kMaxJitStackBytes, nullptr)),
        context(pcre2_match_context_create(nullptr)) {
    if (!match || !stack || !context) fail(ErrorKind::kOutOfMemory, "no memory to split text by a regular expression");
    pcre2_jit_stack_assign(context.get(), nullptr, stack.get());
  }

  MatchData match;
  JitStack stack;
  MatchContext context;
};

}  // namespace

class RegexSplitter::Pattern {
 public:
  Pattern(const std::string& pattern, const std::string& source) : pattern_(pattern), source_(source) {
    const std::string translated = translate(pattern, source);
    int error = 0;
    size_t offset = 0;
    code_.reset(pcre2_compile(reinterpret_cast<PCRE2_SPTR>(translated.data()), translated.size(),
                              PCRE2_UTF | PCRE2_UCP | PCRE2_MULTILINE | PCRE2_NEVER_BACKSLASH_C, &error, &offset,
                              nullptr));
    if (!code_) fail_unreadable(source, pattern, message(error));
    pcre2_jit_compile(code_.get(), PCRE2_JIT_COMPLETE);  // without a JIT on this machine PCRE2 interprets
  }

  // Appends the ends of the pieces of text[begin, end). REQUIRES: valid UTF-8.
  void append_piece_ends(std::string_view text, size_t begin, size_t end, const Scratch& scratch,
                         std::vector<size_t>& ends) const {
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data() + begin);
    const size_t size = end - begin;
    const auto append = [&](size_t piece_end) {
      if (piece_end > 0 && (ends.empty() || ends.back() < begin + piece_end)) ends.push_back(begin + piece_end);
    };
    for (size_t start = 0; start < size;) {
      const int found = pcre2_match(code_.get(), subject, size, start, PCRE2_NO_UTF_CHECK, scratch.match.get(),
                                    scratch.context.get());
      if (found == PCRE2_ERROR_NOMATCH) break;
      if (found < 0) fail_unreadable(source_, pattern_, message(found));
      const size_t* bounds = pcre2_get_ovector_pointer(scratch.match.get());
      append(bounds[0]);
      append(bounds[1]);
      start = bounds[1] > start ? bounds[1] : start + decode_utf8(text, begin + start).size;
    }
    append(size);
  }

 private:
  static std::string message(int error) {
    PCRE2_UCHAR text[256] = {};
    pcre2_get_error_message(error, text, sizeof(text));
    return reinterpret_cast<const char*>(text);
  }

  std::string pattern_;
  std::string source_;
  Code code_;
};

RegexSplitter::RegexSplitter(const std::vector<std::string>& patterns, const std::string& source) {
  for (const std::string& pattern : patterns) patterns_.push_back(std::make_unique<Pattern>(pattern, source));
}
RegexSplitter::~RegexSplitter() = default;
RegexSplitter::RegexSplitter(RegexSplitter&&) noexcept = default;

std::vector<size_t> RegexSplitter::piece_ends(std::string_view text) const {
  if (text.empty()) return {};
  if (find_invalid_utf8(text)) {
    const StandIn valid = stand_in(text);
    std::vector<size_t> ends = piece_ends(valid.text);
    for (size_t& end : ends) end = valid.offsets[end];
    return ends;
  }
  const Scratch scratch;
  std::vector<size_t> ends{text.size()};
  for (const auto& pattern : patterns_) {
    std::vector<size_t> finer;
    size_t begin = 0;
    for (const size_t end : ends) {
      pattern->append_piece_ends(text, begin, end, scratch, finer);
      begin = end;
    }
    ends = std::move(finer);
  }
  return ends;
}

}  // namespace manyshot
