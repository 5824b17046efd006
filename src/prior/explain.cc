#include "prior/explain.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"
#include "prior/task/task_table.h"

namespace manyshot::prior {
namespace {

std::string dot_name(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

// Lines of at most about 48 characters, broken at spaces; \n as dot spells it.
std::string wrapped(const std::string& text) {
  std::string result;
  size_t width = 0;
  for (const char c : text) {
    if (c == ' ' && width > 48) {
      result += "\\n";
      width = 0;
      continue;
    }
    if (c == '"' || c == '\\') result += '\\';
    result += c;
    ++width;
  }
  return result;
}

}  // namespace

Json explanation_json(const Task& task, const Notes& notes, const PriorOptions& options) {
  Json rejections = Json::object();
  for (size_t reason = 0; reason < kNumRejections; ++reason) {
    rejections[std::string(name_of(static_cast<Rejection>(reason)))] = task.rejections[reason];
  }
  Json columns = Json::array();
  for (size_t feature = 0; feature < task.num_features(); ++feature) {
    const ColumnInfo& info = task.info[feature];
    Json column = {{"name", fmt::format("x{}", feature)}, {"kind", name_of(info.kind)}};
    if (info.num_levels > 0) column["levels"] = info.num_levels;
    const auto values = task.column(feature);
    column["missing"] = std::count_if(values.begin(), values.end(), [](float v) { return v != v; });
    column["offset"] = info.offset;
    column["scale"] = info.scale;
    column["source"] = notes.column_sources[feature];
    column["rule"] = notes.column_rules[feature];
    columns.push_back(std::move(column));
  }
  Json explanation = {
      {"task", task.index}, {"prior", task.prior}, {"rows", task.num_rows}, {"features", task.num_features()}};
  explanation.update(target_facts(task));
  explanation.update({{"rejections", rejections},
                      {"hyper_parameters", notes.hyper_parameters},
                      {"details", notes.details},
                      {"graph", {{"nodes", notes.nodes}, {"edges", notes.edges}}},
                      {"columns", columns},
                      {"label", {{"source", notes.label_source}, {"rule", notes.label_rule}}},
                      {"options", values_of(options)}});
  return explanation;
}

std::string explanation_dot(const Json& explanation) {
  std::string dot = fmt::format("digraph task_{} {{\n  rankdir=TB;\n  node [fontname=\"sans-serif\", fontsize=10];\n",
                                explanation["task"].get<uint64_t>());
  for (const Json& node : explanation["graph"]["nodes"]) {
    const std::string kind = node["kind"];
    const char* style = kind == "cause" || kind == "root" ? "shape=ellipse, style=filled, fillcolor=\"#dbe9f6\""
                        : kind == "latent"                ? "shape=ellipse, style=dashed"
                                                          : "shape=ellipse";
    dot += fmt::format("  {} [label=\"{}\", {}];\n", dot_name(node["id"].get<std::string>()), wrapped(node["equation"]),
                       style);
  }
  for (const Json& edge : explanation["graph"]["edges"]) {
    dot +=
        fmt::format("  {} -> {}", dot_name(edge["from"].get<std::string>()), dot_name(edge["to"].get<std::string>()));
    if (edge.contains("weight")) dot += fmt::format(" [label=\"{:.3g}\", fontsize=8]", edge["weight"].get<double>());
    dot += ";\n";
  }
  for (const Json& column : explanation["columns"]) {
    const std::string name = column["name"];
    const std::string rule = column["rule"];
    dot += fmt::format(
        "  {} [label=\"{}{}\", shape=box, style=filled, fillcolor=\"#f4f1de\"];\n  {} -> {} [style=dotted];\n",
        dot_name(name), name, rule.empty() ? "" : "\\n" + wrapped(rule), dot_name(column["source"].get<std::string>()),
        dot_name(name));
  }
  dot += fmt::format(
      "  \"label\" [label=\"label\\n{}\", shape=box, style=filled, fillcolor=\"#f6d5d5\"];\n  {} -> \"label\" "
      "[style=dotted];\n}}\n",
      wrapped(explanation["label"]["rule"]), dot_name(explanation["label"]["source"].get<std::string>()));
  return dot;
}

}  // namespace manyshot::prior
