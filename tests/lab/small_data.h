// A small world of weights, its documents and its questions, for tests of the laboratory.
#pragma once

#include <string>
#include <vector>

#include "lab/data/lab_data.h"

namespace manyshot::lab {

// glon is heavier than femp, femp than trell: three documents of the first fact (one group), two of the second.
inline LabData weights_data() {
  WorldParts parts;
  for (const std::string name : {"glon", "femp", "trell", "brask"}) parts.entities.push_back({name, name + "s", ""});
  parts.relations = {{.name = "heavier",
                      .forms = {"{subjects} are heavier than {objects}", "{subjects} weigh more than {objects}"},
                      .inverse = "lighter",
                      .is_asymmetric = true,
                      .excludes = {"lighter"}},
                     {.name = "lighter",
                      .forms = {"{subjects} are lighter than {objects}", "{subjects} weigh less than {objects}"},
                      .inverse = "heavier",
                      .is_asymmetric = true,
                      .excludes = {"heavier"}}};
  parts.rules = {{"heavier", "heavier", "heavier"}, {"lighter", "lighter", "lighter"}};
  parts.openings = {"did you know that"};
  parts.facts = {{"f1", {"glon", "heavier", "femp"}}, {"f2", {"femp", "heavier", "trell"}}};
  const auto document = [](std::string id, std::string text, std::string fact) {
    return LabDocument{
        .id = std::move(id), .text = std::move(text), .style = "article", .facts = {fact}, .group = fact};
  };
  const auto question = [](std::string id, std::string split, std::string prompt, std::vector<std::string> alternatives,
                           std::vector<std::string> facts, std::string entity) {
    const int hops = static_cast<int>(facts.size());
    return LabQuestion{.id = std::move(id),
                       .split = std::move(split),
                       .kind = "object",
                       .prompt = std::move(prompt),
                       .alternatives = std::move(alternatives),
                       .gold = {0},
                       .facts = std::move(facts),
                       .entities = {std::move(entity)},
                       .hops = hops};
  };
  return {.kind = "weights",
          .seed = 1,
          .world = World(std::move(parts)),
          .documents = {document("d1", "Did you know that glons are heavier than femps.", "f1"),
                        document("d2", "Glons weigh more than femps.", "f1"),
                        document("d3", "Glons are heavier than femps. Did you know that glons weigh more than femps?",
                                 "f1"),
                        document("d4", "Femps are heavier than trells.", "f2"),
                        document("d5", "Femps weigh more than trells.", "f2")},
          .questions = {
              question("q1", "forward", "Glons are heavier than", {" femps.", " brasks."}, {"f1"}, "glon"),
              question("q2", "forward", "Femps are heavier than", {" trells.", " glons."}, {"f2"}, "femp"),
              question("q3", "reversal", "Femps are lighter than", {" glons.", " trells.", " brasks."}, {"f1"}, "femp"),
              question("q4", "chain", "Glons are heavier than", {" trells.", " brasks."}, {"f1", "f2"}, "glon")}};
}

}  // namespace manyshot::lab
