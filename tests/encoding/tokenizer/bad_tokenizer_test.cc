// Tokenizer files that are damaged, contradict themselves, or belong to another kind of tokenizer.
#include <gtest/gtest.h>

#include "core/files.h"
#include "core/json.h"
#include "encoding/tokenizer/testing.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"

namespace manyshot {
namespace {

Json good() { return Json::parse(read_file(golden_path("smollm.json"))); }

void load(const Json& document, const std::string& config = "") {
  Tokenizer(parse_tokenizer_json(document.dump(), config, "t.json"));
}

// `good()` with the value at `pointer` replaced.
Json with(const std::string& pointer, const Json& value) {
  Json document = good();
  document[Json::json_pointer(pointer)] = value;
  return document;
}

#define EXPECT_CORRUPT(document, text) EXPECT_ERROR(load(document), ErrorKind::kCorruptFile, text)
#define EXPECT_UNSUPPORTED(document, text) EXPECT_ERROR(load(document), ErrorKind::kUnsupported, text)

TEST(BadTokenizerJson, DamagedText) {
  const std::string text = good().dump();
  for (size_t size = 0; size < text.size(); size += 97) {
    EXPECT_ERROR(parse_tokenizer_json(text.substr(0, size), "", "t.json"), ErrorKind::kCorruptFile, "t.json: ");
  }
  EXPECT_ERROR(parse_tokenizer_json("{", "", "t.json"), ErrorKind::kCorruptFile, "t.json: not JSON:");
  EXPECT_ERROR(parse_tokenizer_json("[]", "", "t.json"), ErrorKind::kCorruptFile, "the document is [], not an object");
  EXPECT_ERROR(parse_tokenizer_json("{}", "", "t.json"), ErrorKind::kCorruptFile,
               "\"model\" is missing, not an object");
  EXPECT_ERROR(parse_tokenizer_json(text, "{", "t.json"), ErrorKind::kCorruptFile, "not JSON:");
  EXPECT_ERROR(parse_tokenizer_json(text, "[]", "t.json"), ErrorKind::kCorruptFile,
               "tokenizer_config.json is [], not an object");
}

TEST(BadTokenizerJson, NoFile) {
  EXPECT_ERROR(read_tokenizer_json(golden_path("none.json")), ErrorKind::kNotFound, "none.json");
  EXPECT_ERROR(read_tokenizer_json(golden_path("")), ErrorKind::kNotFound, "tokenizer.json");
}

TEST(BadTokenizerJson, OtherModels) {
  EXPECT_UNSUPPORTED(with("/model", {{"type", "WordPiece"}, {"vocab", {{"a", 0}}}}),
                     "the model type \"WordPiece\" is not supported");
  EXPECT_UNSUPPORTED(with("/model", Json::parse(R"({"type":"Unigram","vocab":[["a",0.5]]})")),
                     "the model type \"Unigram\"");
  EXPECT_UNSUPPORTED(with("/model", {{"vocab", {{"a", 0}}}}), "the model type \"null\"");
  EXPECT_UNSUPPORTED(with("/model/continuing_subword_prefix", "##"), "the model option \"continuing_subword_prefix\"");
  EXPECT_UNSUPPORTED(with("/model/end_of_word_suffix", "</w>"), "the model option \"end_of_word_suffix\"");
  EXPECT_UNSUPPORTED(with("/model/dropout", 0.1), "the model option \"dropout\"");
  EXPECT_UNSUPPORTED(with("/model/byte_fallback", true), "the model option \"byte_fallback\"");
}

TEST(BadTokenizerJson, OtherNormalizers) {
  EXPECT_UNSUPPORTED(with("/normalizer", {{"type", "Lowercase"}}), "the normalizer \"Lowercase\"");
  EXPECT_UNSUPPORTED(
      with("/normalizer", Json::parse(R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFKC"}]})")),
      "the normalizer \"NFKC\"");
  EXPECT_CORRUPT(with("/normalizer", "NFC"), "the normalizer is \"NFC\", not an object");
}

TEST(BadTokenizerJson, OtherPreTokenizers) {
  const auto pre = [](const char* text) { return with("/pre_tokenizer", Json::parse(text)); };
  EXPECT_UNSUPPORTED(pre(R"({"type":"Metaspace"})"), "the pre-tokenizer \"Metaspace\"");
  EXPECT_UNSUPPORTED(pre("null"), "a pre-tokenizer without ByteLevel");
  EXPECT_UNSUPPORTED(pre(R"({"type":"Digits","individual_digits":false})"), "a pre-tokenizer without ByteLevel");
  EXPECT_UNSUPPORTED(pre(R"({"type":"ByteLevel","add_prefix_space":true})"), "add_prefix_space");
  EXPECT_UNSUPPORTED(pre(R"({"type":"Split","pattern":{"Regex":"a"},"behavior":"Removed"})"),
                     "the split behavior \"Removed\"");
  EXPECT_UNSUPPORTED(pre(R"({"type":"Split","pattern":{"String":"a"},"behavior":"Isolated"})"), "the split pattern");
  EXPECT_UNSUPPORTED(
      pre(R"({"type":"Sequence","pretokenizers":[{"type":"ByteLevel","add_prefix_space":false},{"type":"Digits"}]})"),
      "the pre-tokenizer after ByteLevel");
  EXPECT_UNSUPPORTED(
      pre(R"({"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"(a"},"behavior":"Isolated"},
                             {"type":"ByteLevel","add_prefix_space":false,"use_regex":false}]})"),
      "cannot use the pre-tokenizer pattern \"(a\"");
  EXPECT_CORRUPT(pre(R"({"type":"Sequence"})"), "\"pretokenizers\" is missing, not an array");
  EXPECT_CORRUPT(pre(R"({"type":3})"), "\"type\" is 3, not a text");
}

TEST(BadTokenizerJson, OtherPostProcessors) {
  EXPECT_UNSUPPORTED(with("/post_processor", {{"type", "BertProcessing"}}), "the post-processor \"BertProcessing\"");
  const auto single = [](const char* text) {
    return with("/post_processor", {{"type", "TemplateProcessing"}, {"single", Json::parse(text)}});
  };
  EXPECT_UNSUPPORTED(single(R"([{"Sequence":{}},{"SpecialToken":{"id":"<|im_end|>"}}])"), "the template");
  EXPECT_UNSUPPORTED(single(R"([])"), "the template");
  EXPECT_CORRUPT(single(R"([{"SpecialToken":{"id":"<none>"}},{"Sequence":{}}])"),
                 "the token \"<none>\" is not in the vocabulary");
}

TEST(BadTokenizerJson, Vocabulary) {
  EXPECT_CORRUPT(with("/model/vocab", Json::object()), "\"model\" has no \"vocab\"");
  EXPECT_CORRUPT(with("/model/vocab/new", "7"), "the id of token \"new\" is not an integer");
  EXPECT_CORRUPT(with("/model/vocab/new", Json::array({7})), "the id of token \"new\" is not an integer");
  EXPECT_CORRUPT(with("/model/vocab/new", -1), "token \"new\" has the id -1");
  EXPECT_CORRUPT(with("/model/vocab/new", 5), "id 5 belongs to both");
  EXPECT_CORRUPT(with("/model/vocab/new", 1000000000), "the greatest token id is 1000000000, but there are only");
  EXPECT_CORRUPT(with("/model/unk_token", "<none>"), "the unknown token \"<none>\" is not in the vocabulary");
  Json fused = with("/model/unk_token", "a");
  fused["model"]["fuse_unk"] = true;
  EXPECT_UNSUPPORTED(fused, "the model option \"fuse_unk\"");
  Json no_bytes = good();
  no_bytes["model"]["vocab"] = {{"whole", 0}, {"words", 1}};
  no_bytes["model"]["merges"] = no_bytes["added_tokens"] = Json::array();
  EXPECT_CORRUPT(no_bytes, "is a single byte in GPT-2's spelling");
}

TEST(BadTokenizerJson, Merges) {
  EXPECT_CORRUPT(with("/model/merges/3", "a zzz"),
                 "merge 3 \"a zzz\" needs the token \"azzz\", which the vocabulary does not hold");
  EXPECT_CORRUPT(with("/model/merges/3", "ab"), "merge 3 is \"ab\", not two tokens");
  EXPECT_CORRUPT(with("/model/merges/3", "a b c"), "merge 3 is \"a b c\", not two tokens");
  EXPECT_CORRUPT(with("/model/merges/3", " a"), "not two tokens");
  EXPECT_CORRUPT(with("/model/merges/3", 7), "merge 3 is neither");
  EXPECT_CORRUPT(with("/model/merges/3", Json::object()), "merge 3 is neither");
  EXPECT_CORRUPT(with("/model/merges/3", Json::array({"a"})), "merge 3 has 1 parts, not two");
}

TEST(BadTokenizerJson, AddedTokens) {
  EXPECT_CORRUPT(with("/added_tokens", 3), "\"added_tokens\" is 3, not an array");
  EXPECT_CORRUPT(with("/added_tokens/0", 3), "an added token is 3, not an object");
  EXPECT_CORRUPT(with("/added_tokens/0/content", 3), "\"content\" is 3, not a text");
  EXPECT_CORRUPT(with("/added_tokens/0/special", 3), "\"special\" is 3, not true or false");
  EXPECT_CORRUPT(with("/added_tokens/0/id", -3), "the added token \"<|endoftext|>\" has no usable id");
  EXPECT_CORRUPT(with("/added_tokens/0/id", 1), "id 1 belongs to both \"<|im_start|>\" and \"<|endoftext|>\"");
  EXPECT_CORRUPT(with("/added_tokens/0/id", 5000000), "the greatest token id is 5000000");
  EXPECT_UNSUPPORTED(with("/added_tokens/0/single_word", true), "single_word of the added token \"<|endoftext|>\"");
}

TEST(BadTokenizerJson, Config) {
  EXPECT_ERROR(load(good(), R"({"eos_token": "<none>"})"), ErrorKind::kCorruptFile,
               "the token \"<none>\" is not in the vocabulary");
  EXPECT_ERROR(load(good(), R"({"eos_token": 5})"), ErrorKind::kCorruptFile, "\"eos_token\" is 5, not a text");
  EXPECT_ERROR(load(good(), R"({"add_bos_token": true})"), ErrorKind::kCorruptFile,
               "asks for a bos token before every text but names none");
}

GgufTokenizer good_gguf() {
  TokenizerSpec spec = read_tokenizer_json(golden_path("smollm.json"));
  return {.model = "gpt2", .pre = "smollm", .tokens = std::move(spec.tokens), .merges = std::move(spec.merges)};
}

template <class Change>
void load_gguf(Change change) {
  GgufTokenizer gguf = good_gguf();
  change(gguf);
  Tokenizer(tokenizer_spec(std::move(gguf), "m.gguf"));
}

#define EXPECT_BAD_GGUF(change, kind, text) EXPECT_ERROR(load_gguf([](GgufTokenizer& gguf) { change; }), kind, text)

TEST(BadGgufTokenizer, NamesWhatIsWrong) {
  EXPECT_BAD_GGUF(gguf.model = "llama", ErrorKind::kUnsupported, "m.gguf: tokenizer.ggml.model is \"llama\"");
  EXPECT_BAD_GGUF(gguf.pre = "qwen3", ErrorKind::kUnsupported,
                  "tokenizer.ggml.pre is \"qwen3\"; did you mean \"qwen2\"?");
  EXPECT_BAD_GGUF(gguf.tokens.clear(), ErrorKind::kCorruptFile, "tokenizer.ggml.tokens is empty");
  EXPECT_BAD_GGUF(gguf.token_types.assign(3, 1), ErrorKind::kCorruptFile,
                  "tokens but 3 entries in tokenizer.ggml.token_type");
  EXPECT_BAD_GGUF(gguf.token_types.assign(gguf.tokens.size(), 9), ErrorKind::kCorruptFile,
                  "of token 0 is 9; types are 1 to 6");
  EXPECT_BAD_GGUF(gguf.tokens[9] = gguf.tokens[7], ErrorKind::kCorruptFile, "tokens 7 and 9 are both");
  EXPECT_BAD_GGUF(gguf.bos = 100000, ErrorKind::kCorruptFile, "bos has the id 100000, but ids end at");
  EXPECT_BAD_GGUF(gguf.eos = -1, ErrorKind::kCorruptFile, "eos has the id -1");
}

TEST(BadTokenizerSpec, UnknownTokenAndAddedTokensInRange) {
  TokenizerSpec spec = read_tokenizer_json(golden_path("smollm.json"));
  spec.unknown = 9999;
  EXPECT_ERROR(Tokenizer(std::move(spec)), ErrorKind::kCorruptFile, "the unknown token has the id 9999");
  spec = read_tokenizer_json(golden_path("smollm.json"));
  spec.added_tokens[0].id = 9999;
  EXPECT_ERROR(Tokenizer(std::move(spec)), ErrorKind::kCorruptFile,
               "the added token \"<|endoftext|>\" has the id 9999");
}

}  // namespace
}  // namespace manyshot
