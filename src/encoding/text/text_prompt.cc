#include "encoding/text/text_prompt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "core/json.h"

namespace manyshot {
namespace {

constexpr std::string_view kTail =
    "\n\n[Output requirements]\nReturn **only** a JSON array.\nEach element: {\"id\": <ID>, \"label\": "
    "<predicted_label>}\n\n"
    "Begin when ready. Do not output anything except the JSON array.\n";

}  // namespace

TextPrompt::TextPrompt(const Table& shots, std::span<const int32_t> labels, const TextPromptOptions& options)
    : shots_(shots), labels_(labels.begin(), labels.end()), options_(options), cells_(shots, options.numbers) {}

std::string TextPrompt::row_text(const Table& table, size_t row, const TaskView& view) const {
  std::string text;
  for (const uint32_t feature : view.features) {
    if (!text.empty()) text += options_.style == PromptStyle::kConcat ? "," : ", ";
    if (options_.style == PromptStyle::kTabllm) text += table.columns[feature].name + " is ";
    text += cells_.cell(table, row, feature);
  }
  return text;
}

std::string TextPrompt::label(size_t k, const TaskView& view) const {
  return options_.label_names.empty() ? fmt::format("{}", view.labels[k]) : Json(options_.label_names[k]).dump();
}

// The labels that the view's rows have, ids in ascending order, names in class order.
std::string TextPrompt::label_set(const TaskView& view) const {
  std::map<uint32_t, std::string> present;
  for (const uint32_t row : view.rows) {
    const auto k = static_cast<size_t>(labels_[row]);
    present.try_emplace(options_.label_names.empty() ? view.labels[k] : static_cast<uint32_t>(k), label(k, view));
  }
  std::string text;
  for (const auto& [order, name] : present) text += (text.empty() ? "" : ", ") + name;
  return text;
}

std::string TextPrompt::head(const TaskView& view, size_t num_queries) const {
  const std::string present = label_set(view);
  std::vector<std::string> names;
  for (const uint32_t feature : view.features) names.push_back(shots_.columns[feature].name);
  const size_t num_features = view.features.size();

  std::string text;
  std::string_view query_columns, label_separator;
  if (options_.style == PromptStyle::kConcat) {
    text = fmt::format(
        "\n[Data]\n• Each sample = {} features + 1 label.  Label set = [{}].  \n"
        "• Features in a row are comma-separated.  Features and label are separated by \"|\".\n{}\n",
        num_features, present,
        options_.feature_names ? fmt::format("• Feature descriptions  (in order) \n {}\n", fmt::join(names, ",")) : "");
    query_columns = "N features";
    label_separator = "|";
  } else {
    text = fmt::format(
        "\n[Data]\n• Each sample contains {} features and 1 label. Label set = [{}].\n"
        "• Format: FeatureName is value, FeatureName is value, ..., Label is label_value\n• Features: {}\n",
        num_features, present, fmt::join(names, ", "));
    query_columns = "feature assignments";
    label_separator = ", Label is ";
  }
  text += fmt::format("\n[Training set]  (order of rows does NOT matter)  \n{} rows:  \n", view.rows.size());
  for (const uint32_t row : view.rows) {
    text += fmt::format("{}{}{}\n", row_text(shots_, row, view), label_separator,
                        label(static_cast<size_t>(labels_[row]), view));
  }
  text += fmt::format(
      "\n[Test set]  (keep original order!)  \nEach row = ID, then {} (ID is NOT a feature).  \n{} rows:  \n",
      query_columns, num_queries);
  return text;
}

std::string TextPrompt::query_line(const Table& queries, size_t row, size_t id, const TaskView& view) const {
  return fmt::format("ID {}:{}{}", id, options_.style == PromptStyle::kTabllm ? " " : "", row_text(queries, row, view));
}

std::string_view TextPrompt::tail() { return kTail; }

std::string TextPrompt::answer(std::span<const std::string> labels) {
  std::string text = "[";
  for (size_t id = 0; id < labels.size(); ++id) {
    text += fmt::format("{}{{\"id\": {}, \"label\": {}}}", id == 0 ? "" : ", ", id, labels[id]);
  }
  return text + "]";
}

std::string TextPrompt::user_text(const Table& queries, const TaskView& view) const {
  return user_text(queries, 0, queries.num_rows, view);
}

std::string TextPrompt::user_text(const Table& queries, size_t first_row, size_t num_queries,
                                  const TaskView& view) const {
  std::string text = head(view, num_queries);
  for (size_t id = 0; id < num_queries; ++id) {
    if (id > 0) text += '\n';
    text += query_line(queries, first_row + id, id, view);
  }
  return text += kTail;
}

}  // namespace manyshot
