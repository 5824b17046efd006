// What a draw writes down when it is asked to explain itself.
#pragma once

#include <string>
#include <vector>

#include "core/json.h"

namespace manyshot::prior {

struct Notes {
  Json hyper_parameters = Json::object();
  Json details = Json::object();  // what belongs to one prior only, such as layers
  // {"id", "kind", "equation"}: kind is cause, hidden, latent or root; edges {"from", "to", "weight"?}.
  Json nodes = Json::array();
  Json edges = Json::array();
  std::vector<std::string> feature_sources;               // before the columns are shuffled; a node's id or words
  std::vector<std::string> feature_rules;                 // what happened to the node's values on the way to the column
  std::vector<std::string> column_sources, column_rules;  // in the task's order
  std::string label_source;
  std::string label_rule;

  void add_node(std::string id, std::string_view kind, std::string equation) {
    nodes.push_back({{"id", std::move(id)}, {"kind", kind}, {"equation", std::move(equation)}});
  }
  void add_edge(const std::string& from, const std::string& to) { edges.push_back({{"from", from}, {"to", to}}); }
  void add_edge(const std::string& from, const std::string& to, double weight) {
    edges.push_back({{"from", from}, {"to", to}, {"weight", weight}});
  }
};

// #7# in `text` becomes names[7].
std::string with_column_names(std::string text, const std::vector<std::string>& names);

// 1.2346, 0.00012346, 1.2e+07: a number for an equation.
std::string short_number(double value);
// "a, b, c" of numbers.
std::string short_numbers(const std::vector<double>& values);

}  // namespace manyshot::prior
