#include "encoding/tokenizer/tokenizer.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/error.h"
#include "core/text.h"
#include "encoding/tokenizer/added_tokens.h"
#include "encoding/tokenizer/bpe.h"
#include "encoding/tokenizer/byte_alphabet.h"
#include "encoding/tokenizer/nfc.h"
#include "encoding/tokenizer/regex_splitter.h"
#include "encoding/tokenizer/scanners-inl.h"
#include "encoding/tokenizer/split_patterns.h"

namespace manyshot {
namespace {

using Splitter = std::variant<Gpt2Scanner<false>, Gpt2Scanner<true>, Llama3Scanner<1>, Llama3Scanner<3>, RegexSplitter>;

Splitter make_splitter(const TokenizerSpec& spec) {
  const std::vector<std::string>& patterns = spec.split_patterns;
  if (patterns == std::vector<std::string>{kGpt2Pattern}) return Gpt2Scanner<false>();
  if (patterns == std::vector<std::string>{kSingleDigitPattern, kGpt2Pattern}) return Gpt2Scanner<true>();
  if (patterns == std::vector<std::string>{kQwen2Pattern}) return Llama3Scanner<1>();
  if (patterns == std::vector<std::string>{kLlama3Pattern}) return Llama3Scanner<3>();
  return RegexSplitter(patterns, spec.source);
}

// Texts of all tokens in one block.
class TokenTexts {
 public:
  explicit TokenTexts(const TokenizerSpec& spec) {
    std::vector<std::string_view> added(spec.tokens.size());
    for (const AddedToken& token : spec.added_tokens) added[token.id] = token.text;
    for (size_t id = 0; id < spec.tokens.size(); ++id) {
      bytes_ +=
          added[id].empty() ? bytes_from_alphabet(spec.tokens[id]).value_or(spec.tokens[id]) : std::string(added[id]);
      ends_.push_back(bytes_.size());
    }
  }
  size_t size() const { return ends_.size(); }
  std::string_view operator[](size_t id) const {
    const size_t begin = id == 0 ? 0 : ends_[id - 1];
    return std::string_view(bytes_).substr(begin, ends_[id] - begin);
  }

 private:
  std::string bytes_;
  std::vector<size_t> ends_;
};

void check_id(const TokenizerSpec& spec, TokenId id, std::string_view what) {
  if (id < 0 || static_cast<size_t>(id) >= spec.tokens.size()) {
    fail(ErrorKind::kCorruptFile, "{}: {} has the id {}, but ids end at {}", spec.source, what, id,
         spec.tokens.size() - 1);
  }
}

// An added token may have an id of its own or share it with the vocabulary's token of the same text.
void check_added_tokens(const TokenizerSpec& spec) {
  std::vector<const AddedToken*> by_id(spec.tokens.size());
  for (const AddedToken& token : spec.added_tokens) {
    check_id(spec, token.id, fmt::format("the added token \"{}\"", excerpt(token.text)));
    const std::string& in_vocabulary = spec.tokens[token.id];
    const bool taken = !in_vocabulary.empty() && in_vocabulary != token.text;
    if (taken || by_id[token.id]) {
      fail(ErrorKind::kCorruptFile, "{}: id {} belongs to both \"{}\" and \"{}\"", spec.source, token.id,
           excerpt(taken ? in_vocabulary : by_id[token.id]->text), excerpt(token.text));
    }
    by_id[token.id] = &token;
  }
}

TokenizerSpec checked(TokenizerSpec spec) {
  check_added_tokens(spec);
  if (spec.bos) check_id(spec, *spec.bos, "bos");
  if (spec.eos) check_id(spec, *spec.eos, "eos");
  if (spec.unknown) check_id(spec, *spec.unknown, "the unknown token");
  if (spec.add_bos && !spec.bos) {
    fail(ErrorKind::kCorruptFile, "{}: asks for a bos token before every text but names none", spec.source);
  }
  return spec;
}

AddedTokenFinder make_finder(const TokenizerSpec& spec, bool normalized) {
  std::vector<AddedToken> tokens;
  std::string buffer;
  for (AddedToken token : spec.added_tokens) {
    if (token.normalized != normalized) continue;
    if (normalized && spec.nfc) token.text = std::string(to_nfc(token.text, buffer));
    tokens.push_back(std::move(token));
  }
  return AddedTokenFinder(std::move(tokens));
}

}  // namespace

struct Tokenizer::Impl {
  explicit Impl(TokenizerSpec given)
      : spec(checked(std::move(given))),
        texts(spec),
        original(make_finder(spec, /*normalized=*/false)),
        normalized(make_finder(spec, /*normalized=*/true)),
        splitter(make_splitter(spec)),
        bpe(spec),
        missing_bytes(bpe.missing_bytes()) {
    spec.tokens = {};
    spec.merges = {};
  }

  void encode_pieces(std::string_view text, std::vector<TokenId>& ids) const {
    std::visit([&](const auto& scanner) { encode_pieces(scanner, text, ids); }, splitter);
  }

  template <class Scanner>
  void encode_pieces(const Scanner&, std::string_view text, std::vector<TokenId>& ids) const {
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = Scanner::piece_end(text, begin);
      bpe.encode_piece(text.substr(begin, end - begin), ids);
      begin = end;
    }
  }

  void encode_pieces(const RegexSplitter& regex, std::string_view text, std::vector<TokenId>& ids) const {
    size_t begin = 0;
    for (const size_t end : regex.piece_ends(text)) {
      bpe.encode_piece(text.substr(begin, end - begin), ids);
      begin = end;
    }
  }

  TokenizerSpec spec;  // without tokens and merges, which live in `texts` and `bpe`
  TokenTexts texts;
  AddedTokenFinder original, normalized;
  Splitter splitter;
  Bpe bpe;
  std::vector<uint8_t> missing_bytes;
};

namespace {

// Calls `on_text` for the stretches between added tokens and appends the tokens.
template <class OnText>
void cut(const AddedTokenFinder& finder, std::string_view text, bool parse_special, std::vector<TokenId>& ids,
         OnText on_text) {
  for (size_t pos = 0; pos < text.size();) {
    const AddedTokenFinder::Stretch stretch = finder.next(text, pos, parse_special);
    if (stretch.end > stretch.begin) on_text(text.substr(stretch.begin, stretch.end - stretch.begin));
    if (stretch.token) ids.push_back(*stretch.token);
    pos = stretch.next;
  }
}

}  // namespace

Tokenizer::Tokenizer(TokenizerSpec spec) : impl_(std::make_unique<Impl>(std::move(spec))) {}
Tokenizer::~Tokenizer() = default;
Tokenizer::Tokenizer(Tokenizer&&) noexcept = default;

void Tokenizer::append_encoded(std::string_view text, bool parse_special, std::vector<TokenId>& ids) const {
  std::string buffer;
  cut(impl_->original, text, parse_special, ids, [&](std::string_view stretch) {
    const std::string_view normal = impl_->spec.nfc ? to_nfc(stretch, buffer) : stretch;
    cut(impl_->normalized, normal, parse_special, ids,
        [&](std::string_view plain) { impl_->encode_pieces(plain, ids); });
  });
}

std::vector<TokenId> Tokenizer::encode(std::string_view text, bool parse_special) const {
  std::vector<TokenId> ids;
  ids.reserve(text.size() / 2);
  append_encoded(text, parse_special, ids);
  return ids;
}

std::string Tokenizer::decode(std::span<const TokenId> ids) const {
  std::string text;
  for (const TokenId id : ids) text += token_text(id);
  return text;
}

std::string_view Tokenizer::token_text(TokenId id) const {
  if (id < 0 || static_cast<size_t>(id) >= vocab_size()) {
    fail(ErrorKind::kBadInput, "token id {} is outside the vocabulary of {}: ids go from 0 to {}", id,
         impl_->spec.source, vocab_size() - 1);
  }
  return impl_->texts[id];
}

size_t Tokenizer::vocab_size() const { return impl_->texts.size(); }

bool Tokenizer::is_special(TokenId id) const {
  return std::any_of(impl_->spec.added_tokens.begin(), impl_->spec.added_tokens.end(),
                     [&](const AddedToken& token) { return token.id == id && token.special; });
}

std::optional<TokenId> Tokenizer::added_token(std::string_view text) const {
  for (const AddedToken& token : impl_->spec.added_tokens) {
    if (token.text == text) return token.id;
  }
  return std::nullopt;
}

std::optional<TokenId> Tokenizer::bos() const { return impl_->spec.bos; }
std::optional<TokenId> Tokenizer::eos() const { return impl_->spec.eos; }
bool Tokenizer::add_bos() const { return impl_->spec.add_bos; }
const std::vector<uint8_t>& Tokenizer::missing_bytes() const { return impl_->missing_bytes; }

}  // namespace manyshot
