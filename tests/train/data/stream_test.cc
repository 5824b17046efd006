// Streams of samples: live tasks, token files, JSON lines. What they give is a function of the position alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <numeric>
#include <set>

#include "core/files.h"
#include "core/parallel.h"
#include "core/rng.h"
#include "corpus/write_corpus.h"
#include "support/error.h"
#include "support/golden_tokenizer.h"
#include "support/temporary_folder.h"
#include "train/compact/compact_model.h"
#include "train/data/sample_buffer.h"
#include "train/data/sample_stream.h"
#include "train/data/samples_ahead.h"
#include "train/data/shuffled_order.h"
#include "train/data/supervision.h"
#include "train/models/open_model.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

StageRecipe small_stage() {
  StageRecipe stage;
  stage.max_tokens = 4000;
  stage.corpus.shots = IntRange{8, 24};
  stage.corpus.queries = 4;
  stage.corpus.filter_tasks = false;
  stage.corpus.prior.prior = "mlp";
  stage.corpus.prior.features = IntRange{2, 4};
  stage.corpus.prior.classes = IntRange{2, 3};
  return stage;
}

std::string numbered_texts(int count, const std::string& words) {
  std::string lines;
  for (int i = 0; i < count; ++i) lines += fmt::format("{{\"text\": \"{} {}\"}}\n", words, i);
  return lines;
}

class Stream : public ::testing::Test {
 protected:
  StreamContext context() const {
    return {.tokenizer = &tokenizer_, .vocab_size = 600, .seed = 5, .num_positions = 100};
  }
  StreamContext compact_context() const {
    return {.compact = &compact_, .vocab_size = 1075, .seed = 5, .num_positions = 100};
  }
  static std::vector<TrainSample> take(const SampleStream& stream, size_t count, uint64_t first = 0) {
    std::vector<TrainSample> samples;
    StreamScratch scratch;
    for (size_t i = 0; i < count; ++i) samples.push_back(stream.sample(first + i, scratch));
    return samples;
  }
  std::string text_of(const TrainSample& sample) const { return tokenizer_.decode(sample.tokens); }
  std::string supervised_text(const TrainSample& sample) const {
    std::string text;
    for (const uint32_t place : sample.supervised) text += tokenizer_.decode(std::span(&sample.tokens[place], 1));
    return text;
  }
  void expect_refused(const StageRecipe& stage, const StreamContext& where, ErrorKind kind, const std::string& part) {
    const Error error = error_of([&] { take(*open_stream(stage, where), 3); });
    EXPECT_EQ(error.kind(), kind);
    EXPECT_THAT(error.what(), HasSubstr(part));
  }
  // A corpus of `tasks` draws in the folder of that name.
  std::string write(const CorpusOptions& options, const std::string& name, CorpusLayout layout,
                    const Tokenizer* tokenizer, uint64_t tasks = 20) {
    const Sampler sampler(options, tokenizer);
    write_corpus(
        sampler,
        {.out = folder_ / name, .layout = layout, .tasks = tasks, .part_tasks = 10, .options = Json::object()});
    return folder_ / name;
  }

  Tokenizer tokenizer_ = golden_tokenizer("smollm");
  ModelConfig compact_ = compact_config({});
  TemporaryFolder folder_;
};

TEST_F(Stream, LiveSamplesAreAFunctionOfThePosition) {
  const auto stream = open_stream(small_stage(), compact_context()),
             again = open_stream(small_stage(), compact_context());
  const std::vector<TrainSample> all = take(*stream, 6), later = take(*again, 2, 4);
  for (size_t i = 0; i < 2; ++i) EXPECT_EQ(all[4 + i].tokens, later[i].tokens);
  EXPECT_NE(all[0].tokens, all[1].tokens);
  StreamContext other = compact_context();
  other.seed = 6;
  EXPECT_NE(take(*open_stream(small_stage(), other), 1)[0].tokens, all[0].tokens);
}

TEST_F(Stream, LiveSamplesAreThoseOfTheCorpus) {
  const StageRecipe stage = small_stage();
  const TrainSample sample = take(*open_stream(stage, context()), 1, 3)[0];
  CorpusOptions corpus = stage.corpus;
  corpus.max_tokens = stage.max_tokens;
  corpus.prior.seed = Rng(5).child("corpus", 0).bits(0);
  SamplerScratch scratch;
  EXPECT_EQ(Sampler(corpus, &tokenizer_).draw(sample.index, scratch).tokens, sample.tokens);
}

TEST_F(Stream, TablesAreDrawnFromAsThePriorIs) {
  std::string table = "colour,size,sold,weight\n", evaluation = table;
  for (int row = 0; row < 80; ++row) {
    const std::string line = fmt::format("{},{},{},{}\n", std::array{"red", "green", "blue"}[row % 3],
                                         10 * (row % 3) + row % 7, row % 2 == 0 ? "yes" : "no", row * 0.25);
    table += line;
    if (row < 30) evaluation += line;
  }
  write_file(folder_ / "table.csv", table);
  write_file(folder_ / "evaluation.csv", evaluation);
  StageRecipe stage = small_stage();
  stage.data = StageData::kTables;
  stage.path = folder_ / "table.csv";
  const auto stream = open_stream(stage, compact_context());
  const std::vector<TrainSample> all = take(*stream, 8);
  EXPECT_EQ(take(*open_stream(stage, compact_context()), 1, 5)[0].tokens, all[5].tokens);
  EXPECT_NE(all[0].tokens, all[1].tokens);
  const BatchShape largest = stream->largest_sample();
  for (const TrainSample& sample : all) {
    EXPECT_LE(sample.num_features, 3u);
    EXPECT_LE(sample.num_rows(), largest.sample_rows);
    EXPECT_EQ(sample.tokens.size(), sample.num_rows() * (sample.num_features + 2));
  }
  EXPECT_THAT(stream->description(), HasSubstr("1 table with 80 rows, 8:24 shots"));
  EXPECT_THAT(text_of(take(*open_stream(stage, context()), 1)[0]), HasSubstr("[Training set]"));

  StreamContext leaky = compact_context();
  leaky.evaluation_tables = {folder_ / "evaluation.csv"};
  EXPECT_THAT(open_stream(stage, leaky)->description(), HasSubstr("50 rows (30 are left out"));
  stage.path = folder_ / "none";
  expect_refused(stage, compact_context(), ErrorKind::kNotFound, "no such file or folder");
}

TEST_F(Stream, GrowingStagesGetLarger) {
  StageRecipe stage = small_stage();
  stage.grow = {"0: shots=8:12", "0.5: shots=20:21"};
  const auto stream = open_stream(stage, compact_context());
  EXPECT_LE(take(*stream, 1, 49)[0].num_labelled, 12u);
  EXPECT_GE(take(*stream, 1, 50)[0].num_labelled, 20u);
  EXPECT_EQ(stream->largest_sample().sample_rows, 25u);
  EXPECT_EQ(stream->largest_sample().num_features, 4u);
}

TEST_F(Stream, AutomaticColumnsAreSaidAsTheyAreDrawn) {
  struct Case {
    const char* prior;
    IntRange shots;
    size_t features;
  };
  for (const Case& expected : {Case{"mix", {8, 24}, 50}, Case{"graph", {8, 24}, 3}, Case{"forest", {8, 246}, 10},
                               Case{"graph:1,forest:1", {8, 1100}, 40}, Case{"graph:1,tree:0", {8, 24}, 3}}) {
    StageRecipe stage = small_stage();
    stage.corpus.prior.prior = expected.prior;
    stage.corpus.prior.features.reset();
    stage.corpus.shots = expected.shots;
    const auto stream = open_stream(stage, compact_context());
    EXPECT_EQ(stream->largest_sample().num_features, expected.features) << expected.prior;
    Recipe recipe;
    recipe.model.base = "fresh";
    recipe.stages = {stage};
    EXPECT_EQ(open_run_model(recipe)->compact_config()->trained_features, static_cast<int>(expected.features));
    for (const TrainSample& sample : take(*stream, 8)) EXPECT_LE(sample.num_features, expected.features);
  }
}

TEST_F(Stream, FiltersThatKeepNothingAreNamed) {
  StageRecipe stage = small_stage();
  stage.max_tokens = 64;
  expect_refused(stage, context(), ErrorKind::kBadInput, "\"too_long\"");
}

TEST_F(Stream, BufferGivesTheOrderAtAnyThreadCount) {
  const auto stream = open_stream(small_stage(), compact_context());
  std::vector<std::vector<TokenId>> one;
  for (const int threads : {1, 3}) {
    set_num_threads(threads);
    SampleBuffer buffer(
        *stream, [](uint64_t number) { return 2 * number; }, 1, 40);
    for (int i = 0; i < 13; ++i) {
      for (const TrainSample& sample : buffer.take(3)) {
        if (threads == 1) {
          one.push_back(sample.tokens);
        } else {
          EXPECT_EQ(sample.tokens, one.front());
          one.erase(one.begin());
        }
      }
    }
  }
  set_num_threads(0);
}

TEST_F(Stream, SamplesDrawnMeanwhileAreTheSame) {
  const auto stream = open_stream(small_stage(), compact_context());
  const auto position_of = [](uint64_t number) { return number / 3 * 6 + number % 3; };
  SampleBuffer in_turns(*stream, position_of, 2, 40);
  SampleBuffer meanwhile(*stream, position_of, 2, 40, Drawing::kMeanwhile);
  for (const size_t count : {5u, 1u, 20u, 12u}) {
    const std::vector<TrainSample> expected = in_turns.take(count), found = meanwhile.take(count);
    for (size_t i = 0; i < count; ++i) EXPECT_EQ(found[i].tokens, expected[i].tokens);
  }
}

TEST_F(Stream, ErrorsOfSamplesDrawnMeanwhileComeInTheirTurn) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.path = folder_.write("text.jsonl", "{\"text\": \"good\"}\n{\"text\": 7}\n{\"text\": \"fine\"}\n");
  const auto stream = open_stream(stage, context());
  // Whichever comes first, the bad line is told when it is its turn, and no thread is left behind.
  SamplesAhead samples(
      *stream, [](uint64_t number) { return number; }, 0, 3, 2, 2);
  std::string message;
  for (int i = 0; i < 3 && message.empty(); ++i) {
    try {
      samples.take(1);
    } catch (const Error& error) {
      message = error.what();
    }
  }
  EXPECT_THAT(message, HasSubstr("text.jsonl:2: there is no \"text\""));
  const auto tasks = open_stream(small_stage(), compact_context());
  const SamplesAhead unused(
      *tasks, [](uint64_t number) { return number; }, 0, 50, 2, 4);
}

TEST_F(Stream, EveryPassSeesEverySampleOnce) {
  const ShuffledOrder order(3, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  std::vector<uint32_t> first, second;
  for (uint64_t i = 0; i < 10; ++i) first.push_back(order.at(i));
  for (uint64_t i = 10; i < 20; ++i) second.push_back(order.at(i));
  EXPECT_NE(first, second);
  EXPECT_EQ(order.at(3), first[3]) << "whatever was asked before";
  EXPECT_EQ(std::set<uint32_t>(first.begin(), first.end()).size(), 10u);
  EXPECT_EQ(std::set<uint32_t>(second.begin(), second.end()).size(), 10u);
  std::set<uint32_t> tried;
  for (uint64_t attempt = 0; attempt < 10; ++attempt) tried.insert(order.at(7, attempt));
  EXPECT_EQ(tried.size(), 10u);
}

// Texts of a pass over a stream.
std::multiset<std::vector<TokenId>> pass_of(const SampleStream& stream) {
  std::multiset<std::vector<TokenId>> texts;
  StreamScratch scratch;
  for (uint64_t i = 0; i < stream.num_samples().value(); ++i) texts.insert(stream.sample(i, scratch).tokens);
  return texts;
}

TEST_F(Stream, ASplitHoldsSamplesOut) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.path = folder_.write("text.jsonl", numbered_texts(20, "text number"));
  const auto whole = pass_of(*open_stream(stage, context()));
  EXPECT_EQ(whole.size(), 20u);

  StreamContext training = context(), validation = context();
  training.split = {.validation = 0.23, .seed = 1};
  validation.split = {.validation = 0.23, .seed = 1, .part = DataPart::kValidation};
  const auto stream = open_stream(stage, training);
  EXPECT_EQ(stream->description(), "15 samples of text in 1 files (5 held out for validation)");
  auto parts = pass_of(*stream);
  const auto held_out = pass_of(*open_stream(stage, validation));
  EXPECT_EQ(held_out.size(), 5u);
  for (const auto& text : held_out) EXPECT_FALSE(parts.contains(text));
  parts.insert(held_out.begin(), held_out.end());
  EXPECT_EQ(parts, whole);

  validation.seed = 99;  // another stage
  EXPECT_EQ(pass_of(*open_stream(stage, validation)), held_out);
  validation.split.seed = 2;  // another run
  EXPECT_NE(pass_of(*open_stream(stage, validation)), held_out);

  stage.path = folder_.write("one.jsonl", "{\"text\": \"alone\"}\n");
  expect_refused(stage, training, ErrorKind::kBadInput, "one.jsonl: validation = 0.23 needs two samples");
}

TEST_F(Stream, ASplitOfTokenFilesHoldsSamplesOut) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kTokens;
  stage.corpus.format = PromptStyle::kCompact;
  stage.path = write(stage.corpus, "tokens", CorpusLayout::kTokens, nullptr);
  StreamContext training = compact_context(), validation = compact_context();
  const auto whole = pass_of(*open_stream(stage, training));
  training.split = validation.split = {.validation = 0.5, .seed = 1};
  validation.split.part = DataPart::kValidation;
  auto parts = pass_of(*open_stream(stage, training));
  parts.merge(pass_of(*open_stream(stage, validation)));
  EXPECT_EQ(parts, whole);
}

TEST_F(Stream, ASplitOfTablesHoldsWholeTablesOut) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kTables;
  stage.path = folder_ / "tables";
  for (int table = 0; table < 4; ++table) {
    std::string text = "a,b,c,d\n";
    for (int row = 0; row < 40 + table; ++row) text += fmt::format("{},{},{},{}\n", row, row % 5, row % 3, row * row);
    folder_.write(fmt::format("tables/{}.csv", table), text);
  }
  StreamContext training = compact_context(), validation = compact_context();
  training.split = validation.split = {.validation = 0.25, .seed = 1};
  validation.split.part = DataPart::kValidation;
  EXPECT_THAT(open_stream(stage, training)->description(), HasSubstr("3 tables (1 held out for validation) with 1"));
  EXPECT_THAT(open_stream(stage, validation)->description(), HasSubstr("1 table (1 held out for validation) with 4"));
  stage.path = folder_ / "tables/0.csv";
  expect_refused(stage, training, ErrorKind::kBadInput, "needs two tables");
}

TEST_F(Stream, TokenFilesAndAlpacaGiveTheSameTokens) {
  StageRecipe tokens = small_stage(), alpaca = small_stage();
  tokens.data = StageData::kTokens;
  tokens.path = write(tokens.corpus, "tokens", CorpusLayout::kTokens, &tokenizer_);
  alpaca.data = StageData::kAlpaca;
  alpaca.path = write(alpaca.corpus, "alpaca", CorpusLayout::kAlpaca, &tokenizer_);
  const std::vector<TrainSample> a = take(*open_stream(tokens, context()), 8),
                                 b = take(*open_stream(alpaca, context()), 8);
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].tokens, b[i].tokens);
    EXPECT_EQ(a[i].supervised, b[i].supervised);
    EXPECT_THAT(supervised_text(a[i]), ::testing::StartsWith("[{\"id\": 0, \"label\": "));
    EXPECT_THAT(supervised_text(a[i]), ::testing::EndsWith("}]<|im_end|>"));
  }
}

TEST_F(Stream, LabelsAndDenseChooseLabelTokens) {
  StageRecipe stage = small_stage();
  stage.loss = LossMode::kLabels;
  const TrainSample labels = take(*open_stream(stage, context()), 1)[0];
  EXPECT_EQ(supervised_text(labels).size(), labels.num_queries) << "one digit each";
  stage.loss = LossMode::kDense;
  const TrainSample dense = take(*open_stream(stage, context()), 1)[0];
  EXPECT_EQ(supervised_text(dense).size(), labels.num_queries + labels.num_labelled);
  EXPECT_EQ(dense.supervised.back(), labels.supervised.back());
  const std::string text = text_of(dense);
  stage.corpus.format = PromptStyle::kTabllm;
  const TrainSample verbose = take(*open_stream(stage, context()), 1)[0];
  EXPECT_EQ(supervised_text(verbose).size(), verbose.num_queries + verbose.num_labelled) << text_of(verbose);
}

TEST_F(Stream, LinesAreSupervisedAtTheirLabels) {
  StageRecipe stage = small_stage();
  stage.corpus.format = PromptStyle::kLines;
  stage.corpus.rank_share = 0.5;
  stage.corpus.filter_tasks = true;
  stage.corpus.queries = 24;
  stage.corpus.teacher_share = 0.5;
  stage.loss = LossMode::kDense;
  size_t num_taught = 0;
  for (const TrainSample& sample : take(*open_stream(stage, context()), 6)) {
    const std::string text = text_of(sample), supervised = supervised_text(sample);
    EXPECT_EQ(supervised.size(), sample.num_queries + sample.num_labelled) << text;
    std::string labels;
    for (size_t at = text.find('|'); at != std::string::npos; at = text.find('|', at + 1)) labels += text[at + 1];
    EXPECT_EQ(supervised, labels) << text;
    num_taught += text.find(':') != std::string::npos;
  }
  EXPECT_GT(num_taught, 0u);
  EXPECT_LT(num_taught, 6u);
  for (const LossMode mode : {LossMode::kAnswer, LossMode::kLabels}) {
    stage.loss = mode;
    const TrainSample sample = take(*open_stream(stage, context()), 1)[0];
    EXPECT_EQ(supervised_text(sample).size(), sample.num_queries);
  }
  const std::string folder = write(stage.corpus, "lines", CorpusLayout::kTokens, &tokenizer_, 200);
  stage.data = StageData::kTokens;
  stage.path = folder;
  const TrainSample sample = take(*open_stream(stage, context()), 1)[0];
  EXPECT_EQ(supervised_text(sample).size(), sample.num_queries) << text_of(sample);
}

TEST_F(Stream, ShardsOfAnotherTokenizerAreRefused) {
  const Tokenizer other = golden_tokenizer("qwen2");
  StageRecipe stage = small_stage();
  stage.data = StageData::kTokens;
  stage.path = write(stage.corpus, "other", CorpusLayout::kTokens, &other);
  expect_refused(stage, context(), ErrorKind::kBadInput, "another tokenizer");
  stage.path = write(stage.corpus, "right", CorpusLayout::kTokens, &tokenizer_);
  expect_refused(stage, compact_context(), ErrorKind::kBadInput, "holds text samples, the model is a compact model");
  StreamContext small = context();
  small.vocab_size = 50;
  expect_refused(stage, small, ErrorKind::kBadInput, "the model's vocabulary");
  stage.corpus.format = PromptStyle::kCompact;
  stage.path = write(stage.corpus, "compact", CorpusLayout::kTokens, nullptr);
  expect_refused(stage, context(), ErrorKind::kBadInput, "holds compact samples");
  EXPECT_EQ(take(*open_stream(stage, compact_context()), 1)[0].num_queries, 4u);
  stage.path = folder_ / "nowhere";
  expect_refused(stage, context(), ErrorKind::kNotFound, "no such file or folder");
}

TEST_F(Stream, ChatTokensThatTheTokenizerLacksAreNamed) {
  const Tokenizer gpt2 = golden_tokenizer("gpt2");
  StreamContext other = context();
  other.tokenizer = &gpt2;
  StageRecipe stage = small_stage();
  expect_refused(stage, other, ErrorKind::kBadInput, "chat = \"trained\": the model's tokenizer lacks <|im_start|>");
  stage.corpus.chat = ChatWrapping::kRaw;
  EXPECT_FALSE(take(*open_stream(stage, other), 1)[0].tokens.empty());
}

TEST_F(Stream, MessagesSuperviseTheAssistantAlone) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kMessages;
  stage.chat = ChatWrapping::kChatMl;
  stage.path = folder_.write("chat.jsonl",
                             R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b c"},
  {"role": "user", "content": "d"}, {"role": "assistant", "content": "e"}]})");
  expect_refused(stage, context(), ErrorKind::kCorruptFile, "chat.jsonl:1: expected a JSON object");
  stage.path = folder_.write(
      "chat.jsonl",
      R"({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b c"}, {"role": "user", "content": "d"}, {"role": "assistant", "content": "e"}]})");
  const TrainSample sample = take(*open_stream(stage, context()), 1)[0];
  EXPECT_EQ(text_of(sample),
            "<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\nb c<|im_end|>\n<|im_start|>user\nd<|im_end|>\n"
            "<|im_start|>assistant\ne<|im_end|>");
  EXPECT_EQ(supervised_text(sample), "b c<|im_end|>e<|im_end|>");
  stage.path = folder_.write(
      "sharegpt.json", R"([{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b"}]}])");
  EXPECT_EQ(supervised_text(take(*open_stream(stage, context()), 1)[0]), "b<|im_end|>");
  stage.chat = ChatWrapping::kRaw;
  EXPECT_EQ(text_of(take(*open_stream(stage, context()), 1)[0]).substr(0, 3), "a\nb");
  stage.chat = ChatWrapping::kLlama3;
  expect_refused(stage, context(), ErrorKind::kBadInput, "lacks <|start_header_id|>");
}

TEST_F(Stream, TextsSuperviseEverythingButTheFirstToken) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.path = folder_.write("text.jsonl", "{\"text\": \"the nurse is here\"}\n\n{\"text\": \"the clerk\"}\n");
  for (const TrainSample& sample : take(*open_stream(stage, context()), 4)) {
    EXPECT_EQ(sample.supervised.size() + 1, sample.tokens.size());
    EXPECT_EQ(sample.supervised.front(), 1u);
  }
}

TEST_F(Stream, ReplaySpreadsTextsEvenlyAmongTheOwnSamples) {
  StageRecipe stage = small_stage();
  const std::vector<TrainSample> own = take(*open_stream(stage, context()), 15);
  stage.replay = 0.25;
  stage.replay_path = folder_.write("text.jsonl", "{\"text\": \"the nurse is here\"}\n{\"text\": \"the clerk\"}\n");
  const auto stream = open_stream(stage, context());
  const std::vector<TrainSample> all = take(*stream, 20);
  std::multiset<std::string> texts;
  for (size_t position = 0, next = 0; position < all.size(); ++position) {
    if (position % 4 == 3) {
      texts.insert(supervised_text(all[position]));
    } else {
      EXPECT_EQ(all[position].tokens, own[next++].tokens);
    }
  }
  EXPECT_EQ(texts.size(), 5u);
  EXPECT_EQ(std::set(texts.begin(), texts.end()).size(), 2u);  // a pass sees both, the third begins
  EXPECT_GE(texts.count(*texts.begin()), 2u);
  EXPECT_EQ(take(*stream, 1, 7)[0].tokens, all[7].tokens);
  EXPECT_THAT(stream->description(), HasSubstr("replayed, 25 % of the samples: 2 samples of text in 1 files"));
}

TEST_F(Stream, ReplayMakesAPassLongerAndIsNoPartOfValidation) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.path = folder_.write("own.jsonl", numbered_texts(12, "the clerk"));
  stage.replay = 0.25;
  stage.replay_path = folder_.write("other.jsonl", "{\"text\": \"the nurse\"}\n");
  EXPECT_EQ(open_stream(stage, context())->num_samples(), 16u);
  std::multiset<std::string> texts;
  for (const TrainSample& sample : take(*open_stream(stage, context()), 16)) texts.insert(text_of(sample));
  EXPECT_EQ(texts.size(), 16u);
  EXPECT_EQ(std::set(texts.begin(), texts.end()).size(), 13u);
  StreamContext held_out = context();
  held_out.split = {.validation = 0.25, .part = DataPart::kValidation};
  EXPECT_EQ(open_stream(stage, held_out)->num_samples(), 3u);
}

TEST_F(Stream, ReplayIsForLanguageModels) {
  StageRecipe stage = small_stage();
  stage.replay = 0.1;
  stage.replay_path = folder_.write("text.jsonl", "{\"text\": \"the nurse\"}\n");
  expect_refused(stage, compact_context(), ErrorKind::kBadInput, "a compact model reads tables; leave it out");
  stage.replay_path = folder_ / "none.jsonl";
  expect_refused(stage, context(), ErrorKind::kNotFound, "none.jsonl");
}

TEST_F(Stream, PlainTextsGoInWhole) {
  StageRecipe stage;
  stage.data = StageData::kText;
  stage.path = folder_ / "notes";
  stage.max_tokens = 66;  // pieces of 64 bytes
  const std::string long_line(90, 'a'), first(50, 'b'), second(40, 'c'), accents = [] {
    std::string text;
    for (int i = 0; i < 40; ++i) text += "\u00e4";
    return "x" + text;
  }();
  folder_.write("notes/a.txt", first + "\n\n" + second + "\nthe end\n");
  folder_.write("notes/deep/b.md", long_line + "\n \n");
  folder_.write("notes/deep/c.txt", accents);
  folder_.write("notes/d.pdf", "no text");
  folder_.write("notes/empty.txt", " \n");
  const auto stream = open_stream(stage, context());
  EXPECT_EQ(stream->description(), "6 samples of text in 3 files");
  std::multiset<std::string> texts;
  for (const TrainSample& sample : take(*stream, 6)) texts.insert(text_of(sample));
  EXPECT_EQ(texts,
            (std::multiset<std::string>{first + "\n\n", second + "\nthe end\n", long_line.substr(0, 64),
                                        long_line.substr(64) + "\n \n", accents.substr(0, 63), accents.substr(63)}));

  stage.path = folder_.write("latin.txt", "caf\xE9");
  expect_refused(stage, context(), ErrorKind::kBadInput, "latin.txt: byte 3 is not UTF-8");
  stage.path = folder_ / "notes";
  stage.data = StageData::kAlpaca;
  expect_refused(stage, context(), ErrorKind::kNotFound, "no .jsonl or .json files in this folder");
}

TEST_F(Stream, TextBehindAPromptIsLearnedAlone) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.path = folder_.write("text.jsonl", "{\"prompt\": \"The first.\", \"text\": \" The second.\"}\n");
  const auto sample = take(*open_stream(stage, context()), 1).front();
  stage.path = folder_.write("whole.jsonl", "{\"text\": \"The first. The second.\"}\n");
  const auto whole = take(*open_stream(stage, context()), 1).front();
  EXPECT_EQ(sample.tokens, whole.tokens);
  const size_t learned = sample.supervised.size();
  ASSERT_LT(learned, whole.supervised.size());
  EXPECT_EQ(sample.supervised,
            std::vector<uint32_t>(whole.supervised.end() - static_cast<ptrdiff_t>(learned), whole.supervised.end()));
  EXPECT_EQ(sample.answer_begin, sample.supervised.front());
  stage.path = folder_.write("bad.jsonl", "{\"prompt\": 3, \"text\": \"a b\"}\n");
  expect_refused(stage, context(), ErrorKind::kBadInput, "bad.jsonl:1: \"prompt\" is no text");
}

TEST_F(Stream, LongSamplesAreSkippedCutOrRefused) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kText;
  stage.max_tokens = 16;
  std::string longer;
  for (int i = 0; i < 40; ++i) longer += std::to_string(i) + ",";
  stage.path = folder_.write("text.jsonl", "{\"text\": \"" + longer + "\"}\n{\"text\": \"short\"}\n");
  for (const TrainSample& sample : take(*open_stream(stage, context()), 6)) EXPECT_LT(sample.tokens.size(), 16u);
  stage.too_long = TooLong::kCut;
  size_t cut = 0;
  for (const TrainSample& sample : take(*open_stream(stage, context()), 2)) cut += sample.tokens.size() == 16;
  EXPECT_EQ(cut, 1u);
  stage.too_long = TooLong::kStop;
  expect_refused(stage, context(), ErrorKind::kBadInput, "text.jsonl:1: ");
  stage.too_long = TooLong::kSkip;
  stage.path = folder_.write("long.jsonl", "{\"text\": \"" + longer + "\"}\n");
  expect_refused(stage, context(), ErrorKind::kBadInput, "every sample has more than max_tokens = 16");
}

TEST_F(Stream, WrongKindsOfTextAreNamed) {
  StageRecipe stage = small_stage();
  stage.data = StageData::kAlpaca;
  stage.path = folder_.write("a.jsonl", "{\"text\": \"x\"}\n");
  expect_refused(stage, context(), ErrorKind::kBadInput, "a.jsonl:1: there is no \"instruction\"");
  stage.data = StageData::kMessages;
  expect_refused(stage, context(), ErrorKind::kBadInput, "a.jsonl:1: there is no list \"messages\"");
  expect_refused(stage, compact_context(), ErrorKind::kBadInput, "a compact model reads tables");
  stage.data = StageData::kText;
  stage.path = folder_.write("b.jsonl", "{\"text\": 3}\n");
  expect_refused(stage, context(), ErrorKind::kBadInput, "b.jsonl:1: there is no \"text\"");
  stage.path = folder_.write("c.jsonl", "\n");
  expect_refused(stage, context(), ErrorKind::kBadInput, "there are no lines");
  stage.path = folder_.write("d.json", "[{\"text\": \"a\"}, 3");
  expect_refused(stage, context(), ErrorKind::kCorruptFile, "no JSON array");
}

}  // namespace
}  // namespace manyshot::train
