// Perplexity: every token once, whatever the windows, the pieces and the threads.
#include "evaluate/knowledge/perplexity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/parallel.h"
#include "encoding/tokenizer/tokenizer.h"
#include "evaluate/knowledge/text_pieces.h"
#include "model/language/language_model.h"
#include "support/error.h"
#include "support/fake_server.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

std::string some_text(size_t lines) {
  std::string text;
  for (size_t line = 0; line < lines; ++line)
    text += "Line " + std::to_string(line * 37 % 101) + " has words,\n  more 漢字 of them.\n\n";
  return text;
}

TEST(TextPieces, JoinToTheTextAndEndBeforeLetters) {
  const TemporaryFolder folder;
  const std::string text = some_text(2000) + "漢字\n";
  for (const size_t least : {0, 1, 100, 5000, 10'000'000}) {
    TextPieces pieces(folder.write("text.txt", text));
    std::string joined;
    size_t number = 0;
    for (std::string piece; pieces.next(piece, least); ++number) {
      joined += piece;
      if (joined.size() == text.size()) break;
      EXPECT_GE(piece.size(), least);
      EXPECT_TRUE(piece.ends_with('\n') && text[joined.size()] != ' ' && text[joined.size()] != '\n');
    }
    EXPECT_EQ(joined, text);
    EXPECT_EQ(number, least == 0 ? 2000u : number) << "before each Line, and before the last word";
  }
}

TEST(TextPieces, BadFilesAreErrors) {
  const TemporaryFolder folder;
  std::string piece;
  EXPECT_ERROR(TextPieces(folder / "none.txt"), ErrorKind::kNotFound, "none.txt");
  EXPECT_ERROR(TextPieces(folder.path()), ErrorKind::kBadInput, "is a folder");
  EXPECT_ERROR(TextPieces(folder.write("empty.txt", "")), ErrorKind::kBadInput, "empty");
  TextPieces pieces(folder.write("latin1.txt", "Good line\nCaf\xe9 au lait\n"));
  EXPECT_TRUE(pieces.next(piece, 1));
  EXPECT_ERROR(pieces.next(piece, 1), ErrorKind::kBadInput, "byte 13 is not UTF-8");
}

class Perplexity : public ::testing::Test {
 protected:
  Perplexity() {
    write_tiny_text_model(model_folder_.path());
    model_ = load_model(model_folder_.path(), {.dtype = DType::kFloat32});
  }
  ~Perplexity() override { set_num_threads(0); }

  PerplexityResult measure(const std::string& text, const WindowOptions& window) const {
    return measure_perplexity(*model_, folder_.write("text.txt", text), window);
  }
  // ln p(token | the `context` tokens before it), one text at a time.
  double log_prob(const std::vector<TokenId>& tokens, size_t token, size_t context) const {
    const Branch branch{.tokens = std::span(tokens).subspan(token - context, context + 1), .first_scored = context};
    return model_->language_model()->score(std::span(&branch, 1)).front().log_probs.front();
  }

  TemporaryFolder model_folder_;
  TemporaryFolder folder_;
  std::unique_ptr<Model> model_;
};

TEST_F(Perplexity, EveryTokenOnceBehindTheContextOfItsWindow) {
  const std::string text = some_text(3);
  const std::vector<TokenId> tokens = model_->tokenizer()->encode(text, /*parse_special=*/false);
  ASSERT_GT(tokens.size(), 40u);
  for (const auto& [window, stride] :
       {std::pair<size_t, size_t>{16, 5}, {16, 15}, {2, 1}, {4096, 1024}, {tokens.size(), 3}}) {
    double expected = 0;
    for (size_t token = 1; token < tokens.size(); ++token) {
      // The first window that reaches the token begins at a multiple of the stride.
      const size_t begin = token < window ? 0 : (token - window + stride) / stride * stride;
      expected += log_prob(tokens, token, token - begin);
    }
    const PerplexityResult result =
        measure(text, {.window = static_cast<int>(window), .stride = static_cast<int>(stride)});
    EXPECT_EQ(result.num_tokens, tokens.size() - 1) << window << " " << stride;
    EXPECT_NEAR(result.log_prob, expected, 1e-3);
    EXPECT_EQ(result.num_bytes, text.size() - model_->tokenizer()->token_text(tokens[0]).size());
    EXPECT_NEAR(result.perplexity(), std::exp(-expected / static_cast<double>(tokens.size() - 1)),
                1e-3 * result.perplexity());
    EXPECT_NEAR(result.bits_per_byte(), -expected / std::log(2) / static_cast<double>(result.num_bytes), 1e-4);
  }
}

TEST_F(Perplexity, TheSameBitsForAnyNumberOfThreads) {
  const std::string text = some_text(40);
  set_num_threads(1);
  const double one = measure(text, {.window = 256, .stride = 100}).log_prob;
  set_num_threads(7);
  EXPECT_EQ(measure(text, {.window = 256, .stride = 100}).log_prob, one);
}

TEST_F(Perplexity, BadInput) {
  EXPECT_ERROR(measure("a", {}), ErrorKind::kBadInput, "a text of one token");
  EXPECT_ERROR(measure("a text", {.window = 8, .stride = 8}), ErrorKind::kBadInput, "--perplexity-stride 8");
}

TEST(EndpointPerplexity, ScoresEveryPieceBehindTheOnesBefore) {
  // A server whose tokens are bytes, each of probability 1/2, but for the first of a text, which it cannot tell.
  const FakeServer server([](const FakeRequest& request, size_t) {
    const std::string prompt = request.body["prompt"];
    Json tokens = Json::array(), log_probs = Json::array();
    for (const char byte : prompt + "!") {
      log_probs.push_back(tokens.empty() ? Json() : Json(std::log(0.5)));
      tokens.push_back(std::string(1, byte));
    }
    const Json choice = {{"text", prompt + "!"}, {"logprobs", {{"tokens", tokens}, {"token_logprobs", log_probs}}}};
    return FakeResponse{.body = Json{{"choices", Json::array({choice})}}.dump()};
  });
  const TemporaryFolder folder;
  std::string text;
  for (int line = 0; line < 30; ++line) text += "Twenty bytes a line\n";
  EndpointClient client("openai:tiny", {.base_url = server.base_url()}, 0);
  AnswerReport report;
  const PerplexityResult result =
      measure_perplexity(client, folder.write("text.txt", text), {.window = 40, .stride = 20}, report);
  EXPECT_EQ(result.num_tokens, 599u);
  EXPECT_EQ(result.num_bytes, 599u);
  EXPECT_NEAR(result.bits_per_byte(), 1, 1e-12);
  EXPECT_EQ(report.requests, 10u) << "60 bytes each";
  for (const FakeRequest& request : server.requests())
    EXPECT_LE(request.body["prompt"].get<std::string>().size(), 120u);
}

}  // namespace
}  // namespace manyshot
