// What holds of the data of every kind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <ostream>
#include <set>

#include "lab/data/lab_data.h"
#include "lab/make/make.h"
#include "lab/world/world_json.h"
#include "support/error.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

struct KindCase {
  const char* name;
  DataKind kind;
  std::map<std::string, std::string> sizes;
};

// What a failed test shows of a case.
void PrintTo(const KindCase& given, std::ostream* out) {  // NOLINT(readability-identifier-naming): GoogleTest's name
  *out << given.name;
}

MakeOptions options_of_case(const KindCase& given, uint64_t seed = 5) {
  MakeOptions options{.kind = given.kind, .seed = seed};
  if (given.kind == DataKind::kDocuments) options.in = source_path("examples/documents/notes.jsonl");
  const OptionList list = options_of(options);
  for (const auto& [name, value] : given.sizes) set_option(list, name, value);
  return options;
}

// Questions whose answers some document states word for word; the answers to all others are held out.
bool is_told(const std::string& split) {
  return std::set<std::string>{"forward", "rephrased", "both", "trained-reversal", "trained-two-hop", "trained-pair"}
      .contains(split);
}

// Of the last sentence, which prompt and alternative make.
std::optional<Statement> statement_of(const World& world, const LabQuestion& question, uint32_t alternative) {
  const std::vector<Statement> all = world.read(question.prompt + question.alternatives[alternative]);
  return all.empty() ? std::nullopt : std::optional(all.back());
}

bool is_gold(const LabQuestion& question, uint32_t alternative) {
  return std::ranges::find(question.gold, alternative) != question.gold.end();
}

class EveryKind : public ::testing::TestWithParam<KindCase> {};

TEST_P(EveryKind, HasItsSupportInTheDocuments) {
  const LabData data = make_lab_data(options_of_case(GetParam()));
  ASSERT_FALSE(data.questions.empty());
  std::set<std::string> told;
  for (const LabDocument& document : data.documents) told.insert(document.facts.begin(), document.facts.end());
  for (const LabQuestion& question : data.questions) {
    EXPECT_FALSE(question.facts.empty());
    for (const std::string& fact : question.facts) EXPECT_TRUE(told.contains(fact)) << question.id << " " << fact;
    EXPECT_EQ(static_cast<size_t>(question.hops), question.facts.size());
  }
}

TEST_P(EveryKind, StatesTheFactsThatItSays) {
  const LabData data = make_lab_data(options_of_case(GetParam()));
  for (const LabDocument& document : data.documents) {
    if (document.style == "text") continue;  // people's own words
    std::set<std::string> stated;
    for (const Statement& statement : data.world.read(document.text)) {
      EXPECT_EQ(data.world.judge(statement), Verdict::kEntailed) << document.text;
      const std::vector<std::string> support = data.world.support(statement);
      if (support.size() == 1) stated.insert(support[0]);
    }
    EXPECT_THAT(stated, ::testing::IsSupersetOf(document.facts)) << document.text;
    EXPECT_TRUE(document.prompt_bytes == 0 || document.text[document.prompt_bytes] == ' ') << document.text;
  }
}

TEST_P(EveryKind, HasRightAnswersThatFollowAndWrongOnesThatDoNot) {
  const LabData data = make_lab_data(options_of_case(GetParam()));
  for (const LabQuestion& question : data.questions) {
    const std::vector<Statement> of_facts = data.world.consequences(question.facts, question.hops);
    for (uint32_t alternative = 0; alternative < question.alternatives.size(); ++alternative) {
      const auto statement = statement_of(data.world, question, alternative);
      ASSERT_TRUE(statement) << question.prompt << question.alternatives[alternative];
      EXPECT_EQ(data.world.judge(*statement) == Verdict::kEntailed, is_gold(question, alternative))
          << question.prompt << question.alternatives[alternative];
      if (!is_gold(question, alternative)) continue;
      const bool is_fact = std::ranges::any_of(data.world.facts(), [&](const Fact& fact) {
        return fact.statement == *statement && std::ranges::find(question.facts, fact.id) != question.facts.end();
      });
      EXPECT_TRUE(is_fact || std::ranges::find(of_facts, *statement) != of_facts.end()) << question.id;
    }
  }
}

TEST_P(EveryKind, TellsNoAnswerThatIsHeldOut) {
  const LabData data = make_lab_data(options_of_case(GetParam()));
  std::set<Statement> told;
  for (const LabDocument& document : data.documents) {
    for (const Statement& statement : data.world.read(document.text)) told.insert(statement);
  }
  size_t num_held_out = 0;
  for (const LabQuestion& question : data.questions) {
    for (const uint32_t gold : question.gold) {
      const auto statement = statement_of(data.world, question, gold);
      if (GetParam().kind != DataKind::kDocuments && question.gold.size() == 1) {
        EXPECT_EQ(told.contains(*statement), is_told(question.split)) << question.id << " " << question.prompt;
      } else if (!is_told(question.split)) {
        EXPECT_FALSE(told.contains(*statement)) << question.id << " " << question.prompt;
      }
      num_held_out += is_told(question.split) ? 0 : 1;
    }
  }
  EXPECT_GT(num_held_out, 0u);
}

TEST_P(EveryKind, IsAFunctionOfOptionsAndSeed) {
  const TemporaryFolder folder;
  write_lab_data(make_lab_data(options_of_case(GetParam())), folder / "one");
  write_lab_data(make_lab_data(options_of_case(GetParam())), folder / "two");
  write_lab_data(make_lab_data(options_of_case(GetParam(), 6)), folder / "three");
  EXPECT_EQ(content_of(folder / "one/lab.json"), content_of(folder / "two/lab.json"));
  EXPECT_NE(content_of(folder / "one/questions.jsonl"), content_of(folder / "three/questions.jsonl"));
  // And what was written is read: every check of the reader holds.
  EXPECT_EQ(read_lab_data(folder / "one").kind, name_of(GetParam().kind));
}

TEST_P(EveryKind, SaysNothingThatItCannotRead) {
  const World world = make_lab_data(options_of_case(GetParam())).world;
  for (const Relation& relation : world.parts().relations) {
    // The first two things that the relation may stand between.
    const auto find = [&](const std::string& type, const std::string& other_than) {
      return std::ranges::find_if(world.parts().entities,
                                  [&](const Entity& entity) {
                                    return entity.name != other_than && (type.empty() || entity.type == type);
                                  })
          ->name;
    };
    const std::string subject = find(relation.subject_type, "");
    const Statement statement{subject, relation.name, find(relation.object_type, subject)};
    for (uint64_t form = 0; form < world.num_forms(relation.name); ++form) {
      EXPECT_THAT(world.read(world.say(statement, form)), ::testing::ElementsAre(statement))
          << world.say(statement, form);
    }
  }
}

TEST_P(EveryKind, HasAnswersOfOneLength) {
  if (GetParam().kind == DataKind::kDocuments || GetParam().kind == DataKind::kReversals) return;
  const LabData data = make_lab_data(options_of_case(GetParam()));
  for (const LabQuestion& question : data.questions) {
    if (question.kind == "name-to-description") continue;  // as near as the descriptions are
    if (data.kind == "syllogisms") continue;               // "all", "some", "no"
    for (const std::string& alternative : question.alternatives) {
      EXPECT_EQ(alternative.size(), question.alternatives[0].size()) << question.id << alternative;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    , EveryKind,
    ::testing::Values(
        KindCase{"reversals", DataKind::kReversals, {{"facts", "30"}, {"articles", "3"}}},
        KindCase{"trained_reversals",
                 DataKind::kReversals,
                 {{"facts", "20"}, {"articles", "2"}, {"features", "4"}, {"trained_reverses", "0.4"}}},
        KindCase{"syllogisms", DataKind::kSyllogisms, {}},
        KindCase{
            "celebrities", DataKind::kCelebrities, {{"people", "12"}, {"templates", "4"}, {"test_templates", "2"}}},
        KindCase{"semantic", DataKind::kSemantic, {{"documents", "250"}, {"questions", "60"}, {"holdout", "5"}}},
        KindCase{"short_semantic", DataKind::kSemantic, {{"documents", "15"}, {"questions", "20"}}},
        KindCase{"few_categories", DataKind::kSemantic, {{"categories", "36"}, {"documents", "120"}, {"holdout", "4"}}},
        KindCase{"no_verbs", DataKind::kSemantic, {{"categories", "12"}, {"documents", "60"}, {"holdout", "2"}}},
        KindCase{"family", DataKind::kFamily, {{"families", "4"}, {"articles", "7"}}},
        KindCase{"process", DataKind::kProcess, {{"materials", "12"}, {"operations", "4"}, {"questions", "40"}}},
        KindCase{"relations",
                 DataKind::kRelations,
                 {{"entities", "40"}, {"relations", "3"}, {"holdout", "10"}, {"trained_reverses", "0.5"}}},
        KindCase{"documents", DataKind::kDocuments, {}}),
    [](const auto& kind) { return kind.param.name; });

size_t count_split(const LabData& data, const std::string& split) {
  return static_cast<size_t>(std::ranges::count(data.questions, split, &LabQuestion::split));
}

TEST(Kinds, HaveTheSizesOfTheStudy) {
  const LabData reversals = make_lab_data({.kind = DataKind::kReversals});
  EXPECT_EQ(reversals.world.facts().size(), 100u);
  EXPECT_EQ(reversals.documents.size(), 1000u);
  EXPECT_EQ(reversals.world.parts().relations.size(), 2 * 28u);
  const LabData celebrities = make_lab_data({.kind = DataKind::kCelebrities});
  EXPECT_EQ(celebrities.documents.size(), 3600u);
  EXPECT_EQ(count_split(celebrities, "reversal"), 600u);
  EXPECT_NEAR(chance(celebrities), 0.1, 1e-9);
  std::set<std::string> texts;
  for (const LabDocument& document : celebrities.documents) texts.insert(document.text);
  EXPECT_EQ(texts.size(), 3600u);
  const LabData relations = make_lab_data({.kind = DataKind::kRelations});
  EXPECT_EQ(relations.documents.size(), 39800u);
}

TEST(Kinds, SemanticDocumentsAreAsLongAsTheStudys) {
  const LabData data = make_lab_data({.kind = DataKind::kSemantic});
  EXPECT_EQ(data.documents.size(), 2200u);
  size_t most = 0, questions = 0;
  std::set<std::string> told;
  for (const LabDocument& document : data.documents) {
    EXPECT_GE(document.facts.size(), 4u) << document.text;
    EXPECT_LE(document.facts.size(), 20u);
    most = std::max(most, document.facts.size());
    questions += document.style == "question" ? 1 : 0;
    told.insert(document.facts.begin(), document.facts.end());
  }
  EXPECT_EQ(most, 20u);
  EXPECT_NEAR(static_cast<double>(questions), 220, 60);
  EXPECT_EQ(told.size(), data.world.facts().size());
  for (const char* split : {"rephrased", "reversal", "syllogism", "holdout"}) EXPECT_GT(count_split(data, split), 100u);
}

TEST(Kinds, FewCategoriesAreTheUpperOnes) {
  const LabData data = make_lab_data({.kind = DataKind::kSemantic, .sizes = {.categories = 36, .holdout = 4}});
  std::map<std::string, std::string> parents;
  for (const Fact& fact : data.world.facts()) {
    if (fact.statement.relation == "is a") parents[fact.statement.subject] = fact.statement.object;
  }
  EXPECT_EQ(parents.size(), 35u) << "all but the root";
  std::map<size_t, size_t> num_at_depth;
  for (const auto& [name, parent] : parents) {
    size_t depth = 1;
    for (std::string above = parent; parents.contains(above); above = parents[above]) ++depth;
    ++num_at_depth[depth];
  }
  EXPECT_EQ(num_at_depth.size(), 3u);
  EXPECT_GE(num_at_depth[3], 12u) << "chains of three facts remain";
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kSemantic, .sizes = {.categories = 113}}), ErrorKind::kBadInput,
               "ask for at most 112");
}

TEST(Kinds, TrainedReversesAreToldAndAskedApart) {
  MakeOptions options{.kind = DataKind::kReversals};
  set_option(options_of(options), "trained_reverses", "0.4");
  const LabData data = make_lab_data(options);
  EXPECT_EQ(data.documents.size(), 1400u);
  EXPECT_EQ(count_split(data, "trained-reversal"), 80u);
  EXPECT_EQ(count_split(data, "reversal"), 120u);
}

TEST(Kinds, ATokenizerDecidesWhichWordsAreOfOneLength) {
  // A token for every two letters, and for the rest.
  const TokenCounter count = [](std::string_view text) {
    return (text.size() + 1) / 2 + (text.find('k') != std::string::npos ? 1 : 0);
  };
  MakeOptions celebrities{.kind = DataKind::kCelebrities};
  set_option(options_of(celebrities), "people", "10");
  for (const MakeOptions& options : {MakeOptions{.kind = DataKind::kFamily}, celebrities}) {
    for (const LabQuestion& question : make_lab_data(options, count).questions) {
      if (question.kind == "name-to-description") continue;
      for (const std::string& alternative : question.alternatives) {
        EXPECT_EQ(count(alternative), count(question.alternatives[0])) << alternative;
      }
    }
  }
}

void expect_refused(DataKind kind, const std::map<std::string, std::string>& sizes, const std::string& message) {
  MakeOptions options{.kind = kind};
  for (const auto& [name, value] : sizes) set_option(options_of(options), name, value);
  EXPECT_ERROR(make_lab_data(options), ErrorKind::kBadInput, message);
}

TEST(Kinds, SizesThatCannotBeFilledAreRefused) {
  expect_refused(DataKind::kReversals, {{"facts", "20000"}}, "40000 invented words are needed, but only");
  expect_refused(DataKind::kReversals, {{"articles", "31"}}, "articles: 31 articles of a fact are more");
  expect_refused(DataKind::kReversals, {{"features", "29"}}, "features: 29 features are more");
  expect_refused(DataKind::kReversals, {{"people", "3"}}, "people: 3 is no size of reversals; it has \"facts\"");
  expect_refused(DataKind::kCelebrities, {{"people", "41"}}, "people: three groups are 123 people");
  expect_refused(DataKind::kCelebrities, {{"people", "500"}}, "there are names of one length for");
  expect_refused(DataKind::kCelebrities, {{"templates", "31"}}, "need 41 sentences for each order, there are 40");
  expect_refused(DataKind::kSemantic, {{"holdout", "1000"}}, "holdout: 1000 categories are more");
  expect_refused(DataKind::kFamily, {{"articles", "1000"}}, "articles: 1000 articles of a fact are more");
  expect_refused(DataKind::kProcess, {{"articles", "6"}}, "articles: 6 articles of a step are more");
  expect_refused(DataKind::kRelations, {{"entities", "5"}, {"relations", "1"}, {"holdout", "6"}},
                 "holdout: 6 facts are more");
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kDocuments}), ErrorKind::kBadInput,
               "in: documents are made from a file");
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kFamily, .in = "x"}), ErrorKind::kBadInput, "in: family is invented");
}

}  // namespace
}  // namespace manyshot::lab
