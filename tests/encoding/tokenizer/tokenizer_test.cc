#include "encoding/tokenizer/tokenizer.h"

#include <gtest/gtest.h>

#include <map>
#include <thread>

#include "core/files.h"
#include "core/json.h"
#include "encoding/tokenizer/byte_alphabet.h"
#include "encoding/tokenizer/nfc.h"
#include "encoding/tokenizer/testing.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"

namespace manyshot {
namespace {

// All 256 bytes are tokens 0..255; "ab" 256, "abc" 257, "bc" 258; added tokens from 259 on.
TokenizerSpec small_spec() {
  TokenizerSpec spec{.source = "small.json", .split_patterns = {R"(\p{L}+)"}};
  for (int byte = 0; byte < 256; ++byte)
    spec.tokens.push_back(bytes_to_alphabet(std::string(1, static_cast<char>(byte))));
  for (const char* text : {"ab", "abc", "bc"}) spec.tokens.emplace_back(text);
  spec.merges = {"a b", "b c", "ab c"};
  return spec;
}

void add_token(TokenizerSpec& spec, AddedToken token) {
  token.id = static_cast<TokenId>(spec.tokens.size());
  spec.tokens.emplace_back();
  spec.added_tokens.push_back(std::move(token));
}

using Ids = std::vector<TokenId>;

TEST(Tokenizer, MergesTheBestRankFirstAndTheLeftmostOfEquals) {
  const Tokenizer tokenizer(small_spec());
  EXPECT_EQ(tokenizer.encode("abc", true), Ids{257});
  EXPECT_EQ(tokenizer.encode("bc", true), Ids{258});
  EXPECT_EQ(tokenizer.encode("abbcab", true), (Ids{256, 258, 256}));
  EXPECT_EQ(tokenizer.encode("", true), Ids{});
}

TEST(Tokenizer, IgnoreMergesTakesAWholePieceFromTheVocabulary) {
  TokenizerSpec spec = small_spec();
  spec.tokens.emplace_back("xyz");
  EXPECT_EQ(Tokenizer(spec).encode("xyz", true), (Ids{'x', 'y', 'z'}));
  spec.ignore_merges = true;
  EXPECT_EQ(Tokenizer(spec).encode("xyz", true), Ids{259});
  EXPECT_EQ(Tokenizer(spec).encode("wxyz", true), (Ids{'w', 'x', 'y', 'z'}));
}

TEST(Tokenizer, TheLongestAddedTokenWins) {
  TokenizerSpec spec = small_spec();
  add_token(spec, {.text = "<e>"});
  add_token(spec, {.text = "<e>>"});
  add_token(spec, {.text = ""});
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.encode("a<e>>b<e>", true), (Ids{'a', 260, 'b', 259}));
  EXPECT_EQ(tokenizer.encode("<e", true), (Ids{'<', 'e'}));
  EXPECT_EQ(tokenizer.token_text(260), "<e>>");
  EXPECT_EQ(tokenizer.token_text(261), "");
  EXPECT_EQ(tokenizer.added_token("<e>"), 259);
  EXPECT_EQ(tokenizer.added_token("<f>"), std::nullopt);
}

TEST(Tokenizer, SpecialTokensAreTextUnlessAskedFor) {
  TokenizerSpec spec = small_spec();
  add_token(spec, {.text = "<s>", .special = true});
  add_token(spec, {.text = "<t>"});
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.encode("<s><t>", true), (Ids{259, 260}));
  EXPECT_EQ(tokenizer.encode("<s><t>", false), (Ids{'<', 's', '>', 260}));
  EXPECT_TRUE(tokenizer.is_special(259));
  EXPECT_FALSE(tokenizer.is_special(260));
  EXPECT_FALSE(tokenizer.is_special('a'));
}

TEST(Tokenizer, AddedTokensTakeWhiteSpaceAlong) {
  TokenizerSpec spec = small_spec();
  add_token(spec, {.text = "<l>", .lstrip = true});
  add_token(spec, {.text = "<r>", .rstrip = true});
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.encode("a \u3000<l> b", true), (Ids{'a', 259, ' ', 'b'}));
  EXPECT_EQ(tokenizer.encode("a <r>\u3000 b", true), (Ids{'a', ' ', 260, 'b'}));
  EXPECT_EQ(tokenizer.encode("<r>  <l>", true), (Ids{260, 259}));
}

TEST(Tokenizer, NormalizedAddedTokensAreFoundInNormalizedText) {
  TokenizerSpec spec = small_spec();
  spec.nfc = true;
  add_token(spec, {.text = "<\u00e9>", .normalized = true});
  add_token(spec, {.text = "[\u00e9]"});
  const Tokenizer tokenizer(spec);
  EXPECT_EQ(tokenizer.encode("<e\u0301>", true), Ids{259});
  EXPECT_EQ(tokenizer.encode("[\u00e9]", true), Ids{260});
  EXPECT_EQ(tokenizer.decode(tokenizer.encode("[e\u0301]", true)), "[\u00e9]");
}

TEST(Tokenizer, BytesWithoutATokenAreLeftOutOrUnknown) {
  TokenizerSpec spec = small_spec();
  spec.tokens[1].clear();
  spec.tokens[2].clear();
  EXPECT_EQ(Tokenizer(spec).encode("x\x01\x02y", true), (Ids{'x', 'y'}));
  EXPECT_EQ(Tokenizer(spec).encode("\x01", true), Ids{});
  EXPECT_EQ(Tokenizer(spec).missing_bytes(), (std::vector<uint8_t>{1, 2}));
  spec.unknown = 0;
  EXPECT_EQ(Tokenizer(spec).encode("x\x01\x02y", true), (Ids{'x', 0, 0, 'y'}));
}

TEST(Tokenizer, DecodesAnIdOutsideTheVocabularyToAnError) {
  const Tokenizer tokenizer(small_spec());
  EXPECT_ERROR(tokenizer.decode(Ids{0, 259}), ErrorKind::kBadInput,
               "token id 259 is outside the vocabulary of small.json: ids go from 0 to 258");
  EXPECT_ERROR(tokenizer.token_text(-1), ErrorKind::kBadInput, "token id -1");
}

class Families : public ::testing::TestWithParam<std::string> {};

TEST_P(Families, DecodeGivesBackWhatWasEncoded) {
  const Tokenizer tokenizer = golden_tokenizer(GetParam());
  const bool nfc = GetParam() == "qwen2";
  const Rng rng(3);
  std::string buffer;
  for (uint64_t i = 0; i < 6000; ++i) {
    const Rng text_rng = rng.child("text", i);
    const std::string text = i % 3 == 0 ? random_bytes(text_rng) : hard_text(text_rng, /*with_invalid=*/i % 3 == 1);
    const std::string_view expected = nfc ? to_nfc(text, buffer) : std::string_view(text);
    ASSERT_EQ(tokenizer.decode(tokenizer.encode(text, /*parse_special=*/i % 2 == 0)), expected)
        << ::testing::PrintToString(text);
  }
}

TEST_P(Families, ThreadsShareATokenizer) {
  const Tokenizer tokenizer = golden_tokenizer(GetParam());
  std::string text;
  for (uint64_t i = 0; i < 500; ++i) text += hard_text(Rng(4).child("text", i), /*with_invalid=*/true);
  const Ids expected = tokenizer.encode(text, true);
  std::vector<Ids> results(4);
  {
    std::vector<std::jthread> threads;
    for (Ids& result : results) threads.emplace_back([&] { result = tokenizer.encode(text, true); });
  }
  for (const Ids& result : results) EXPECT_EQ(result, expected);
}

// The definition, slowly: merge the leftmost pair of the best rank until none is left.
Ids merged_by_definition(const TokenizerSpec& spec, std::string_view piece) {
  std::map<std::string, TokenId> ids;
  for (size_t id = 0; id < spec.tokens.size(); ++id) ids[spec.tokens[id]] = static_cast<TokenId>(id);
  std::vector<std::string> parts;
  for (const char c : piece) parts.push_back(bytes_to_alphabet(std::string(1, c)));
  for (const std::string& merge : spec.merges) {  // a merge never makes a pair that ranks before it
    const size_t space = merge.find(' ');
    for (size_t i = 0; i + 1 < parts.size(); ++i) {
      if (parts[i] != merge.substr(0, space) || parts[i + 1] != merge.substr(space + 1)) continue;
      parts[i] += parts[i + 1];
      parts.erase(parts.begin() + i + 1);
    }
  }
  Ids result;
  for (const std::string& part : parts) result.push_back(ids.at(part));
  return result;
}

TEST_P(Families, LongWordsMergeByTheDefinition) {
  TokenizerSpec spec = read_tokenizer_json(golden_path(GetParam() + ".json"));
  spec.split_patterns = {"[^x]+|x+"};
  spec.ignore_merges = false;
  const Tokenizer tokenizer(spec);
  const Rng rng(5);
  const std::string letters = "theraingoduclsb,. 1";
  for (uint64_t i = 0; i < 120; ++i) {
    const Rng word_rng = rng.child("word", i);
    std::string word;
    for (uint64_t k = 0; k < 1 + i; ++k) word += letters[word_rng.below(k, letters.size())];
    ASSERT_EQ(tokenizer.encode(word, false), merged_by_definition(spec, word)) << word;
  }
}

INSTANTIATE_TEST_SUITE_P(Golden, Families, ::testing::ValuesIn(golden_families()),
                         [](const auto& instance) { return instance.param; });

TEST(TokenizerJson, ReadsWhatTheFamiliesSay) {
  const TokenizerSpec qwen2 = read_tokenizer_json(golden_path("qwen2.json"));
  EXPECT_TRUE(qwen2.nfc);
  EXPECT_FALSE(qwen2.ignore_merges);
  EXPECT_FALSE(qwen2.add_bos);
  const Tokenizer llama3 = golden_tokenizer("llama3");
  EXPECT_TRUE(llama3.add_bos());
  EXPECT_EQ(llama3.bos(), llama3.added_token("<|begin_of_text|>"));
  EXPECT_EQ(llama3.eos(), std::nullopt);
  EXPECT_EQ(llama3.vocab_size(), 559U);
}

TEST(TokenizerJson, ReadsMergesAsTextsAndAsPairs) {
  Json document = Json::parse(read_file(golden_path("gpt2.json")));
  const TokenizerSpec pairs = parse_tokenizer_json(document.dump(), "", "pairs");
  for (Json& merge : document["model"]["merges"]) {
    ASSERT_TRUE(merge.is_array());
    merge = merge[0].get<std::string>() + " " + merge[1].get<std::string>();
  }
  EXPECT_EQ(parse_tokenizer_json(document.dump(), "", "texts").merges, pairs.merges);
  EXPECT_EQ(pairs.merges.size(), 300U);
}

TEST(TokenizerJson, TakesBosAndEosFromTokenizerConfig) {
  const std::string tokenizer = read_file(golden_path("smollm.json"));
  const TokenizerSpec spec = parse_tokenizer_json(
      tokenizer, R"({"bos_token": {"content": "<|im_start|>"}, "eos_token": "<|im_end|>", "add_bos_token": true})",
      "t");
  EXPECT_EQ(spec.bos, 1);
  EXPECT_EQ(spec.eos, 2);
  EXPECT_TRUE(spec.add_bos);
  const TokenizerSpec silent = parse_tokenizer_json(tokenizer, R"({"bos_token": null})", "t");
  EXPECT_EQ(silent.bos, std::nullopt);
  EXPECT_FALSE(silent.add_bos);
}

// A GGUF file carries the same tokenizer: added tokens stand among the others and are told by their type.
GgufTokenizer as_gguf(const std::string& family, const std::string& pre) {
  TokenizerSpec spec = read_tokenizer_json(golden_path(family + ".json"));
  GgufTokenizer gguf{.model = "gpt2", .pre = pre, .tokens = spec.tokens, .merges = spec.merges, .bos = spec.bos};
  gguf.token_types.assign(spec.tokens.size(), 1);
  for (const AddedToken& token : spec.added_tokens) {
    gguf.tokens[token.id] = token.text;
    gguf.token_types[token.id] = token.special ? 3 : 4;
  }
  return gguf;
}

TEST(GgufTokenizer, EncodesAsTheTokenizerJsonDoes) {
  const Rng rng(6);
  for (const auto& [family, pre] :
       {std::pair("smollm", "smollm"), std::pair("qwen2", "qwen2"), std::pair("llama3", "llama-bpe")}) {
    const Tokenizer json = golden_tokenizer(family), gguf(tokenizer_spec(as_gguf(family, pre), "model.gguf"));
    for (uint64_t i = 0; i < 500; ++i) {
      const std::string text = hard_text(rng.child("text", i), /*with_invalid=*/false);
      ASSERT_EQ(gguf.encode(text, i % 2 == 0), json.encode(text, i % 2 == 0)) << family << ' ' << text;
    }
  }
}

TEST(GgufTokenizer, KeepsBosAndEosAndKnowsWhoWantsBos) {
  GgufTokenizer gguf = as_gguf("llama3", "llama-bpe");
  gguf.bos = gguf.eos = 1;
  EXPECT_TRUE(Tokenizer(tokenizer_spec(gguf, "m")).add_bos());
  gguf.add_bos = false;
  const Tokenizer tokenizer(tokenizer_spec(gguf, "m"));
  EXPECT_FALSE(tokenizer.add_bos());
  EXPECT_EQ(tokenizer.bos(), 1);
  EXPECT_EQ(tokenizer.eos(), 1);
  EXPECT_FALSE(tokenizer_spec(as_gguf("gpt2", ""), "m").add_bos);
}

TEST(GgufTokenizer, UnusedTokensHaveNoText) {
  GgufTokenizer gguf = as_gguf("smollm", "smollm");
  gguf.tokens.emplace_back("[PAD]");
  gguf.token_types.push_back(5);
  const Tokenizer tokenizer(tokenizer_spec(gguf, "m"));
  EXPECT_EQ(tokenizer.token_text(static_cast<TokenId>(gguf.tokens.size()) - 1), "");
}

}  // namespace
}  // namespace manyshot
