// The logic of the syllogisms against all Venn diagrams.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>

#include "lab/make/make.h"
#include "support/error.h"

namespace manyshot::lab {
namespace {

// Which of the seven regions of three circles have something in them; bit `region - 1`, a region being a set of terms.
using Diagram = unsigned;

bool has_thing(Diagram diagram, unsigned with, unsigned without) {
  for (unsigned region = 1; region < 8; ++region) {
    if ((region & with) == with && (region & without) == 0 && (diagram >> (region - 1) & 1) != 0) return true;
  }
  return false;
}

// Terms as bits: "1", "2", "4".
bool holds(Diagram diagram, const Statement& statement) {
  const auto subject = static_cast<unsigned>(std::stoi(statement.subject)),
             object = static_cast<unsigned>(std::stoi(statement.object));
  if (statement.relation == "all") return !has_thing(diagram, subject, object);
  return has_thing(diagram, subject | object, 0) == (statement.relation == "some");
}

// By every diagram in which there is something of each kind.
Verdict judged_by_diagrams(const std::array<Statement, 2>& premises, const Statement& statement) {
  bool in_some = false, in_all = true;
  for (Diagram diagram = 0; diagram < 128; ++diagram) {
    if (!has_thing(diagram, 1, 0) || !has_thing(diagram, 2, 0) || !has_thing(diagram, 4, 0)) continue;
    if (!holds(diagram, premises[0]) || !holds(diagram, premises[1])) continue;
    const bool here = holds(diagram, statement);
    in_some = in_some || here;
    in_all = in_all && here;
  }
  return in_all ? Verdict::kEntailed : in_some ? Verdict::kUnknown : Verdict::kContradicted;
}

constexpr std::array<const char*, 3> kQuantifiers{"all", "some", "no"};

TEST(Syllogisms, AgreeWithAllDiagrams) {
  const LabData made = make_lab_data({.kind = DataKind::kSyllogisms});
  size_t num_sound = 0;
  for (const char* first : kQuantifiers) {
    for (const char* second : kQuantifiers) {
      for (const unsigned figure : {0u, 1u, 2u, 3u}) {
        // 1: the subject of the conclusion, 2: the middle, 4: the other end.
        const std::array<Statement, 2> premises{
            (figure & 1) != 0 ? Statement{"4", first, "2"} : Statement{"2", first, "4"},
            (figure & 2) != 0 ? Statement{"2", second, "1"} : Statement{"1", second, "2"}};
        const World world({.entities = {{"1", "", ""}, {"2", "", ""}, {"4", "", ""}},
                           .relations = made.world.parts().relations,
                           .rules = made.world.parts().rules,
                           .facts = {{"a", premises[0]}, {"b", premises[1]}}});
        bool is_sound = false;
        for (const char* quantifier : kQuantifiers) {
          for (const Statement& statement : {Statement{"1", quantifier, "4"}, Statement{"4", quantifier, "1"}}) {
            const Verdict verdict = world.judge(statement);
            EXPECT_EQ(verdict, judged_by_diagrams(premises, statement))
                << world.say(premises[0], 0) << world.say(premises[1], 0) << world.say(statement, 0);
            is_sound = is_sound || verdict == Verdict::kEntailed;
          }
        }
        num_sound += is_sound ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(num_sound, 11u);
}

TEST(Syllogisms, AskForTheStrongestWithItsTwin) {
  const LabData data = make_lab_data({.kind = DataKind::kSyllogisms});
  EXPECT_EQ(data.documents.size(), 69u);
  std::set<std::string> forms;
  for (const LabQuestion& question : data.questions) {
    if (question.split != "syllogism") continue;
    forms.insert(question.kind);
    const std::string& gold = question.alternatives[question.gold[0]];
    if (gold.starts_with(" All")) {
      EXPECT_EQ(question.gold.size(), 1u);
      EXPECT_EQ(question.alternatives.size(), 4u) << "what follows besides is left out";
    } else {
      EXPECT_EQ(question.gold.size(), 2u);
      EXPECT_EQ(question.alternatives.size(), 6u);
    }
  }
  EXPECT_EQ(forms.size(), 11u);
}

TEST(Syllogisms, ArticlesSayTheSameInOtherWords) {
  const LabData data = make_lab_data({.kind = DataKind::kSyllogisms, .sizes = {.articles = 10, .examples = 11}});
  ASSERT_EQ(data.documents.size(), 110u);
  EXPECT_TRUE(data.documents[0].text.starts_with("Think about ")) << data.documents[0].text;
  std::set<std::string> texts;
  for (const LabDocument& document : data.documents) {
    texts.insert(document.text);
    std::vector<std::string> unread;
    const std::vector<Statement> said = data.world.read(document.text, &unread);
    EXPECT_TRUE(unread.empty()) << document.text;
    ASSERT_EQ(said.size(), 2u) << document.text;
    for (const Statement& statement : said) {
      const auto support = data.world.support(statement);
      ASSERT_EQ(support.size(), 1u) << document.text;
      EXPECT_TRUE(std::ranges::count(document.facts, support[0]) == 1) << document.text;
    }
  }
  EXPECT_EQ(texts.size(), 110u);
  EXPECT_ERROR(make_lab_data({.kind = DataKind::kSyllogisms, .sizes = {.articles = 21}}), ErrorKind::kBadInput,
               "ask for at most 20");
}

}  // namespace
}  // namespace manyshot::lab
