// Documents of the user's own, and questions from the triples that stand beside them.
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"
#include "lab/make/make.h"
#include "lab/world/json_fields.h"
#include "lab/world/names_index.h"

namespace manyshot::lab {
namespace {

std::string trimmed(std::string text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// A triple as it stands in the file.
struct Triple {
  std::string subject, relation, object, inverse;
};

struct Row {
  std::string place, text;
  std::vector<Triple> triples;
};

std::string part_of(const JsonFields& fields, const char* name) {
  std::string text = trimmed(fields.text(name));
  if (text.empty() || text.find_first_of("{}") != std::string::npos) {
    fail(ErrorKind::kBadInput, "{}: \"{}\" is \"{}\"; expected words without braces", fields.place(), name,
         excerpt(text));
  }
  return text;
}

Triple read_triple(const JsonFields& fields) {
  Triple triple{part_of(fields, "subject"), part_of(fields, "relation"), part_of(fields, "object"),
                fields.has("inverse") ? part_of(fields, "inverse") : ""};
  if (lower(triple.subject) == lower(triple.object)) {
    fail(ErrorKind::kBadInput, "{}: subject and object are both \"{}\"; a fact joins two different things",
         fields.place(), excerpt(triple.subject));
  }
  return triple;
}

Row read_row(const JsonFields& fields) {
  Row row{.place = fields.place(), .text = trimmed(fields.text_or("text", ""))};
  const bool has_triple = fields.has("subject") || fields.has("relation") || fields.has("object");
  if (has_triple) row.triples.push_back(read_triple(fields));
  if (fields.has("facts")) {
    for (const JsonFields& fact : fields.objects("facts")) row.triples.push_back(read_triple(fact));
  }
  if (row.text.empty() && !has_triple) {
    fail(ErrorKind::kBadInput, "{}: neither \"text\" nor \"subject\", \"relation\" and \"object\"; give one of them",
         row.place);
  }
  return row;
}

std::vector<Row> read_rows(const std::string& path) {
  std::vector<Row> rows;
  visit_json_lines(read_file(path), path, ErrorKind::kBadInput,
                   [&](const JsonFields& line) { rows.push_back(read_row(line)); });
  return rows;
}

// The world of the triples, and what each row states of it.
class TripleWorld {
 public:
  explicit TripleWorld(const std::vector<Row>& rows) {
    for (const Row& row : rows) {
      std::vector<std::string>& ids = ids_.emplace_back();
      for (const Triple& triple : row.triples) ids.push_back(add(triple, row.place));
    }
    for (auto& [name, inverse] : inverses_) {
      parts_.relations.push_back(
          {.name = name, .forms = {fmt::format("{{subject}} {} {{object}}", name)}, .inverse = inverse_name(name)});
      parts_.relations.push_back(
          {.name = inverse_name(name),
           .forms = {inverse.empty() ? fmt::format("the one that {} {{subject}} is {{object}}", name)
                                     : fmt::format("{{subject}} {} {{object}}", inverse)},
           .inverse = name});
    }
    add_chains();
  }

  WorldParts take() { return std::move(parts_); }
  const std::vector<std::vector<std::string>>& ids_by_row() const { return ids_; }

 private:
  std::string inverse_name(const std::string& relation) const { return "reverse of " + relation; }

  // The entity of that name; case is no difference.
  std::string entity(const std::string& name) {
    const auto [found, is_new] = entities_.emplace(lower(name), name);
    if (is_new) parts_.entities.push_back({.name = name});
    return found->second;
  }

  std::string add(const Triple& triple, const std::string& place) {
    const Statement statement{entity(triple.subject), triple.relation, entity(triple.object)};
    std::string& inverse = inverses_[triple.relation];
    if (!inverse.empty() && !triple.inverse.empty() && inverse != triple.inverse) {
      fail(ErrorKind::kBadInput, "{}: the inverse of \"{}\" is \"{}\", before it was \"{}\"; give one", place,
           triple.relation, triple.inverse, inverse);
    }
    if (!triple.inverse.empty()) inverse = triple.inverse;
    const auto [found, is_new] = facts_.emplace(statement, fmt::format("f{:04}", facts_.size() + 1));
    if (is_new) parts_.facts.push_back({found->second, statement});
    return found->second;
  }

  // What holds of the objects of facts that are subjects of others.
  void add_chains() {
    std::map<std::string, std::set<std::string>> relations_of;  // by subject
    for (const Fact& fact : parts_.facts) relations_of[fact.statement.subject].insert(fact.statement.relation);
    std::set<std::pair<std::string, std::string>> chains;
    for (const Fact& fact : parts_.facts) {
      const auto next = relations_of.find(fact.statement.object);
      if (next == relations_of.end()) continue;
      for (const std::string& second : next->second) chains.insert({fact.statement.relation, second});
    }
    for (const auto& [first, second] : chains) {
      const std::string name = fmt::format("{} something or someone that {}", first, second);
      parts_.relations.push_back({.name = name, .forms = {fmt::format("{{subject}} {} {{object}}", name)}});
      parts_.rules.push_back({first, second, name});
    }
  }

  WorldParts parts_;
  std::map<std::string, std::string> entities_;  // by lower case
  std::map<std::string, std::string> inverses_;  // by relation; may be empty
  std::map<Statement, std::string> facts_;
  std::vector<std::vector<std::string>> ids_;
};

void add_documents(DataBuilder& data, const std::vector<Row>& rows, const std::vector<std::vector<std::string>>& ids) {
  std::map<std::string, Statement> statements;
  for (const Fact& fact : data.world().facts()) statements[fact.id] = fact.statement;
  for (size_t row = 0; row < rows.size(); ++row) {
    // Documents of the same facts say the same.
    std::string group = fmt::format("{}", fmt::join(ids[row], "+"));
    if (group.empty()) group = fmt::format("text-{}", row + 1);
    const bool is_text = !rows[row].text.empty();
    data.add({.text = is_text ? rows[row].text : data.world().say(statements[ids[row][0]], 0),
              .style = is_text ? "text" : "triple",
              .facts = ids[row],
              .group = group});
  }
}

// What stands at the asked end of the relation elsewhere; where that is too little, at the end of any relation.
std::vector<std::string> candidates(std::span<const Statement> all, const Statement& asked) {
  constexpr size_t kEnough = 4;
  std::set<std::string> same, any;
  for (const Statement& statement : all) {
    any.insert(statement.object);
    if (statement.relation == asked.relation) same.insert(statement.object);
  }
  const std::set<std::string>& names = same.size() >= kEnough ? same : any;
  return {names.begin(), names.end()};
}

// What each split asks. What a text says in the world's own words is held out no more.
std::map<std::string, std::vector<Statement>> statements_by_split(const DataBuilder& data) {
  std::set<Statement> told;
  for (const LabDocument& document : data.documents()) {
    for (Statement& statement : data.world().read(document.text)) told.insert(std::move(statement));
  }
  std::vector<std::string> ids;
  std::map<std::string, std::vector<Statement>> splits;
  for (const Fact& fact : data.world().facts()) {
    ids.push_back(fact.id);
    splits["forward"].push_back(fact.statement);
  }
  for (const Statement& statement : data.world().consequences(ids, 2)) {
    const std::string split = data.world().support(statement).size() == 1 ? "reversal" : "two-hop";
    splits[told.contains(statement) ? "trained-" + split : split].push_back(statement);
  }
  return splits;
}

void ask_all(DataBuilder& data, const MakeInput& input) {
  const auto count = static_cast<size_t>(*input.sizes().questions);
  const auto splits = statements_by_split(data);
  std::vector<Statement> all;
  for (const auto& [split, statements] : splits) all.insert(all.end(), statements.begin(), statements.end());
  for (const auto& [split, statements] : splits) {
    for (const Statement& statement : drawn(statements, count, input.rng.child(split))) {
      data.ask(statement, candidates(all, statement),
               {.split = split, .kind = statement.relation, .alternatives = input.alternatives()});
    }
  }
}

}  // namespace

DataBuilder make_documents(const MakeInput& input) {
  const std::string& path = input.options.in;
  const std::vector<Row> rows = read_rows(path);
  if (rows.empty()) fail(ErrorKind::kBadInput, "{}: no documents in it", path);
  TripleWorld triples(rows);
  const std::vector<std::vector<std::string>> ids = triples.ids_by_row();
  WorldParts parts = triples.take();
  if (parts.facts.empty()) {
    fail(ErrorKind::kBadInput,
         "{}: {} documents without facts, so there is nothing to ask; give lines a \"subject\", \"relation\" and "
         "\"object\", or \"facts\" with such triples",
         path, rows.size());
  }
  DataBuilder data(World(std::move(parts)), input.rng.child("questions"), input.count_tokens);
  add_documents(data, rows, ids);
  ask_all(data, input);
  return data;
}

}  // namespace manyshot::lab
