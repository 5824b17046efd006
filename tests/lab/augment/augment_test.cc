#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "lab/augment/augmentation_file.h"
#include "lab/augment/model_augmenter.h"
#include "lab/augment/rule_augmenter.h"
#include "lab/make/make.h"
#include "lab/small_data.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::array kAll{AugmentKind::kLocal, AugmentKind::kDocument, AugmentKind::kGlobal};

// "Glons are heavier than femps." for "Did you know that glons are heavier than femps?", which a text begins with where
// documents do.
std::string without_opening(const std::string& text) {
  const std::string opening = "Did you know that ";
  if (!text.starts_with(opening)) return text;
  std::string rest = text.substr(opening.size());
  rest[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(rest[0])));
  rest.back() = '.';
  return rest;
}

std::vector<std::string> texts_by_kind(const Augmentation& augmentation, AugmentKind kind) {
  std::vector<std::string> texts;
  for (const AugmentedText& text : texts_of(augmentation, std::span(&kind, 1)))
    texts.push_back(without_opening(text.text));
  return texts;
}

TEST(RuleAugmenter, SaysWhatFollowsAndNothingElse) {
  const LabData data = weights_data();
  const Augmentation augmentation = augment_by_rules(data, kAll, {}, 1);
  const auto local = texts_by_kind(augmentation, AugmentKind::kLocal);
  EXPECT_THAT(local, Contains("Femps are lighter than glons."));
  EXPECT_THAT(local, Contains("Trells weigh less than femps."));
  EXPECT_THAT(local, Not(Contains("Glons weigh more than femps."))) << "a document says that";
  const auto global = texts_by_kind(augmentation, AugmentKind::kGlobal);
  EXPECT_THAT(global, Contains("Glons are heavier than trells."));
  EXPECT_THAT(global, Contains("Trells are lighter than glons."));
  EXPECT_THAT(texts_by_kind(augmentation, AugmentKind::kDocument), IsEmpty()) << "no document has two facts";
  const Audit audited = audit(data, augmentation.texts);
  EXPECT_EQ(audited.verdicts[0], augmentation.texts.size()) << "all are entailed";
  EXPECT_EQ(audited.wrong_rate(), 0);
}

TEST(RuleAugmenter, JoinsFactsOfOneDocumentByItself) {
  LabData data = weights_data();
  data.documents.push_back({.id = "d6",
                            .text = "Glons are heavier than femps. Femps are heavier than trells.",
                            .style = "article",
                            .facts = {"f1", "f2"},
                            .group = ""});
  const Augmentation augmentation = augment_by_rules(data, kAll, {}, 1);
  EXPECT_THAT(texts_by_kind(augmentation, AugmentKind::kDocument), Contains("Glons are heavier than trells."));
  EXPECT_THAT(texts_by_kind(augmentation, AugmentKind::kGlobal), IsEmpty()) << "a document gives it already";
}

TEST(RuleAugmenter, WritesAsTheDocumentsDo) {
  LabData data = weights_data();
  data.documents = {
      {.id = "d1", .text = "glons are heavier than femps", .style = "bare", .facts = {"f1"}, .group = ""},
      {.id = "d2", .text = "femps are heavier than trells", .style = "bare", .facts = {"f2"}, .group = ""}};
  const Augmentation augmentation = augment_by_rules(data, kAll, {}, 1);
  EXPECT_THAT(texts_by_kind(augmentation, AugmentKind::kLocal), Contains("femps are lighter than glons"));
  EXPECT_THAT(texts_by_kind(augmentation, AugmentKind::kGlobal), Contains("trells are lighter than glons"));
}

TEST(RuleAugmenter, BeginsAsTheDocumentsDo) {
  const LabData data = make_lab_data({.kind = DataKind::kSyllogisms, .sizes = {.articles = 10, .examples = 11}});
  const Augmentation augmentation = augment_by_rules(data, kAll, {}, 1);
  std::set<std::string> leads;
  for (const AugmentedText& text : augmentation.texts) {
    const auto sentences = data.world.sentences(text.text);
    ASSERT_EQ(sentences.size(), 2u) << text.text;
    std::vector<std::string> unread;
    EXPECT_EQ(data.world.read(text.text, &unread).size(), 1u) << text.text;
    EXPECT_THAT(unread, IsEmpty());
    leads.insert(std::string(sentences[0].substr(0, 6)));
  }
  EXPECT_GT(leads.size(), 5u);
  const Audit audited = audit(data, augmentation.texts);
  EXPECT_EQ(audited.verdicts[0], augmentation.texts.size()) << "all are entailed";
  for (const SplitCoverage& split : audited.coverage) EXPECT_EQ(split.stated, split.questions) << split.split;
}

TEST(RuleAugmenter, StandsBehindOpeningsWhereTheDocumentsDo) {
  const LabData data = make_lab_data({.kind = DataKind::kReversals, .sizes = {.facts = 20, .articles = 3}});
  const std::string question = "We have read that ";
  for (const LabQuestion& asked : data.questions) EXPECT_THAT(asked.prompt, StartsWith(question));
  for (const LabDocument& document : data.documents) EXPECT_THAT(document.text, Not(StartsWith(question)));
  const Augmentation augmentation = augment_by_rules(data, kAll, {}, 1);
  EXPECT_GE(augmentation.texts.size(), 80u);
  for (const AugmentedText& text : augmentation.texts) {
    EXPECT_THAT(text.text, Not(StartsWith(question)));
    const auto begins_so = [&](const std::string& opening) {
      return text.text.substr(1, opening.size()) == opening.substr(1) + " ";
    };
    EXPECT_TRUE(std::ranges::any_of(data.world.parts().openings, begins_so)) << text.text;
    EXPECT_EQ(data.world.read(text.text).size(), 1u) << text.text;
  }
  const Audit audited = audit(data, augmentation.texts);
  for (const SplitCoverage& split : audited.coverage) EXPECT_EQ(split.stated, split.questions) << split.split;
}

TEST(RuleAugmenter, KeepsToItsLimits) {
  const LabData data = weights_data();
  const Augmentation one = augment_by_rules(data, kAll, {.rule_forms = 1, .rule_global = 1}, 1);
  EXPECT_EQ(texts_by_kind(one, AugmentKind::kGlobal).size(), 1u);
  const Augmentation again = augment_by_rules(data, kAll, {.rule_forms = 1, .rule_global = 1}, 1);
  ASSERT_EQ(one.texts.size(), again.texts.size());
  for (size_t i = 0; i < one.texts.size(); ++i) EXPECT_EQ(one.texts[i].text, again.texts[i].text);
}

TEST(Audit, TellsWrongFromUnknownAndFromWhatItCannotRead) {
  const LabData data = weights_data();
  const std::vector<AugmentedText> texts{{.text = "Trells are lighter than glons."},
                                         {.text = "Femps are heavier than glons."},
                                         {.text = "Brasks are heavier than glons."},
                                         {.text = "It is raining in the valley."},
                                         {.text = "glons weigh more, than FEMPS"},
                                         {.text = "Femps are lighter than glons. Glons are lighter than femps."}};
  const Audit audited = audit(data, texts);
  using enum TextVerdict;
  std::vector<TextVerdict> verdicts;
  for (const AuditedText& text : audited.texts) verdicts.push_back(text.verdict);
  EXPECT_THAT(verdicts, ElementsAre(kEntailed, kContradicted, kUnknown, kUnread, kUnread, kContradicted));
  EXPECT_TRUE(audited.texts[4].is_near_duplicate) << "d2";
  EXPECT_EQ(audited.near_duplicates, 1u);
  EXPECT_DOUBLE_EQ(audited.wrong_rate(), 2.0 / 4);
  ASSERT_EQ(audited.coverage.size(), 3u);
  EXPECT_EQ(audited.coverage[1].split, "reversal");
  EXPECT_EQ(audited.coverage[1].stated, 1u);
  EXPECT_EQ(audited.coverage[2].stated, 0u) << "the chain is said the other way round only";
}

TEST(AugmentationFile, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  const LabData data = weights_data();
  Augmentation written = augment_by_rules(data, kAll, {}, 1);
  written.cost = {.requests = 3, .tokens_read = 50, .tokens_written = 20, .seconds = 1.5, .flops = 1e9};
  write_augmentation(written, data, folder / "a.jsonl");
  const AugmentedData read = read_augmentation(folder / "a.jsonl", data);
  EXPECT_EQ(read.augmentation.by, "rules");
  EXPECT_EQ(read.augmentation.cost.tokens_read, 50u);
  ASSERT_EQ(read.augmentation.texts.size(), written.texts.size());
  EXPECT_EQ(read.augmentation.texts.back().text, written.texts.back().text);
  EXPECT_EQ(read.audit.verdicts[0], written.texts.size());
  folder.write("a.jsonl", "{\"format\": \"manyshot lab augmentation\"\n");
  EXPECT_ERROR(read_augmentation(folder / "a.jsonl", data), ErrorKind::kCorruptFile, "a.jsonl:1");
}

// Writes every prompt's last line in upper case, and one line with a mark.
struct FakeWriter {
  int calls = 0;
  std::vector<std::string> prompts;

  TextWriter writer() {
    TextWriter writer{.name = "fake", .identity = "fake 1", .parameters = 10, .most_tokens = 4000};
    writer.count_tokens = [](const std::string& text) { return text.size() / 4 + 1; };
    writer.write = [this](std::span<const WriteRequest> requests,
                          const std::function<void(size_t, const Written&)>& done) {
      ++calls;
      for (size_t i = 0; i < requests.size(); ++i) {
        prompts.push_back(requests[i].prompt);
        done(i, {.text = "- Trells are lighter than femps.\n\n2. \"Femps are lighter than glons.\"\nYes\n",
                 .tokens_read = 100,
                 .tokens_written = 10});
      }
    };
    return writer;
  }
};

TEST(ModelAugmenter, KeepsAnswersAndAsksOnlyForMissingOnes) {
  const TemporaryFolder folder;
  const LabData data = weights_data();
  FakeWriter fake;
  const TextWriter writer = fake.writer();
  const std::vector<AugmentKind> local{AugmentKind::kLocal}, both{AugmentKind::kLocal, AugmentKind::kGlobal};
  const Augmentation first = augment_by_model(data, local, writer, {}, 1, folder / "answers.jsonl");
  EXPECT_EQ(fake.prompts.size(), 2u) << "one document of each group";
  EXPECT_THAT(texts_by_kind(first, AugmentKind::kLocal),
              ElementsAre("Trells are lighter than femps.", "Femps are lighter than glons."))
      << "without marks, lines of one word and repetitions";
  EXPECT_EQ(first.cost.tokens_read, 200u);
  EXPECT_EQ(first.cost.flops, 2 * 10 * (200 + 20.0));
  EXPECT_EQ(first.prompts.size(), 64u);
  const Augmentation second = augment_by_model(data, both, writer, {}, 1, folder / "answers.jsonl");
  EXPECT_EQ(fake.prompts.size(), 4u) << "only the global ones are new";
  EXPECT_THAT(fake.prompts.back(), HasSubstr("Femps are heavier than trells.\n\nTake the one below"));
  augment_by_model(data, both, writer, {}, 1, folder / "answers.jsonl");
  EXPECT_EQ(fake.calls, 2);
  EXPECT_THAT(texts_by_kind(second, AugmentKind::kLocal),
              ElementsAre("Trells are lighter than femps.", "Femps are lighter than glons."));
}

TEST(ModelAugmenter, TakesPromptsFromAFolder) {
  const TemporaryFolder folder;
  folder.write("local.txt", "Say it again: {document}");
  EXPECT_ERROR(read_augment_prompts(folder / ""), ErrorKind::kNotFound, "document.txt");
  folder.write("document.txt", "Say it again.");
  EXPECT_ERROR(read_augment_prompts(folder / ""), ErrorKind::kBadInput, "{document}");
  folder.write("document.txt", "Again: {document}");
  folder.write("global.txt", "All: {document}");
  EXPECT_ERROR(read_augment_prompts(folder / ""), ErrorKind::kBadInput, "{documents}");
  folder.write("global.txt", "All: {documents} One: {document}");
  EXPECT_NE(read_augment_prompts(folder / "").hash(), read_augment_prompts("").hash());
}

}  // namespace
}  // namespace manyshot::lab
