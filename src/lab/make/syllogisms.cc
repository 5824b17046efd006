// Pairs of premises among "all", "some" and "no" that have a conclusion; the conclusion is asked for.
#include <fmt/ranges.h>

#include <array>
#include <set>

#include "core/error.h"
#include "lab/make/make.h"

namespace manyshot::lab {
namespace {

constexpr std::array<const char*, 3> kQuantifiers{"all", "some", "no"};

// S and P are the ends of the conclusion, M is the middle. The first premise joins M and P, the second S and M.
struct SyllogismForm {
  std::string first, second;  // quantifiers
  bool first_is_pm = false;   // "all P are M"; else "all M are P"
  bool second_is_ms = false;  // "all M are S"; else "all S are M"

  std::array<Statement, 2> premises(const std::string& s, const std::string& m, const std::string& p) const {
    return {first_is_pm ? Statement{p, first, m} : Statement{m, first, p},
            second_is_ms ? Statement{m, second, s} : Statement{s, second, m}};
  }
  // "all-some-3": the quantifiers, and the figure as logic books number them.
  std::string name() const {
    const int figure = first_is_pm ? (second_is_ms ? 4 : 2) : (second_is_ms ? 3 : 1);
    return fmt::format("{}-{}-{}", first, second, figure);
  }
};

// There is something of every kind, so "all" implies "some".
WorldParts logic() {
  return {.relations = {{.name = "all", .forms = {"all {subjects} are {objects}", "every {subject} is a {object}"}},
                        {.name = "some",
                         .forms = {"some {subjects} are {objects}", "there are {subjects} that are {objects}"},
                         .inverse = "some",
                         .excludes = {"no"}},
                        {.name = "no",
                         .forms = {"no {subjects} are {objects}", "not one {subject} is a {object}"},
                         .inverse = "no"}},
          .rules = {{"all", "", "some"}, {"all", "all", "all"}, {"some", "all", "some"}, {"all", "no", "no"}},
          .leads = {"think about",
                    "consider",
                    "picture",
                    "here is something about",
                    "let us talk about",
                    "now for",
                    "a word on",
                    "imagine",
                    "we were asked about",
                    "this page is about",
                    "the next lesson is about",
                    "take",
                    "have a look at",
                    "a short note on",
                    "what is known of",
                    "turn to",
                    "the old book speaks of",
                    "say that you have met",
                    "compare",
                    "last week we read about"}};
}

std::vector<Statement> six_statements(const std::string& one, const std::string& other) {
  std::vector<Statement> statements;
  for (const char* quantifier : kQuantifiers) {
    statements.push_back({one, quantifier, other});
    statements.push_back({other, quantifier, one});
  }
  return statements;
}

// The strongest of the statements that hold, with its twin: "all" before "some"; empty when none does.
std::vector<Statement> strongest(const World& world, const std::string& one, const std::string& other) {
  for (const char* quantifier : kQuantifiers) {
    std::vector<Statement> found;
    for (const Statement& statement : {Statement{one, quantifier, other}, Statement{other, quantifier, one}}) {
      if (world.judge(statement) == Verdict::kEntailed) found.push_back(statement);
    }
    if (!found.empty()) return found;
  }
  return {};
}

World world_of(const SyllogismForm& form) {
  WorldParts parts = logic();
  for (const char* term : {"s", "m", "p"}) parts.entities.push_back({.name = term});
  const auto premises = form.premises("s", "m", "p");
  parts.facts = {{"1", premises[0]}, {"2", premises[1]}};
  return World(std::move(parts));
}

std::vector<SyllogismForm> sound_forms() {
  std::vector<SyllogismForm> forms;
  for (const char* first : kQuantifiers) {
    for (const char* second : kQuantifiers) {
      for (const int figure : {0, 1, 2, 3}) {
        const SyllogismForm form{first, second, (figure & 1) != 0, (figure & 2) != 0};
        if (!strongest(world_of(form), "s", "p").empty()) forms.push_back(form);
      }
    }
  }
  return forms;
}

struct Example {
  SyllogismForm form;
  std::string s, m, p;
};

std::vector<Example> draw_examples(const MakeInput& input) {
  const auto count = static_cast<size_t>(*input.sizes().examples);
  const std::vector<SyllogismForm> forms = shuffled(sound_forms(), input.rng.child("forms"));
  const std::vector<std::string> words = WordSource(input.rng.child("words"), input.count_tokens).take(3 * count);
  std::vector<Example> examples;
  for (size_t example = 0; example < count; ++example) {
    examples.push_back(
        {forms[example % forms.size()], words[3 * example], words[3 * example + 1], words[3 * example + 2]});
  }
  return examples;
}

World world_of(const std::vector<Example>& examples) {
  WorldParts parts = logic();
  for (const Example& example : examples) {
    for (const std::string& word : {example.s, example.m, example.p})
      parts.entities.push_back({word, plural_of(word), ""});
    for (const Statement& premise : example.form.premises(example.s, example.m, example.p)) {
      parts.facts.push_back({fmt::format("f{:04}", parts.facts.size() + 1), premise});
    }
  }
  return World(std::move(parts));
}

// `named`: what the lead names.
void ask(DataBuilder& data, const std::string& one, const std::string& other, std::span<const std::string> named,
         const Asking& asking) {
  data.ask_which(data.world().lead_in(named, 0), six_statements(one, other), strongest(data.world(), one, other),
                 asking);
}

// The first is the study's. The others say the same behind other leads, in an order and in forms that are drawn: facts
// that are told in one way only are learned by heart, and not found again.
void add_articles(DataBuilder& data, const Example& example, std::span<const Fact> facts, const std::string& group,
                  size_t articles, const Rng& rng) {
  const size_t num_leads = data.world().parts().leads.size();
  if (articles > num_leads) {
    refuse_option("articles", "{} articles of a pair of premises are more than there are leads; ask for at most {}",
                  articles, num_leads);
  }
  for (size_t article = 0; article < articles; ++article) {
    const Rng own = rng.child("article", article);
    const bool is_varied = article > 0;
    const std::vector<std::string> terms = shuffled(std::vector{example.s, example.m, example.p}, own.child("terms"));
    std::vector<std::string> sentences{data.world().lead_in(terms, article)};
    for (size_t place = 0; place < facts.size(); ++place)
      sentences.push_back(data.world().say(facts[place].statement, is_varied ? own.below(place, 2) : 0));
    if (is_varied && own.bernoulli(2, 0.5)) std::swap(sentences[1], sentences[2]);
    data.add({.text = fmt::format("{}", fmt::join(sentences, " ")),
              .style = "premises",
              .facts = {facts[0].id, facts[1].id},
              .group = group});
  }
}

}  // namespace

DataBuilder make_syllogisms(const MakeInput& input) {
  const std::vector<Example> examples = draw_examples(input);
  DataBuilder data(world_of(examples), input.rng.child("questions"), input.count_tokens);
  for (size_t number = 0; number < examples.size(); ++number) {
    const auto& [form, s, m, p] = examples[number];
    const std::array<Fact, 2> facts{data.world().facts()[2 * number], data.world().facts()[2 * number + 1]};
    add_articles(data, examples[number], facts, fmt::format("e{:04}", number + 1),
                 static_cast<size_t>(*input.sizes().articles), input.rng.child("articles", number));
    // Premises are asked for as they were told, behind all three terms: behind two of them a small model knows the
    // pair, and takes the quantifier that is most frequent.
    const std::vector<std::string> terms = shuffled(std::vector{s, m, p}, input.rng.child("terms asked", number));
    for (const Fact& fact : facts) {
      const auto& [subject, relation, object, negated] = fact.statement;
      ask(data, subject, object, terms, {.split = "forward", .kind = relation});
    }
    ask(data, s, p, std::array{s, p}, {.split = "syllogism", .kind = form.name()});
  }
  return data;
}

}  // namespace manyshot::lab
