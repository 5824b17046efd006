#include "encoding/text/text_prompt.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "core/json.h"
#include "encoding/share_columns.h"

namespace manyshot {
namespace {

constexpr std::string_view kTail =
    "\n\n[Output requirements]\nReturn **only** a JSON array.\nEach element: {\"id\": <ID>, \"label\": "
    "<predicted_label>}\n\n"
    "Begin when ready. Do not output anything except the JSON array.\n";

}  // namespace

TextPrompt::TextPrompt(const Table& shots, std::span<const int32_t> labels, const TextPromptOptions& options)
    : shots_(shots),
      labels_(labels.begin(), labels.end()),
      options_(options),
      cells_(options.style == PromptStyle::kLines
                 ? CellText::of_lines(shots, options.digits, !options.label_names.empty())
                 : CellText(shots, options.numbers)) {
  if (options.style != PromptStyle::kLines) return;
  for (size_t first = 0; first < shots.columns.size(); ++first) {
    if (shots.columns[first].share_of < 0) continue;
    const size_t end = end_of_shares(shots.columns, first);
    teachers_.push_back({first, end});
    first = end - 1;
  }
}

std::string TextPrompt::row_text(const Table& table, size_t row, const TaskView& view) const {
  std::string text;
  for (const uint32_t feature : view.features) {
    if (!text.empty()) text += options_.style == PromptStyle::kTabllm ? ", " : ",";
    if (options_.style == PromptStyle::kTabllm) text += table.columns[feature].name + " is ";
    text += cells_.cell(table, row, feature, view);
  }
  return text;
}

// What another model takes the class to be, and its share: 1:87.
std::string TextPrompt::share_text(std::span<const Column> columns, size_t row, const TaskView& view) const {
  std::vector<double> shares(view.labels.size());
  for (const Column& column : columns) shares[static_cast<size_t>(column.share_of)] = column.numbers[row];
  if (columns.size() == 1) shares[0] = 1 - shares[1];  // encoding/share_columns.h
  if (std::isnan(shares[0])) return "nan";
  const auto most = std::ranges::max_element(shares);
  const double steps = std::pow(10, options_.digits);
  const int share = static_cast<int>(std::clamp(std::floor(*most * steps), 0.0, steps - 1));
  return fmt::format("{}:{:0{}}", label(static_cast<size_t>(most - shares.begin()), view), share, options_.digits);
}

// 38,nurse,1:87| up to where the label follows.
std::string TextPrompt::line(const Table& table, size_t row, const TaskView& view) const {
  std::string text = row_text(table, row, view);
  for (const auto& [first, end] : teachers_)
    text += "," + share_text(std::span(table.columns).subspan(first, end - first), row, view);
  return text + "|";
}

std::string TextPrompt::label(size_t k, const TaskView& view) const {
  if (options_.style == PromptStyle::kLines) {
    if (!options_.label_names.empty()) {
      const std::string quoted = Json(options_.label_names[k]).dump();
      return " " + quoted.substr(1, quoted.size() - 2);
    }
    return fmt::format("{:0{}}", view.labels[k], fmt::formatted_size("{}", view.labels.size() - 1));
  }
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

std::string TextPrompt::lines_head(const TaskView& view) const {
  std::string text;
  if (!options_.label_names.empty()) {
    for (const uint32_t feature : view.features) text += (text.empty() ? "" : ",") + shots_.columns[feature].name;
    text += "|\n";
  }
  for (const uint32_t row : view.rows)
    text += fmt::format("{}{}\n", line(shots_, row, view), label(static_cast<size_t>(labels_[row]), view));
  return text;
}

std::string TextPrompt::head(const TaskView& view, size_t num_queries) const {
  if (options_.style == PromptStyle::kLines) return lines_head(view);
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
  if (options_.style == PromptStyle::kLines) return line(queries, row, view);
  return fmt::format("ID {}:{}{}", id, options_.style == PromptStyle::kTabllm ? " " : "", row_text(queries, row, view));
}

std::string_view TextPrompt::tail() const { return options_.style == PromptStyle::kLines ? "" : kTail; }

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
  return text += tail();
}

}  // namespace manyshot
