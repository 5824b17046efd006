// Texts that a small model writes: against the definition, and the promise that bits depend on a request alone.
#include "generate/generator.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "core/files.h"
#include "core/json.h"
#include "core/parallel.h"
#include "encoding/tokenizer/tokenizer.h"
#include "generate/prompt_tokens.h"
#include "model/language/language_model.h"
#include "support/error.h"
#include "support/models/random_model.h"
#include "support/models/tiny_text_model.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using Tokens = std::vector<TokenId>;

void expect_equal(const Generation& found, const Generation& expected, const std::string& what) {
  EXPECT_EQ(found.text, expected.text) << what;
  EXPECT_EQ(found.tokens, expected.tokens) << what;
  EXPECT_EQ(found.log_probs, expected.log_probs) << what;
  EXPECT_EQ(found.finish_reason, expected.finish_reason) << what;
  EXPECT_EQ(found.prompt_log_probs, expected.prompt_log_probs) << what;
}

class Generating : public testing::Test {
 protected:
  Generating() { open(8192); }
  void TearDown() override { set_num_threads(0); }

  // `end`: the token that ends texts, if it is to be another.
  void open(int window, std::optional<TokenId> end = std::nullopt) {
    std::filesystem::create_directories(folder_ / "model");
    write_tiny_text_model(folder_ / "model", window);
    if (end) {
      Json config = Json::parse(read_file(folder_ / "model/config.json"));
      config["eos_token_id"] = *end;
      write_file(folder_ / "model/config.json", config.dump());
    }
    model_ = load_model(folder_ / "model");
  }
  Tokens tokens(const std::string& text) const { return prompt_tokens(text, *model_->tokenizer()); }
  GenerateRequest request(const std::string& prompt, GenerateOptions options = {.max_tokens = 20}) const {
    return {.prompt = tokens(prompt), .options = std::move(options)};
  }
  Generation generate_one(GenerateRequest request) const {
    std::vector<GenerateRequest> requests;
    requests.push_back(std::move(request));
    return generate(*model_, std::move(requests)).front();
  }
  // Requests of many kinds, some of which begin alike.
  std::vector<GenerateRequest> mixed_requests() const {
    std::string shared;
    for (int i = 0; i < 40; ++i) shared += "the nurse works, number " + std::to_string(i) + ". ";
    std::vector<GenerateRequest> requests;
    for (uint64_t i = 0; i < 24; ++i) {
      GenerateOptions options{.max_tokens = 5 + static_cast<int>(i) * 7 % 30, .seed = i / 5};
      if (i % 3 != 0) options.temperature = .5 + static_cast<double>(i % 4);
      if (i % 4 == 1) options.top_p = .8;
      if (i % 5 == 2) options.top_k = 20;
      if (i % 6 == 3) options.stop = {"e", " o"};
      GenerateRequest next = request((i % 2 == 0 ? shared : "") + "question " + std::to_string(i % 7), options);
      next.number = i;
      next.score_prompt = i % 8 == 5;
      requests.push_back(std::move(next));
    }
    return requests;
  }

  TemporaryFolder folder_;
  std::shared_ptr<const Model> model_;
};

TEST_F(Generating, GreedyIsTheMostLikelyTokenByToken) {
  const Generation generation = generate_one(request("the nurse"));
  EXPECT_EQ(generation.prompt_tokens, tokens("the nurse").size());
  ASSERT_EQ(generation.tokens.size(), 20u);
  EXPECT_EQ(generation.finish_reason, FinishReason::kLength);
  Tokens text = tokens("the nurse");
  for (size_t i = 0; i < 20; ++i) {
    const Branch behind{.tokens = text, .first_scored = text.size(), .wants_most_likely = true};
    EXPECT_EQ(generation.tokens[i], model_->language_model()->score({&behind, 1}).front().most_likely) << i;
    text.push_back(generation.tokens[i]);
    const Branch scored{.tokens = text, .first_scored = text.size() - 1};
    EXPECT_EQ(generation.log_probs[i], model_->language_model()->score({&scored, 1}).front().log_probs.front()) << i;
  }
}

TEST_F(Generating, BitsAreThoseOfTheRequestAlone) {
  const std::vector<GenerateRequest> requests = mixed_requests();
  set_num_threads(1);
  std::vector<Generation> alone;
  for (const GenerateRequest& request : requests) alone.push_back(generate_one(request));
  for (const int threads : {1, 2, 7}) {
    set_num_threads(threads);
    for (const size_t at_once : {1, 3, 32}) {
      Generator generator(*model_, at_once);
      std::vector<Generation> found(requests.size());
      std::vector<std::string> pieces(requests.size());
      for (size_t i = 0; i < requests.size(); ++i) {
        GenerateRequest request = requests[i];
        request.on_text = [&, i](std::string_view piece, const Generation& so_far) {
          EXPECT_FALSE(piece.empty());
          pieces[i] += piece;
          EXPECT_EQ(so_far.text, pieces[i]);
        };
        request.on_done = [&, i](Generation generation) { found[i] = std::move(generation); };
        generator.add(std::move(request));
        if (i % 5 == 0) generator.step();  // others are under way when it comes
      }
      while (generator.step()) EXPECT_LE(generator.num_running(), at_once);
      for (size_t i = 0; i < requests.size(); ++i) {
        const std::string what = std::to_string(i) + " of " + std::to_string(at_once) + " at once";
        expect_equal(found[i], alone[i], what);
        EXPECT_EQ(pieces[i], found[i].text) << what;
      }
    }
  }
}

TEST_F(Generating, DrawsDependOnSeedAndNumber) {
  const auto draw = [&](uint64_t seed, uint64_t number) {
    GenerateRequest drawn = request("the nurse", {.max_tokens = 30, .temperature = 1, .seed = seed});
    drawn.number = number;
    return generate_one(std::move(drawn)).tokens;
  };
  EXPECT_EQ(draw(1, 0), draw(1, 0));
  EXPECT_NE(draw(1, 0), draw(1, 1));
  EXPECT_NE(draw(1, 0), draw(2, 0));
}

TEST_F(Generating, StopTextsEndItAcrossTokens) {
  const std::string whole = generate_one(request("the nurse", {.max_tokens = 60})).text;
  ASSERT_GT(whole.size(), 40u);
  for (size_t begin = 1; begin < 30; begin += 3) {
    const std::string stop = whole.substr(begin, 5);
    if (stop.find("\uFFFD") != std::string::npos || static_cast<unsigned char>(stop[0]) >= 0x80) continue;
    const Generation cut = generate_one(request("the nurse", {.max_tokens = 60, .stop = {"never in it", stop}}));
    EXPECT_EQ(cut.text, whole.substr(0, whole.find(stop))) << stop;
    EXPECT_EQ(cut.finish_reason, FinishReason::kStop);
  }
}

TEST_F(Generating, EndsWithTheModelsToken) {
  const Generation before = generate_one(request("the nurse"));
  size_t place = 1;
  while (std::find(before.tokens.begin(), before.tokens.begin() + static_cast<ptrdiff_t>(place),
                   before.tokens[place]) != before.tokens.begin() + static_cast<ptrdiff_t>(place)) {
    ++place;
  }
  open(8192, before.tokens[place]);
  const Generation ended = generate_one(request("the nurse"));
  EXPECT_EQ(ended.tokens, Tokens(before.tokens.begin(), before.tokens.begin() + static_cast<ptrdiff_t>(place)));
  EXPECT_EQ(ended.finish_reason, FinishReason::kStop);
  const Generation onward = generate_one(request("the nurse", {.max_tokens = 20, .ignore_end = true}));
  EXPECT_EQ(onward.tokens, before.tokens);
  EXPECT_LT(onward.text.size(), before.text.size()) << "the token itself is no text";
}

TEST_F(Generating, EndsWithTheWindow) {
  open(64);
  GenerateRequest long_prompt = request("the nurse", {.max_tokens = 100});
  long_prompt.prompt.resize(60, long_prompt.prompt.front());
  const Generation generation = generate_one(long_prompt);
  EXPECT_EQ(generation.tokens.size(), 4u);
  EXPECT_EQ(generation.finish_reason, FinishReason::kLength);
  long_prompt.prompt.resize(64, long_prompt.prompt.front());
  EXPECT_ERROR(generate_one(long_prompt), ErrorKind::kBadInput, "the prompt has 64 tokens, the window of");
  long_prompt.options.max_tokens = 0;
  EXPECT_EQ(generate_one(long_prompt).tokens.size(), 0u) << "scoring needs no room behind";
  long_prompt.prompt.resize(65, long_prompt.prompt.front());
  EXPECT_ERROR(generate_one(long_prompt), ErrorKind::kBadInput, "the prompt has 65 tokens");
}

TEST_F(Generating, ScoresPrompts) {
  GenerateRequest scored = request("the nurse works in the hospital and the clerk in the bank");
  for (int i = 0; i < 6; ++i) scored.prompt.insert(scored.prompt.end(), scored.prompt.begin(), scored.prompt.end());
  scored.prompt.resize(300);
  scored.options.max_tokens = 0;
  scored.score_prompt = true;
  scored.num_likeliest = 3;
  const Branch whole{.tokens = scored.prompt, .first_scored = 1};
  const std::vector<float> expected = model_->language_model()->score({&whole, 1}).front().log_probs;
  const Generation generation = generate_one(scored);
  EXPECT_EQ(generation.prompt_log_probs, expected);
  ASSERT_EQ(generation.prompt_likeliest.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(generation.prompt_likeliest[i].size(), 3u);
    EXPECT_GE(generation.prompt_likeliest[i].front().log_prob, expected[i]);
  }
  EXPECT_TRUE(generation.tokens.empty());
}

TEST_F(Generating, CancelledTextsLeaveTheOthersAlone) {
  const Generation alone = generate_one(request("the nurse"));
  Generator generator(*model_, /*texts_at_once=*/2);
  Generation kept;
  size_t others_done = 0;
  std::vector<Generator::Id> ids;
  for (int i = 0; i < 4; ++i) {
    GenerateRequest next = request(i == 1 ? "the nurse" : "another " + std::to_string(i));
    next.on_done = [&, i](Generation generation) {
      if (i == 1) kept = std::move(generation);
      others_done += i != 1;
    };
    ids.push_back(generator.add(std::move(next)));
  }
  for (int i = 0; i < 3; ++i) generator.step();
  generator.cancel(ids[0]);  // under way
  generator.cancel(ids[3]);  // waiting
  generator.cancel(12345);
  while (generator.step()) {
  }
  expect_equal(kept, alone, "kept");
  EXPECT_EQ(others_done, 1u);
  generator.cancel(ids[1]);  // done
}

TEST_F(Generating, RefusesWhatCannotBeWritten) {
  GenerateRequest bad = request("x");
  bad.prompt = {};
  EXPECT_ERROR(generate_one(bad), ErrorKind::kBadInput, "the prompt is empty");
  bad.prompt = {560};
  EXPECT_ERROR(generate_one(bad), ErrorKind::kBadInput, "token 560 of the prompt is not in the vocabulary of 560");
  EXPECT_ERROR(generate_one(request("x", {.stop = {""}})), ErrorKind::kBadInput, "stop: an empty text");
  const TemporaryFolder compact_folder;
  write_model(compact_folder, RandomModel{});
  const auto compact = load_model(compact_folder / "");
  EXPECT_ERROR(Generator(*compact, 1), ErrorKind::kUnsupported, "is no language model: it scores table rows only");
}

}  // namespace
}  // namespace manyshot
