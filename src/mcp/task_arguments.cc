#include "mcp/task_arguments.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "mcp/schemas.h"
#include "predict/model_store.h"
#include "table/json_rows.h"
#include "table/text_table.h"

namespace manyshot::mcp {

Json task_properties() {
  return {
      {"target", schema::text("The column to predict.")},
      {"task", schema::choice({"auto", "classification", "regression"},
                              "Whether the target is a class or a number; else it is found out.")},
      {"ignore", schema::list(schema::text(), "Columns to leave out, such as ids.")},
      {"model", schema::text("auto (the bundled model with trees, the most accurate), default (the bundled model "
                             "alone, the fastest), majority, knn, forest, xgboost; of a number also mean and ridge; "
                             "an installed model, or the path of one.")},
      {"shots", schema::whole("Labelled rows to use at most.", 1, 1'000'000'000)},
      {"ensemble", schema::whole("Members of the model's ensemble.", 1, 1024)},
      {"seed", schema::whole("Seed of every random choice.", 0, 9'007'199'254'740'991)}};
}

Json table_reference(const std::string& what) {
  return schema::text(what + " The table_id of load_table, or a path inside the server's folder.");
}

Json inline_rows(const std::string& what) {
  Json rows = schema::list(schema::cells("column to value"), what);
  rows["maxItems"] = kMostInlineRows;
  return rows;
}

TableSource source_of_rows(const Json& rows, const std::string& name) {
  const std::vector<Json> list(rows.begin(), rows.end());
  const auto table = std::make_shared<const TextTable>(read_json_rows(list, JsonText::kAsInFiles, name));
  return {.name = name, .open = [table, name] { return TableFile::from_text(table, name); }};
}

std::string checked_model(const std::string& model, const Workspace& workspace) {
  std::vector<std::string> names = method_names();
  for (const auto& more : {number_baseline_names(), installed_models()})
    names.insert(names.end(), more.begin(), more.end());
  if (std::ranges::find(names, model) != names.end()) return model;
  if (model.find('/') == std::string::npos && !model.ends_with(".gguf")) {
    fail(ErrorKind::kNotFound, "there is no model \"{}\"{}; there are {}", excerpt(model), did_you_mean(model, names),
         list_names(names, 20));
  }
  return workspace.root().existing(model);
}

PredictOptions predict_options(const Json& arguments, const TableSource& train, const Workspace& workspace) {
  PredictOptions options;
  options.task.train = train.name;
  options.task.test = kQueriesName;
  options.task.target = text_of(arguments, "target");
  options.task.kind = *value_named<TaskKind>(arguments.value("task", std::string(name_of(TaskKind::kAuto))));
  options.task.ignore = arguments.value("ignore", std::vector<std::string>());
  if (arguments.contains("shots")) options.task.shots = arguments.at("shots").get<uint64_t>();
  if (arguments.contains("ensemble")) options.method.ensemble = arguments.at("ensemble").get<int>();
  options.task.seed = arguments.value("seed", uint64_t{0});
  options.model = checked_model(arguments.value("model", options.model), workspace);
  return options;
}

std::string text_of(const Json& arguments, const char* name) { return arguments.value(name, std::string()); }

}  // namespace manyshot::mcp
