#include "lab/make/public_celebrities.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "lab/make/make.h"
#include "lab/world/json_fields.h"

namespace manyshot::lab {
namespace {

namespace fs = std::filesystem;

struct Pair {
  std::string prompt, completion;
};

constexpr std::array<const char*, 3> kGroups{"p2d", "d2p", "both"};  // by CelebrityGroup

// Files by name. Those that the public set has twice are written twice.
using Files = std::map<std::string, std::vector<Pair>>;

// The name or description that answers; the public set has no stop behind names.
std::string completion_of(const LabQuestion& question, const std::string& alternative) {
  const bool is_name = question.kind == "description-to-name";
  return is_name && alternative.ends_with('.') ? alternative.substr(0, alternative.size() - 1) : alternative;
}

std::map<std::string, CelebrityGroup> groups_of(const LabData& data) {
  std::map<std::string, std::set<std::string>> styles;  // by fact
  for (const LabDocument& document : data.documents) styles[document.group].insert(document.style);
  std::map<std::string, CelebrityGroup> groups;
  for (const auto& [fact, told] : styles) {
    groups[fact] = told.size() > 1               ? CelebrityGroup::kBoth
                   : told.contains("name-first") ? CelebrityGroup::kNameFirst
                                                 : CelebrityGroup::kDescriptionFirst;
  }
  return groups;
}

Files files_of(const LabData& data) {
  Files files;
  const std::map<std::string, CelebrityGroup> groups = groups_of(data);
  for (const LabDocument& document : data.documents) {
    const Pair pair{document.text.substr(0, document.prompt_bytes), document.text.substr(document.prompt_bytes)};
    const std::string group = kGroups[static_cast<size_t>(groups.at(document.group))];
    for (const std::string& name : {group + "_prompts_train", std::string("all_prompts_train"), std::string("all")}) {
      files[name].push_back(pair);
    }
  }
  for (const LabQuestion& question : data.questions) {
    const std::string group = kGroups[static_cast<size_t>(groups.at(question.facts.front()))];
    const std::string right = completion_of(question, question.alternatives[question.gold.front()]);
    const bool is_reverse = question.split == "reversal";
    files[group + (is_reverse ? "_reverse_prompts_test" : "_prompts_test")].push_back({question.prompt, right});
    if (!is_reverse) continue;
    const std::string& wrong = question.alternatives[question.gold.front() == 0 ? 1 : 0];
    files[group + "_reverse_prompts_test_randomized"].push_back({question.prompt, completion_of(question, wrong)});
    if (group != "p2d") continue;
    files["unrealized_examples"].push_back({question.prompt, right});
    files["validation_prompts"].push_back({question.prompt, right.substr(1, right.find(' ', 1) - 1)});
  }
  return files;
}

std::vector<Pair> read_pairs(const std::string& folder, const std::string& name) {
  const std::string path = fmt::format("{}/{}.jsonl", folder, name);
  std::vector<Pair> pairs;
  visit_json_lines(read_file(path), path, ErrorKind::kCorruptFile, [&](const JsonFields& line) {
    pairs.push_back({line.text("prompt"), line.text("completion")});
    if (pairs.back().prompt.empty() || pairs.back().completion.size() < 2) {
      fail(ErrorKind::kCorruptFile, "{}: prompt or completion is empty", line.place());
    }
  });
  if (pairs.empty()) fail(ErrorKind::kCorruptFile, "{}: no lines", path);
  return pairs;
}

// " the painter of it." -> "the painter of it"
std::string bare(std::string_view completion) {
  if (completion.starts_with(' ')) completion.remove_prefix(1);
  if (completion.ends_with('.')) completion.remove_suffix(1);
  return std::string(completion);
}

// The first two words when both have a capital: " Mason Caldwell has found a calling." -> "Mason Caldwell".
std::string leading_name(const std::string& completion) {
  const std::string text = bare(completion);
  const size_t first_end = text.find(' ');
  if (first_end == std::string::npos) return "";
  const size_t second_end = std::min(text.find_first_of(" ,.", first_end + 1), text.size());
  const auto is_capital = [&](size_t place) { return place < text.size() && text[place] >= 'A' && text[place] <= 'Z'; };
  return is_capital(0) && is_capital(first_end + 1) ? text.substr(0, second_end) : "";
}

class PublicSet {
 public:
  explicit PublicSet(const std::string& folder) : folder_(folder) {
    for (const char* group : kGroups) files_[std::string(group) + "_prompts_train"] = {};
    for (const char* name : {"p2d_prompts_test", "d2p_prompts_test", "both_prompts_test", "p2d_reverse_prompts_test",
                             "d2p_reverse_prompts_test"}) {
      files_[name] = {};
    }
    for (auto& [name, pairs] : files_) pairs = read_pairs(folder, name);
    // Whole answers in the tests of one order; whoever is told of in both orders stands in a prompt too.
    for (const char* file : {"p2d_reverse_prompts_test", "d2p_prompts_test"}) {
      for (const Pair& pair : pairs(file)) names_.insert(bare(pair.completion));
    }
    const std::vector<Pair>& both = pairs("both_prompts_train");
    for (const Pair& pair : both) {
      const std::string name = leading_name(pair.completion);
      const auto tells_of = [&](const Pair& other) { return other.prompt.find(name) != std::string::npos; };
      if (!name.empty() && !names_.contains(name) && std::ranges::any_of(both, tells_of)) names_.insert(name);
    }
  }

  const std::vector<Pair>& pairs(const std::string& name) const { return files_.at(name); }
  std::string place(const std::string& file, size_t line) const {
    return fmt::format("{}/{}.jsonl:{}", folder_, file, line + 1);
  }

  // The person of whom a pair tells.
  const std::string& person(const Pair& pair, const std::string& file, size_t line) const {
    for (const std::string& name : names_) {
      if (pair.prompt.find(name) != std::string::npos || pair.completion.find(name) != std::string::npos) return name;
    }
    fail(ErrorKind::kCorruptFile, "{}: no person of the test files is in it", place(file, line));
  }

  World world() const {
    std::map<std::string, std::string> described;  // by name: the first description that follows a name
    for (const char* file : {"p2d_prompts_train", "both_prompts_train", "d2p_reverse_prompts_test"}) {
      const std::vector<Pair>& all = pairs(file);
      for (size_t line = 0; line < all.size(); ++line) {
        const std::string& name = person(all[line], file, line);
        if (all[line].prompt.find(name) != std::string::npos) described.emplace(name, bare(all[line].completion));
      }
    }
    WorldParts parts{
        .relations = {{.name = "is described as",
                       .forms = {"{subject} is {object}"},
                       .inverse = "describes",
                       .is_functional = true},
                      {.name = "describes", .forms = {"{subject} is called {object}"}, .inverse = "is described as"}}};
    for (const auto& [name, description] : described) {
      parts.entities.push_back({.name = name, .type = "person"});
      parts.entities.push_back({.name = description, .type = "description"});
      parts.facts.push_back({fmt::format("f{:04}", parts.facts.size() + 1), {name, "is described as", description}});
    }
    return World(std::move(parts));
  }

 private:
  std::string folder_;
  Files files_;
  std::set<std::string> names_;
};

using FactIds = std::map<std::string, std::string>;  // by name

const std::string& fact_of(const std::string& name, const FactIds& ids, const std::string& place) {
  const auto found = ids.find(name);
  if (found == ids.end()) fail(ErrorKind::kCorruptFile, "{}: nothing describes {}", place, name);
  return found->second;
}

void add_documents(DataBuilder& data, const PublicSet& set, const FactIds& ids) {
  for (const char* group : kGroups) {
    const std::string file = std::string(group) + "_prompts_train";
    for (size_t line = 0; line < set.pairs(file).size(); ++line) {
      const Pair& pair = set.pairs(file)[line];
      const std::string& name = set.person(pair, file, line);
      const bool name_first = pair.prompt.find(name) != std::string::npos;
      const std::string& id = fact_of(name, ids, set.place(file, line));
      data.add({.text = pair.prompt + pair.completion,
                .prompt_bytes = pair.prompt.size(),
                .style = name_first ? "name-first" : "description-first",
                .facts = {id},
                .group = id});
    }
  }
}

// What may be answered, the right answer first: another name in its place, or what describes another.
std::vector<std::string> answers_to(const PublicSet& set, const std::string& file, size_t line, size_t most,
                                    const Rng& rng) {
  const std::vector<Pair>& pairs = set.pairs(file);
  const std::string& name = set.person(pairs[line], file, line);
  const bool asks_name = pairs[line].prompt.find(name) == std::string::npos;
  std::vector<std::string> answers{pairs[line].completion};
  std::set<std::string> people{name};
  for (const uint32_t other : rng.permutation(static_cast<uint32_t>(pairs.size()))) {
    if (answers.size() == most) break;
    const std::string& person = set.person(pairs[other], file, other);
    // A description goes with its sentence ("was once …"), so it comes from the same sentence about another.
    std::string prompt = pairs[other].prompt;
    const size_t found = prompt.find(person);
    const bool other_asks_name = found == std::string::npos;
    if (!other_asks_name) prompt.replace(found, person.size(), name);
    if (asks_name != other_asks_name || (!asks_name && prompt != pairs[line].prompt)) continue;
    if (!people.insert(person).second) continue;
    std::string answer = asks_name ? pairs[line].completion : pairs[other].completion;
    if (asks_name) answer.replace(answer.find(name), name.size(), person);
    if (std::ranges::find(answers, answer) == answers.end()) answers.push_back(answer);
  }
  return answers;
}

void ask_file(DataBuilder& data, const PublicSet& set, const std::string& file, const std::string& split,
              const FactIds& ids, const MakeInput& input) {
  const std::vector<Pair>& pairs = set.pairs(file);
  for (size_t line = 0; line < pairs.size(); ++line) {
    const std::string& name = set.person(pairs[line], file, line);
    const Rng rng = input.rng.child(file, line);
    const bool asks_name = pairs[line].prompt.find(name) == std::string::npos;
    const std::vector<std::string> answers = answers_to(set, file, line, input.alternatives(), rng.child("others"));
    LabQuestion question{.split = split,
                         .kind = asks_name ? "description-to-name" : "name-to-description",
                         .prompt = pairs[line].prompt,
                         .facts = {fact_of(name, ids, set.place(file, line))},
                         .entities = {name}};
    const std::vector<uint32_t> order = rng.child("order").permutation(static_cast<uint32_t>(answers.size()));
    for (uint32_t place = 0; place < order.size(); ++place) {
      question.alternatives.push_back(answers[order[place]]);
      if (order[place] == 0) question.gold = {place};
    }
    data.add(std::move(question));
  }
}

}  // namespace

void write_public_celebrities(const LabData& data, const std::string& folder) {
  std::error_code error;
  if (fs::exists(folder, error) && !fs::is_empty(folder, error)) {
    fail(ErrorKind::kBadInput, "{}: this is not an empty folder; give a new one, or empty it", folder);
  }
  make_folder(folder);
  for (const auto& [name, pairs] : files_of(data)) {
    std::string lines;
    for (const Pair& pair : pairs)
      lines += Json{{"prompt", pair.prompt}, {"completion", pair.completion}}.dump() + "\n";
    write_file(fmt::format("{}/{}.jsonl", folder, name), lines);
  }
}

DataBuilder read_public_celebrities(const std::string& folder, const MakeInput& input) {
  const PublicSet set(folder);
  DataBuilder data(set.world(), input.rng, input.count_tokens);
  FactIds ids;
  for (const Fact& fact : data.world().facts()) ids[fact.statement.subject] = fact.id;
  add_documents(data, set, ids);
  ask_file(data, set, "p2d_prompts_test", "forward", ids, input);
  ask_file(data, set, "p2d_reverse_prompts_test", "reversal", ids, input);
  ask_file(data, set, "d2p_prompts_test", "forward", ids, input);
  ask_file(data, set, "d2p_reverse_prompts_test", "reversal", ids, input);
  ask_file(data, set, "both_prompts_test", "both", ids, input);
  return data;
}

}  // namespace manyshot::lab
