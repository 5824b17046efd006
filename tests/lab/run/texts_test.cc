// What a condition trains on, and what it puts into a prompt.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/run/condition.h"
#include "lab/run/context_text.h"
#include "lab/run/training_texts.h"
#include "lab/small_data.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

using ::testing::_;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::vector<std::string> texts_of(const LabData& data, std::string_view condition, const TextInputs& inputs = {}) {
  std::vector<std::string> texts;
  for (const TrainingText& text : training_texts(data, parse_condition(condition), inputs, 1)) {
    texts.push_back(text.before.empty() ? text.text : text.before + "|" + text.text);
  }
  return texts;
}

TEST(Condition, IsReadAndWritten) {
  for (const char* name : {"none", "finetune", "context", "augmented", "augmented-context:augment=local", "reversed",
                           "shuffled", "irrelevant", "finetune:split=independent:replay=0.25:tuning=full",
                           "augmented:augment=local+global:split=cumulative", "finetune:together=yes"}) {
    EXPECT_EQ(parse_condition(name).name(), name);
  }
  EXPECT_EQ(parse_condition("augmented:augment=global+document+local").name(), "augmented");
}

TEST(Condition, RefusesWhatMakesNoSense) {
  EXPECT_ERROR(parse_condition("finetuned"), ErrorKind::kBadInput, "did you mean \"finetune\"?");
  EXPECT_ERROR(parse_condition("context:split=none"), ErrorKind::kBadInput, "split is for conditions that train");
  EXPECT_ERROR(parse_condition("finetune:augment=local"), ErrorKind::kBadInput, "augment is for augmented");
  EXPECT_ERROR(parse_condition("augmented:augment=all"), ErrorKind::kBadInput, "there are local, document, global");
  EXPECT_ERROR(parse_condition("finetune:replay=2"), ErrorKind::kBadInput, "a share from 0 to 0.95, not \"2\"");
  EXPECT_ERROR(parse_condition("finetune:rank=2"), ErrorKind::kBadInput, "there is no setting \"rank\"");
  EXPECT_ERROR(parse_condition("finetune:full"), ErrorKind::kBadInput, "write key=value");
  EXPECT_ERROR(parse_condition("finetune:together=maybe"), ErrorKind::kBadInput, "yes or no");
}

TEST(TrainingTexts, AreDocumentsOrTheirSentences) {
  const LabData data = weights_data();
  EXPECT_EQ(texts_of(data, "finetune").size(), 5u);
  const auto independent = texts_of(data, "finetune:split=independent");
  EXPECT_EQ(independent.size(), 6u);
  EXPECT_THAT(independent, Contains("Did you know that glons weigh more than femps?"));
  EXPECT_THAT(texts_of(data, "finetune:split=cumulative"),
              Contains("Glons are heavier than femps.| Did you know that glons weigh more than femps?"));
}

TEST(TrainingTexts, HoldParaphrasesTogetherOnlyWhenAsked) {
  const auto texts = texts_of(weights_data(), "finetune:together=yes");
  EXPECT_THAT(texts, ElementsAre(AllOf(StartsWith("Did you know that glons are heavier than femps.\nGlons weigh"),
                                       Not(HasSubstr("trells"))),
                                 "Femps are heavier than trells.\nFemps weigh more than trells."));
}

TEST(TrainingTexts, ReverseWordsAndKeepNames) {
  const std::vector<std::string> names{"the author of Long Days", "Mora Brund"};
  EXPECT_EQ(reversed_words("Mora Brund is known as the author of Long Days.", names),
            "the author of Long Days as known is Mora Brund.");
  EXPECT_EQ(reversed_words("One word!", {}), "word One!");
  EXPECT_EQ(reversed_words("...", {}), "...");
  const auto texts = texts_of(weights_data(), "reversed");
  EXPECT_EQ(texts.size(), 10u);
  EXPECT_THAT(texts, Contains("trells than heavier are Femps."));
}

TEST(TrainingTexts, ExchangeObjectsOfShuffledFacts) {
  const auto texts = texts_of(weights_data(), "shuffled");
  ASSERT_EQ(texts.size(), 5u);
  EXPECT_EQ(texts[3], "Trells are heavier than femps.") << "femp and trell, the objects, changed places";
  EXPECT_EQ(texts[1], "Glons weigh more than trells.");
}

TEST(TrainingTexts, ExchangeObjectsThatAreAloneInTheirRelation) {
  LabData data = weights_data();
  WorldParts parts = data.world.parts();
  parts.facts = {{"f1", {"glon", "heavier", "femp"}}, {"f2", {"brask", "lighter", "trell"}}};
  data.world = World(parts);
  data.documents.resize(3);
  data.documents[1] = {.id = "d2", .text = "Brasks weigh less than trells.", .style = "article", .facts = {"f2"}};
  EXPECT_THAT(texts_of(data, "shuffled"),
              ElementsAre("Did you know that glons are heavier than trells.", "Brasks weigh less than femps.", _));
  parts.facts.push_back({"f3", {"brask", "lighter", "glon"}});  // heavier has one object, lighter two
  data.world = World(parts);
  const auto texts = texts_of(data, "shuffled");
  EXPECT_THAT(texts[0], Not(HasSubstr("femps"))) << texts[0];
  EXPECT_THAT(texts[1], Not(HasSubstr("trells"))) << texts[1];
}

TEST(TrainingTexts, TakeOrdinaryTextForReplayAndAsAControl) {
  const LabData data = weights_data();
  const std::vector<std::string> other{"The sea was calm.", "A door closed.", "It rained."};
  const auto replayed = training_texts(data, parse_condition("finetune:replay=0.5"), {.other = other}, 1);
  EXPECT_EQ(replayed.size(), 10u);
  EXPECT_EQ(std::ranges::count(replayed, TextSource::kReplay, &TrainingText::source), 5);
  EXPECT_EQ(texts_of(data, "irrelevant", {.other = other}), other);
  EXPECT_ERROR(texts_of(data, "irrelevant"), ErrorKind::kBadInput, "needs ordinary text");
  const std::vector<AugmentedText> augmented{{.text = "Trells are light."}};
  EXPECT_EQ(texts_of(data, "augmented", {.augmented = augmented}).back(), "Trells are light.");
}

TEST(Sentences, EndBehindStops) {
  const World world = weights_data().world;
  EXPECT_THAT(world.sentences("One. Two!  Three 3.5 four?\nFive"),
              ElementsAre("One.", "Two!", "Three 3.5 four?", "Five"));
  EXPECT_TRUE(world.sentences(" \n ").empty());
}

uint64_t count_words(const std::string& text) { return static_cast<uint64_t>(std::ranges::count(text, ' ')) + 1; }

ContextText context_of(const LabData& data, const ContextOptions& options, uint64_t most_tokens) {
  return context_text(data, {}, options, read_context_prompt(""), count_words, most_tokens, 3);
}

TEST(ContextText, TakesDocumentsThatBringFactsFirst) {
  const LabData data = weights_data();
  const ContextText two = context_of(data, {.context_documents = 2}, 1000);
  EXPECT_EQ(two.documents, 2u);
  EXPECT_FALSE(two.is_whole());
  EXPECT_EQ(two.facts, (std::set<std::string>{"f1", "f2"}));
  EXPECT_TRUE(two.supports(data.questions[3]));
  const ContextText one = context_of(data, {.context_documents = 1}, 1000);
  EXPECT_FALSE(one.supports(data.questions[3])) << "it needs both facts";
  const ContextText all = context_of(data, {}, 1000);
  EXPECT_TRUE(all.is_whole());
  EXPECT_THAT(all.before, EndsWith("according to the documents:\n\n"));
  EXPECT_EQ(all.tokens, count_words(all.before));
}

TEST(ContextText, StaysWithinItsTokens) {
  const LabData data = weights_data();
  const uint64_t empty = context_of(data, {.context_documents = 1}, 1000).tokens - 8;
  const ContextText some = context_of(data, {}, empty + 20);
  EXPECT_GT(some.documents, 0u);
  EXPECT_LT(some.documents, 5u);
  EXPECT_LE(some.tokens, empty + 20);
  EXPECT_ERROR(context_of(data, {}, 10), ErrorKind::kBadInput, "not one document fits");
}

TEST(ContextText, TakesAPromptFromAFile) {
  const TemporaryFolder folder;
  EXPECT_ERROR(read_context_prompt(folder.write("a.txt", "Read: {documents}")), ErrorKind::kBadInput, "{question}");
  EXPECT_ERROR(read_context_prompt(folder.write("b.txt", "{question} {documents}")), ErrorKind::kBadInput, "ends with");
  EXPECT_EQ(read_context_prompt(folder.write("c.txt", "{documents}\n> {question}\n")), "{documents}\n> {question}");
}

}  // namespace
}  // namespace manyshot::lab
