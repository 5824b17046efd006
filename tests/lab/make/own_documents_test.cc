#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/make/make.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LabData made_from(const std::string& lines) {
  const TemporaryFolder folder;
  return make_lab_data({.kind = DataKind::kDocuments, .in = folder.write("own.jsonl", lines)});
}

// Nothing when no question begins so.
const LabQuestion* find_prompt(const LabData& data, const std::string& prompt) {
  const auto found = std::ranges::find(data.questions, prompt, &LabQuestion::prompt);
  return found == data.questions.end() ? nullptr : &*found;
}

TEST(OwnDocuments, AreTextsTriplesAndBoth) {
  const LabData data = made_from(
      "{\"text\": \"Just a text.\"}\n"
      "\n"
      "{\"subject\": \"Quarry\", \"relation\": \"runs on\", \"object\": \"Otter\"}\n"
      "{\"subject\": \"quarry\", \"relation\": \"runs on\", \"object\": \"Otter\", \"text\": \"On Otter runs "
      "Quarry.\"}\n"
      "{\"text\": \"Two things.\", \"facts\": [{\"subject\": \"Orrery\", \"relation\": \"runs on\", \"object\": "
      "\"Heron\", "
      "\"inverse\": \"hosts\"}, {\"subject\": \"Otter\", \"relation\": \"stands in\", \"object\": \"the cellar\"}]}\n");
  ASSERT_EQ(data.documents.size(), 4u);
  EXPECT_THAT(data.documents[0].facts, IsEmpty());
  EXPECT_EQ(data.documents[1].text, "Quarry runs on Otter.");
  EXPECT_EQ(data.documents[1].style, "triple");
  EXPECT_EQ(data.documents[2].text, "On Otter runs Quarry.");
  EXPECT_EQ(data.documents[2].facts, data.documents[1].facts);
  EXPECT_EQ(data.documents[2].group, data.documents[1].group);
  EXPECT_NE(data.documents[0].group, data.documents[1].group);
  EXPECT_EQ(data.documents[3].facts.size(), 2u);
  EXPECT_EQ(data.world.facts().size(), 3u);
  // Reversed by the phrase that was given, by words of ours without one, and joined where facts chain.
  const LabQuestion* hosts = find_prompt(data, "Otter hosts");
  ASSERT_NE(hosts, nullptr);
  EXPECT_EQ(hosts->alternatives[hosts->gold[0]], " Quarry.");
  EXPECT_NE(find_prompt(data, "The one that stands in the cellar is"), nullptr);
  const LabQuestion* chain = find_prompt(data, "Quarry runs on something or someone that stands in");
  ASSERT_NE(chain, nullptr);
  EXPECT_EQ(chain->alternatives[chain->gold[0]], " the cellar.");
  EXPECT_EQ(data.world.judge({"Quarry", "runs on something or someone that stands in", "the cellar"}),
            Verdict::kEntailed);
}

TEST(OwnDocuments, ChainsAreAsked) {
  const LabData data = made_from(
      "{\"subject\": \"Ann\", \"relation\": \"likes\", \"object\": \"Bob\"}\n"
      "{\"subject\": \"Bob\", \"relation\": \"lives in\", \"object\": \"Lund\"}\n"
      "{\"subject\": \"Cleo\", \"relation\": \"likes\", \"object\": \"Dan\"}\n"
      "{\"subject\": \"Dan\", \"relation\": \"lives in\", \"object\": \"Ghent\"}\n");
  const LabQuestion* chain = find_prompt(data, "Ann likes something or someone that lives in");
  ASSERT_NE(chain, nullptr);
  EXPECT_EQ(chain->split, "two-hop");
  EXPECT_EQ(chain->hops, 2);
  EXPECT_THAT(chain->facts, ElementsAre("f0001", "f0002"));
  EXPECT_EQ(chain->alternatives[chain->gold[0]], " Lund.");
}

TEST(OwnDocuments, WhatATextSaysIsNotHeldOut) {
  const LabData data = made_from(
      "{\"subject\": \"Quarry\", \"relation\": \"runs on\", \"object\": \"Otter\", \"inverse\": \"hosts\"}\n"
      "{\"subject\": \"Orrery\", \"relation\": \"runs on\", \"object\": \"Heron\"}\n"
      "{\"subject\": \"Sextant\", \"relation\": \"runs on\", \"object\": \"Plover\"}\n"
      "{\"text\": \"By the way: it is old. Otter hosts Quarry, as before.\"}\n"
      "{\"text\": \"Heron hosts Orrery.\"}\n");
  for (const auto& [prompt, split] : {std::pair{"Heron hosts", "trained-reversal"}, {"Plover hosts", "reversal"}}) {
    const LabQuestion* question = find_prompt(data, prompt);
    ASSERT_NE(question, nullptr) << prompt;
    EXPECT_EQ(question->split, split);
  }
}

void expect_refused(const std::string& lines, ErrorKind kind, const std::string& message) {
  const TemporaryFolder folder;
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kDocuments, .in = folder.write("own.jsonl", lines)}), kind, message);
}

TEST(OwnDocuments, NameFileAndLineOfWhatIsWrong) {
  expect_refused("{\"text\": \"a\"}\n{\"text\"\n", ErrorKind::kBadInput, "own.jsonl:2: this is no JSON");
  expect_refused("{\"text\": 3}\n", ErrorKind::kCorruptFile, "own.jsonl:1: \"text\" is 3, expected a text");
  expect_refused("{\"id\": \"x\"}\n", ErrorKind::kBadInput, "own.jsonl:1: neither \"text\" nor");
  expect_refused("{\"subject\": \"a\", \"object\": \"b\"}\n", ErrorKind::kCorruptFile, "there is no \"relation\"");
  expect_refused("{\"subject\": \"a\", \"relation\": \" \", \"object\": \"b\"}\n", ErrorKind::kBadInput,
                 "\"relation\" is \"\"");
  expect_refused("{\"subject\": \"a\", \"relation\": \"{x}\", \"object\": \"b\"}\n", ErrorKind::kBadInput,
                 "without braces");
  expect_refused("{\"subject\": \"a\", \"relation\": \"is\", \"object\": \"A\"}\n", ErrorKind::kBadInput, "both \"a\"");
  expect_refused(
      "{\"subject\": \"a\", \"relation\": \"is\", \"object\": \"b\", \"inverse\": \"was\"}\n"
      "{\"subject\": \"c\", \"relation\": \"is\", \"object\": \"d\", \"inverse\": \"has\"}\n",
      ErrorKind::kBadInput, "own.jsonl:2: the inverse of \"is\" is \"has\", before it was \"was\"");
  expect_refused("{\"text\": \"a\"}\n{\"text\": \"b\"}\n", ErrorKind::kBadInput, "2 documents without facts");
  expect_refused("", ErrorKind::kBadInput, "no documents in it");
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kDocuments, .in = "none.jsonl"}), ErrorKind::kNotFound, "none.jsonl");
}

}  // namespace
}  // namespace manyshot::lab
