#include "core/text.h"
#include "evaluate/summary/class_scores.h"
#include "evaluate/summary/number_scores.h"
#include "mcp/schemas.h"
#include "mcp/table_tools.h"
#include "mcp/task_arguments.h"

namespace manyshot::mcp {
namespace {

constexpr uint64_t kFolds = 5;

Json evaluate(const Json& arguments, const TellProgress& tell, const Workspace& workspace) {
  const TableSource table = workspace.table(text_of(arguments, "table"));
  PredictOptions options = predict_options(arguments, table, workspace);
  options.task.test.clear();
  if (arguments.contains("folds")) options.own_rows.folds = arguments.at("folds").get<uint64_t>();
  if (arguments.contains("holdout")) options.own_rows.holdout = arguments.at("holdout").get<double>();
  if (!options.own_rows.folds && !options.own_rows.holdout) options.own_rows.folds = kFolds;
  if (arguments.contains("beside")) options.beside = arguments.at("beside").get<std::vector<std::string>>();
  options.output.out = "/dev/null";  // only the scores are wanted
  options.output.out_format = TableFormat::kCsv;
  ClassScores classes;
  NumberScores numbers;
  uint64_t num_batches = 0;
  tell(0, 0, "reading and fitting");
  const BatchObserver observe{.classes =
                                  [&](const PredictedBatch& batch) {
                                    classes.add(batch);
                                    tell(static_cast<double>(++num_batches), 0, "predicting with " + batch.method);
                                  },
                              .numbers =
                                  [&](const PredictedNumbers& batch) {
                                    numbers.add(batch);
                                    tell(static_cast<double>(++num_batches), 0, "predicting with " + batch.method);
                                  }};
  const PredictReport report = predict_table(options, table.open(), observe);
  const std::string note = report.is_number ? numbers.better_baseline() : classes.better_baseline();
  const std::string way = options.own_rows.folds ? fmt::format("in {} folds", *options.own_rows.folds)
                                                 : fmt::format("held out ({})", *options.own_rows.holdout);
  return {{"summary", fmt::format("{} labelled rows predicted {} by {} and simple methods{}",
                                  with_thousands(static_cast<long long>(report.queries)), way, options.model,
                                  note.empty() ? "" : "; " + note)},
          {"target", options.task.target},
          {"model", options.model},
          {"is_number", report.is_number},
          {"classes", report.classes},
          {"num_rows", report.queries},
          {"labelled_rows", report.labelled_rows},
          {"metrics", report.is_number ? numbers.metrics() : classes.metrics()}};
}

}  // namespace

Tool evaluate_tool(Workspace& workspace) {
  Json properties{{"table", table_reference("Labelled rows.")}};
  properties.update(task_properties());
  properties["folds"] =
      schema::whole("Predict every labelled row from those of the other folds; 5 without this and holdout.", 2, 100);
  properties["holdout"] =
      schema::typed("number", "Instead, hold out this share of the labelled rows, from 0.01 to 0.99.");
  properties["holdout"]["minimum"] = 0.01;
  properties["holdout"]["maximum"] = 0.99;
  properties["beside"] = schema::list(schema::choice(beside_choices(), ""), "Simple methods to compare with, or none.");
  return {
      .name = "evaluate",
      .title = "Try a model on labelled rows",
      .description =
          "Says how good predictions would be: labelled rows are predicted from others, by the model and by simple "
          "methods beside it. Of classes: accuracy, balanced accuracy, log loss (nats) and calibration error; of "
          "numbers: RMSE, MAE, R2, CRPS and how much the intervals hold.",
      .input_schema = schema::object(std::move(properties), {"table", "target"}),
      .output_schema = schema::answer({{"target", schema::text()},
                                       {"model", schema::text()},
                                       {"is_number", schema::flag()},
                                       {"classes", schema::list(schema::text())},
                                       {"num_rows", schema::count()},
                                       {"labelled_rows", schema::count()},
                                       {"metrics", schema::map_of(schema::map_of(schema::or_null(schema::number())))}},
                                      {"target", "model", "is_number", "num_rows", "metrics"}),
      .call = [&workspace](const Json& arguments, const TellProgress& tell) {
        return evaluate(arguments, tell, workspace);
      }};
}

}  // namespace manyshot::mcp
