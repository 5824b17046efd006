#include "lab/world/world_json.h"

#include <utility>

#include "core/error.h"
#include "lab/world/json_fields.h"

namespace manyshot::lab {
namespace {

constexpr const char* kFormat = "manyshot world 1";

template <class List, class ToJson>
Json listed(const List& list, const ToJson& entry_json) {
  Json entries = Json::array();
  for (const auto& entry : list) entries.push_back(entry_json(entry));
  return entries;
}

// What says nothing is left out.
Json entity_json(const Entity& entity) {
  Json json{{"name", entity.name}};
  if (!entity.plural.empty()) json["plural"] = entity.plural;
  if (!entity.type.empty()) json["type"] = entity.type;
  return json;
}

Json relation_json(const Relation& relation) {
  Json json{{"name", relation.name}};
  if (!relation.subject_type.empty()) json["subject_type"] = relation.subject_type;
  if (!relation.object_type.empty()) json["object_type"] = relation.object_type;
  json["forms"] = relation.forms;
  if (!relation.inverse.empty()) json["inverse"] = relation.inverse;
  if (relation.is_functional) json["functional"] = true;
  if (relation.is_asymmetric) json["asymmetric"] = true;
  if (!relation.excludes.empty()) json["excludes"] = relation.excludes;
  return json;
}

Json rule_json(const Rule& rule) {
  Json json{{"first", rule.first}};
  if (!rule.second.empty()) json["second"] = rule.second;
  json["then"] = rule.then;
  return json;
}

Json fact_json(const Fact& fact) {
  Json json{{"id", fact.id}};
  json.update(to_json(fact.statement));
  return json;
}

Relation read_relation(const JsonFields& fields) {
  return {.name = fields.text("name"),
          .subject_type = fields.text_or("subject_type", ""),
          .object_type = fields.text_or("object_type", ""),
          .forms = fields.texts("forms"),
          .inverse = fields.text_or("inverse", ""),
          .is_functional = fields.flag_or("functional", false),
          .is_asymmetric = fields.flag_or("asymmetric", false),
          .excludes = fields.texts_or_none("excludes")};
}

WorldParts read_parts(const JsonFields& world) {
  WorldParts parts;
  for (const JsonFields& entity : world.objects("entities")) {
    parts.entities.push_back({entity.text("name"), entity.text_or("plural", ""), entity.text_or("type", "")});
  }
  for (const JsonFields& relation : world.objects("relations")) parts.relations.push_back(read_relation(relation));
  for (const JsonFields& rule : world.objects("rules")) {
    parts.rules.push_back({rule.text("first"), rule.text_or("second", ""), rule.text("then")});
  }
  parts.openings = world.texts("openings");
  parts.leads = world.texts_or_none("leads");
  for (const JsonFields& fact : world.objects("facts")) {
    parts.facts.push_back(
        {fact.text("id"),
         {fact.text("subject"), fact.text("relation"), fact.text("object"), fact.flag_or("negated", false)}});
  }
  return parts;
}

}  // namespace

Json to_json(const Statement& statement) {
  Json json{{"subject", statement.subject}, {"relation", statement.relation}, {"object", statement.object}};
  if (statement.negated) json["negated"] = true;
  return json;
}

Json to_json(const World& world) {
  const WorldParts& parts = world.parts();
  Json json{{"format", kFormat},
            {"entities", listed(parts.entities, entity_json)},
            {"relations", listed(parts.relations, relation_json)},
            {"rules", listed(parts.rules, rule_json)},
            {"openings", parts.openings}};
  if (!parts.leads.empty()) json["leads"] = parts.leads;
  json["facts"] = listed(parts.facts, fact_json);
  return json;
}

World world_from_json(const Json& json, const std::string& path) {
  const JsonFields world(json, path);
  if (world.text("format") != kFormat) {
    fail(ErrorKind::kCorruptFile, "{}: expected format \"{}\", found \"{}\"", path, kFormat, world.text("format"));
  }
  WorldParts parts = read_parts(world);
  try {
    return World(std::move(parts));
  } catch (const Error& error) {
    fail(ErrorKind::kCorruptFile, "{}: {}", path, error.what());
  }
}

}  // namespace manyshot::lab
