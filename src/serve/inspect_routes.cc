#include "serve/inspect_routes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/log_capture.h"
#include "predict/auto_method.h"
#include "predict/show_prompt.h"
#include "table/describe.h"
#include "table/text_table.h"

namespace manyshot::serve {
namespace {

constexpr const char* kTableName = "the table";

struct InspectRequest {
  TaskOptions task{.train = kTableName, .kind = TaskKind::kAuto};
  int sample_rows = 10;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("target", self.task.target, any_value(), "Column to say more about.");
    v("task", self.task.kind, any_value(), "Whether it is a class or a number.");
    v("ignore", self.task.ignore, any_value(), "Columns to leave out.");
    v("sample_rows", self.sample_rows, between(0, 100'000'000), "Rows to give back, from the first on.");
  }
};

// The first rows as the table spells them, null where a cell is missing.
Json first_rows(const TableFile& file, size_t count) {
  Json rows = Json::array();
  std::vector<size_t> columns(file.column_names().size());
  for (size_t i = 0; i < columns.size(); ++i) columns[i] = i;
  file.scan(columns, [&](const TextBatch& batch) {
    for (size_t row = 0; row < batch.num_rows && rows.size() < count; ++row) {
      Json cells = Json::array();
      for (const auto& column : batch.cells)
        cells.push_back(column[row].data() == nullptr ? Json() : Json(std::string(column[row])));
      rows.push_back(std::move(cells));
    }
    return rows.size() < count;
  });
  return rows;
}

// The rows of the target without a value, and the classes or the range of the others.
Json about_target(const TaskOptions& task, TableFile file) {
  const TrainingTable train = open_training_table(task, std::move(file));
  Json about{{"name", task.target},
             {"task", name_of(train.is_number() ? TaskKind::kRegression : TaskKind::kClassification)}};
  Json unlabelled = Json::array();
  std::vector<uint64_t> counts(train.classes.size());
  for (size_t row = 0; row < train.labels.size(); ++row) {
    const int32_t label = train.labels[row];
    if (label < 0) {
      unlabelled.push_back(row);
    } else if (!train.is_number()) {
      ++counts[static_cast<size_t>(label)];
    }
  }
  about["labelled_rows"] = train.labels.size() - unlabelled.size();
  about["unlabelled_rows"] = std::move(unlabelled);
  if (train.is_number()) {
    about["numbers"] = Json::array();
    for (const double number : train.numbers) about["numbers"].push_back(number);  // NaN becomes null
  } else {
    about["classes"] = train.classes;
    about["class_counts"] = counts;
    about["labels"] = train.labels;
  }
  Json features = Json::array();
  for (const ColumnSchema& column : train.features.columns) features.push_back(column.name);
  about["features"] = std::move(features);
  return about;
}

Response inspect(ServedTables& served, const Request& request) {
  TableRequest read = read_table_request(request, kTableName);
  InspectRequest asked;
  const OptionList options = named_by_keys(options_of(asked));
  read.given.take_all(options);
  read.given.refuse_others(options);
  const log::Capture capture;  // the notes are in the answer
  Json answer;
  as_bad_input([&] {
    TableFile file = take_table(read, kTableName);
    const Schema schema = infer_schema(file);
    answer = table_to_json(file, schema);
    answer["semicolon_separated"] = file.semicolon_separated();
    answer["sample"] = first_rows(file, static_cast<size_t>(asked.sample_rows));
    if (asked.task.target.empty()) {
      answer["target"] = guess_target(schema);
    } else {
      answer["target"] = about_target(asked.task, std::move(file));
    }
  });
  answer.erase("path");
  answer["object"] = "table";
  answer["models"] = served.models;
  answer["prompt_models"] = served.prompt_models;
  return json_response(answer);
}

struct PromptRequest {
  std::string fit;
  PromptOptions prompt{.model = ""};  // without one that of the fit

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("fit", self.fit, any_value(), "The fit whose labelled rows stand in the prompt.");
  }
};

OptionList prompt_options(PromptRequest& request) {
  constexpr std::array<std::string_view, 9> kAsked{"model",  "member", "format",  "chat", "compat",
                                                   "labels", "layout", "queries", "shots"};
  OptionList list = named_by_keys(options_of(request));
  for (const Option& option : named_by_keys(options_of(request.prompt))) {
    if (std::ranges::find(kAsked, option.name) != kAsked.end()) list.push_back(option);
  }
  return list;
}

Response prompt(ServedTables& served, const Request& request) {
  TableRequest read = read_table_request(request, kTestName);
  PromptRequest asked;
  OptionList options = prompt_options(asked);
  read.given.take(find_option(options, "fit"));
  if (asked.fit.empty())
    fail(ErrorKind::kBadInput, "fit is needed: the name that POST /v1/fit gave, such as /v1/prompt?fit=NAME");
  const std::shared_ptr<const FittedTask> task = served.fits.find(asked.fit);
  if (!task->has_rows())
    fail(ErrorKind::kUnsupported,
         "the fit \"{}\" is without its labelled rows, which a prompt shows; fit to them again", asked.fit);
  asked.prompt.task = task->options().task;
  asked.prompt.form = task->options().method.prompt;
  asked.prompt.ensemble = task->options().method.ensemble;
  asked.prompt.teacher = task->options().method.teacher;
  read.given.take_all(options);
  read.given.refuse_others(options);
  if (asked.prompt.model.empty()) {
    asked.prompt.model = task->options().model == kAuto ? std::string(kAutoStudent) : task->options().model;
  } else {
    asked.prompt.model = served.model_named(asked.prompt.model);
  }
  const log::Capture capture;
  std::string text;
  served.without_places([&] {
    as_bad_input([&] {
      QueryReader queries(asked.prompt.task, task->train(), take_table(read, kTestName));
      text = show_prompt(asked.prompt, task->train(), queries);
    });
  });
  return {.body = std::move(text), .content_type = "text/plain; charset=utf-8"};
}

}  // namespace

std::string guess_target(const Schema& schema) {
  constexpr std::array<std::string_view, 9> kNames{"target", "label",   "class",     "outcome", "y",
                                                   "labels", "species", "diagnosis", "category"};
  const auto could_be = [](const ColumnSchema& column) {
    return column.row_label == RowLabel::kNone && column.present > 0 && column.distinct > 1;
  };
  for (const std::string_view name : kNames) {
    for (const ColumnSchema& column : schema.columns) {
      std::string lower = column.name;
      std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
      if (lower == name && could_be(column)) return column.name;
    }
  }
  const ColumnSchema* with_gaps = nullptr;
  size_t num_with_gaps = 0;
  for (const ColumnSchema& column : schema.columns) {
    if (column.missing == 0 || !could_be(column)) continue;
    ++num_with_gaps;
    with_gaps = &column;
  }
  const auto is_class = [](const ColumnSchema& column) {
    return column.type == ColumnType::kCategorical || column.type == ColumnType::kBoolean;
  };
  if (num_with_gaps == 1 && is_class(*with_gaps)) return with_gaps->name;
  for (auto column = schema.columns.rbegin(); column != schema.columns.rend(); ++column) {
    if (could_be(*column) && column->type != ColumnType::kText && column->type != ColumnType::kDate)
      return column->name;
  }
  return schema.columns.back().name;
}

std::vector<Route> inspect_routes(ServedTables& served) {
  return {{"POST", "/v1/inspect", [&served](const Request& request) { return inspect(served, request); }},
          {"POST", "/v1/prompt", [&served](const Request& request) { return prompt(served, request); }}};
}

}  // namespace manyshot::serve
