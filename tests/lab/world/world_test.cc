#include "lab/world/world.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "lab/world/world_json.h"
#include "support/error.h"

namespace manyshot::lab {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Kinds of things with their kinds, parts, and one comparison; "Mr. Pell" is a name with a stop in it.
WorldParts small_parts() {
  return {.entities = {{"glon", "glons", "kind"},
                       {"femp", "femps", "kind"},
                       {"trell", "trells", "kind"},
                       {"yomp", "yomps", "kind"},
                       {"brask", "brasks", "part"},
                       {"Mr. Pell", "", "person"}},
          .relations = {{.name = "is a",
                         .subject_type = "kind",
                         .object_type = "kind",
                         .forms = {"{subjects} are a kind of {object}", "every {subject} is a {object}"},
                         .inverse = "includes",
                         .is_asymmetric = true},
                        {.name = "includes",
                         .subject_type = "kind",
                         .object_type = "kind",
                         .forms = {"{subjects} include {objects}", "among the {subjects} are the {objects}"}},
                        {.name = "has",
                         .subject_type = "kind",
                         .object_type = "part",
                         .forms = {"{subjects} have {objects}", "{objects} are found on {subjects}"}},
                        {.name = "heavier than",
                         .subject_type = "kind",
                         .object_type = "kind",
                         .forms = {"{subjects} are heavier than {objects}",
                                   "compared with {objects}, {subjects} are heavier"},
                         .inverse = "lighter than",
                         .is_asymmetric = true},
                        {.name = "lighter than",
                         .subject_type = "kind",
                         .object_type = "kind",
                         .forms = {"{subjects} are lighter than {objects}"}},
                        {.name = "keeper", .forms = {"{object} keeps {subjects}"}, .is_functional = true}},
          .rules = {{"is a", "is a", "is a"}, {"is a", "has", "has"}, {"heavier than", "heavier than", "heavier than"}},
          .openings = {"did you know that"},
          .leads = {"think about", "now for"},
          .facts = {{"f1", {"glon", "is a", "femp"}},
                    {"f2", {"femp", "is a", "trell"}},
                    {"f3", {"trell", "has", "brask"}},
                    {"f4", {"glon", "heavier than", "yomp"}},
                    {"f5", {"glon", "keeper", "Mr. Pell"}}}};
}

TEST(World, JudgesWhatFollowsAndWhatCannotBe) {
  const World world(small_parts());
  EXPECT_EQ(world.judge({"femp", "includes", "glon"}), Verdict::kEntailed);
  EXPECT_EQ(world.judge({"glon", "is a", "trell"}), Verdict::kEntailed);
  EXPECT_EQ(world.judge({"glon", "has", "brask"}), Verdict::kEntailed);
  EXPECT_EQ(world.judge({"yomp", "lighter than", "glon"}), Verdict::kEntailed);
  EXPECT_EQ(world.judge({"glon", "lighter than", "yomp"}), Verdict::kContradicted);
  EXPECT_EQ(world.judge({"trell", "is a", "glon"}), Verdict::kContradicted);
  EXPECT_EQ(world.judge({"glon", "keeper", "yomp"}), Verdict::kContradicted);
  EXPECT_EQ(world.judge({"yomp", "has", "brask"}), Verdict::kUnknown);
  EXPECT_EQ(world.judge({"yomp", "is a", "nobody"}), Verdict::kUnknown);
  EXPECT_EQ(world.judge({"yomp", "lighter than", "glon", true}), Verdict::kContradicted);
  EXPECT_EQ(world.judge({"trell", "is a", "glon", true}), Verdict::kEntailed);
}

TEST(World, ConsequencesAreOfThoseFactsAlone) {
  const World world(small_parts());
  const std::vector<std::string> ids{"f1", "f2"};
  EXPECT_THAT(world.consequences(ids, 1),
              ElementsAre(Statement{"femp", "includes", "glon"}, Statement{"trell", "includes", "femp"}));
  EXPECT_THAT(world.consequences(ids, 2), SizeIs(4));
  EXPECT_THAT(world.consequences({}, 5), IsEmpty());
  EXPECT_ERROR(world.consequences(std::vector<std::string>{"f9"}, 1), ErrorKind::kBadInput, "no fact \"f9\"");
}

TEST(World, ReversesWhatHasAnInverse) {
  const World world(small_parts());
  EXPECT_EQ(world.reversed({"glon", "heavier than", "yomp"}), (Statement{"yomp", "lighter than", "glon"}));
  EXPECT_EQ(world.reversed({"yomp", "lighter than", "glon", true}), (Statement{"glon", "heavier than", "yomp", true}));
  EXPECT_EQ(world.reversed({"glon", "has", "brask"}), std::nullopt);
  EXPECT_ERROR(world.reversed({"glon", "owns", "brask"}), ErrorKind::kBadInput, "no relation \"owns\"");
}

TEST(World, SupportIsTheShortestDerivation) {
  const World world(small_parts());
  EXPECT_THAT(world.support({"glon", "has", "brask"}), ElementsAre("f1", "f2", "f3"));
  EXPECT_THAT(world.support({"yomp", "lighter than", "glon"}), ElementsAre("f4"));
  EXPECT_THAT(world.support({"yomp", "has", "brask"}), IsEmpty());
}

TEST(World, WhatIsSaidIsReadAgain) {
  const World world(small_parts());
  for (const Fact& fact : world.facts()) {
    for (const bool negated : {false, true}) {
      for (uint64_t form = 0; form < world.num_forms(fact.statement.relation) + 1; ++form) {
        Statement statement = fact.statement;
        statement.negated = negated;
        EXPECT_THAT(world.read(world.say(statement, form)), ElementsAre(statement)) << world.say(statement, form);
      }
    }
  }
  EXPECT_EQ(world.say({"glon", "heavier than", "yomp"}, 1), "Compared with yomps, glons are heavier.");
}

TEST(World, ReadsAsPeopleWrite) {
  const World world(small_parts());
  const Statement fact{"glon", "heavier than", "yomp"};
  for (const char* text : {"glons are heavier than yomps", "GLON are  heavier than yomp!",
                           "- Glons are heavier than yomps.", "2. Did you know that glons are heavier than yomps?",
                           "The glons are heavier than the yomp", "\"Glons are heavier than yomps.\""}) {
    EXPECT_THAT(world.read(text), ElementsAre(fact)) << text;
  }
  EXPECT_THAT(world.read("Glons are not heavier than yomps."),
              ElementsAre(Statement{"glon", "heavier than", "yomp", true}));
  std::vector<std::string> unread;
  EXPECT_THAT(world.read("Mr. Pell keeps glons. What now? Glons have brasks.\nGlons have wings.", &unread),
              ElementsAre(Statement{"glon", "keeper", "Mr. Pell"}, Statement{"glon", "has", "brask"}));
  EXPECT_THAT(unread, ElementsAre("What now?", "Glons have wings."));
}

TEST(World, ALeadNamesThingsAndSaysNothing) {
  const World world(small_parts());
  EXPECT_EQ(world.lead_in(std::vector<std::string>{"glon", "yomp", "femp"}, 3), "Now for glons, yomps and femps.");
  EXPECT_EQ(world.lead_in(std::vector<std::string>{"glon"}, 0), "Think about glons.");
  EXPECT_ERROR(world.lead_in(std::vector<std::string>{"wing"}, 0), ErrorKind::kBadInput, "no entity \"wing\"");
  EXPECT_ERROR(world.lead_in({}, 0), ErrorKind::kBadInput, "nothing to name");
  std::vector<std::string> unread;
  EXPECT_THAT(world.read("Think about glons, yomps and femps. Now for a glon! Glons have brasks.", &unread),
              ElementsAre(Statement{"glon", "has", "brask"}));
  EXPECT_THAT(unread, IsEmpty());
  world.read("Think about glons and wings. Think about it. Now for.", &unread);
  EXPECT_THAT(unread, ElementsAre("Think about glons and wings.", "Think about it.", "Now for."));
}

TEST(World, AClozeLeavesTheLastThingOut) {
  const World world(small_parts());
  const auto cloze = world.cloze({"glon", "heavier than", "yomp"}, 0);
  ASSERT_TRUE(cloze);
  EXPECT_EQ(cloze->prompt, "Glons are heavier than");
  EXPECT_EQ(cloze->answer, " yomps.");
  EXPECT_TRUE(cloze->asks_object);
  EXPECT_FALSE(world.cloze({"glon", "heavier than", "yomp"}, 1));
  EXPECT_FALSE(world.cloze({"glon", "has", "brask"}, 1)->asks_object);
}

TEST(World, IsTheSameFromItsJson) {
  const World world(small_parts());
  const Json json = to_json(world);
  EXPECT_EQ(to_json(world_from_json(json, "world.json")), json);
}

// Refused with the reason.
void expect_refused(const std::function<void(WorldParts&)>& change, const std::string& message) {
  WorldParts parts = small_parts();
  change(parts);
  EXPECT_ERROR(World(std::move(parts)), ErrorKind::kBadInput, message);
}

TEST(World, RefusesWhatCannotBe) {
  expect_refused([](WorldParts& parts) { parts.entities.push_back({"GLON", "", ""}); }, "called \"GLON\"");
  expect_refused([](WorldParts& parts) { parts.relations.push_back(parts.relations[0]); }, "called \"is a\"");
  expect_refused([](WorldParts& parts) { parts.relations[0].forms = {}; }, "has no form");
  expect_refused([](WorldParts& parts) { parts.relations[0].forms = {"{subject} {object}"}; }, "words between");
  expect_refused([](WorldParts& parts) { parts.relations[0].forms = {"{subject} is {subjects}"}; }, "expected one of");
  expect_refused([](WorldParts& parts) { parts.relations[2].inverse = "includes"; }, "inverse of two others");
  expect_refused([](WorldParts& parts) { parts.rules.push_back({"is a", "has", "owns"}); }, "no relation \"owns\"");
  expect_refused([](WorldParts& parts) { parts.facts.push_back(parts.facts[0]); }, "id \"f1\"");
  expect_refused([](WorldParts& parts) { parts.facts.push_back({"f6", {"glon", "has", "femp"}}); }, "does not stand");
  expect_refused(
      [](WorldParts& parts) {
        parts.facts.push_back({"f6", {"glon", "has", "wing"}});
      },
      "no entity \"wing\"");
  expect_refused(
      [](WorldParts& parts) {
        parts.facts.push_back({"f6", {"yomp", "heavier than", "glon"}});
      },
      "contradict each other");
}

}  // namespace
}  // namespace manyshot::lab
