#include <algorithm>

#include "core/error.h"
#include "core/text.h"
#include "mcp/prediction_json.h"
#include "mcp/schemas.h"
#include "mcp/table_tools.h"
#include "mcp/task_arguments.h"
#include "predict/choose_labels.h"

namespace manyshot::mcp {
namespace {

constexpr int64_t kMostShownRows = 1000;  // of predictions in an answer
constexpr int64_t kShownRows = 100;

std::shared_ptr<const FittedTask> fit_for(const Json& arguments, const Workspace& workspace) {
  const bool has_fit = arguments.contains("fit"), has_train = arguments.contains("train");
  if (has_fit == has_train) fail(ErrorKind::kBadInput, "give fit, or train and target");
  if (has_train) {
    if (!arguments.contains("target")) fail(ErrorKind::kBadInput, "target is needed with train: the column to predict");
    const TableSource train = workspace.table(text_of(arguments, "train"));
    return std::make_shared<const FittedTask>(predict_options(arguments, train, workspace), train.open(), FitStore());
  }
  const Json properties = task_properties();
  for (const auto& property : properties.items()) {
    if (arguments.contains(property.key()))
      fail(ErrorKind::kBadInput, "{} is what the fit was made with; leave it out, or fit again", property.key());
  }
  return workspace.fit(text_of(arguments, "fit"));
}

TableSource queries_of(const Json& arguments, const Workspace& workspace) {
  if (arguments.contains("test") == arguments.contains("rows"))
    fail(ErrorKind::kBadInput, "give one of test and rows: the rows to predict");
  if (arguments.contains("rows")) return source_of_rows(arguments.at("rows"), kQueriesName);
  return workspace.table(text_of(arguments, "test"));
}

Json class_predictions(const TaskAnswers& answers, const FittedTask& task, const std::vector<int32_t>& labels,
                       size_t num_shown) {
  const auto& classes = task.train().classes;
  Json rows = Json::array();
  for (size_t row = 0; row < num_shown; ++row) {
    Json probabilities = Json::object();
    for (size_t k = 0; k < classes.size(); ++k)
      probabilities[classes[k]] = answers.probabilities[row * classes.size() + k];
    rows.push_back({{"row", row},
                    {"prediction", classes[static_cast<size_t>(labels[row])]},
                    {"probabilities", std::move(probabilities)}});
  }
  return rows;
}

Json number_predictions(const Distributions& distributions, size_t num_shown) {
  Json rows = Json::array();
  for (size_t row = 0; row < num_shown; ++row) {
    const auto slices = distributions.at(row);
    rows.push_back({{"row", row}, {"prediction", mean_of(slices)}, {"quantiles", quantiles_json(slices)}});
  }
  return rows;
}

void write_answers(const TaskAnswers& answers, const FittedTask& task, size_t num_rows, const std::string& path) {
  OutputOptions output;
  output.out = path;
  std::vector<uint64_t> rows(num_rows);
  for (size_t row = 0; row < num_rows; ++row) rows[row] = row;
  if (task.is_number()) {
    NumberWriter writer(output, {});
    writer.append(rows, answers.distributions, points_of(answers.distributions, output.point), {});
    return writer.commit();
  }
  PredictionWriter writer(output, task.train().classes, task.class_counts(), {}, [](const auto&, const auto&) {});
  writer.append({.rows = std::move(rows), .probabilities = answers.probabilities});
  writer.finish();
  writer.commit();
}

// "" without one.
std::string output_of(const Json& arguments, const TableSource& queries, const Workspace& workspace) {
  if (!arguments.contains("out")) return "";
  std::vector<std::string> inputs{queries.name};
  for (const char* const name : {"train", "fit"}) {
    const std::string reference = text_of(arguments, name);
    if (!reference.empty()) inputs.push_back(workspace.root().path() + "/" + reference);
  }
  return workspace.output(text_of(arguments, "out"), inputs);
}

Json predict(const Json& arguments, const TellProgress& tell, const Workspace& workspace) {
  const TableSource queries = queries_of(arguments, workspace);
  const std::string out = output_of(arguments, queries, workspace);
  tell(0, 2, "reading and fitting");
  const std::shared_ptr<const FittedTask> task = fit_for(arguments, workspace);
  tell(1, 2, "predicting");
  const TaskAnswers answers = task->predict(queries.open());
  const auto& classes = task->train().classes;
  const size_t num_rows =
      task->is_number() ? answers.distributions.size() : answers.probabilities.size() / classes.size();
  const size_t num_shown = std::min<size_t>(num_rows, static_cast<size_t>(arguments.value("max_rows", kShownRows)));
  if (!out.empty()) write_answers(answers, *task, num_rows, out);
  Json predictions =
      task->is_number()
          ? number_predictions(answers.distributions, num_shown)
          : class_predictions(answers, *task,
                              choose_labels(LabelMetric::kAccuracy, answers.probabilities, task->class_counts()),
                              num_shown);
  Json answer{{"summary", fmt::format("{} rows predicted from {} labelled ones{}{}",
                                      with_thousands(static_cast<long long>(num_rows)),
                                      with_thousands(static_cast<long long>(task->num_labelled_rows())),
                                      num_shown < num_rows ? fmt::format("; the first {} are here", num_shown) : "",
                                      out.empty() ? "" : "; all are in the file")},
              {"target", task->options().task.target},
              {"is_number", task->is_number()},
              {"classes", classes},
              {"num_rows", num_rows},
              {"labelled_rows", task->num_labelled_rows()},
              {"predictions", std::move(predictions)}};
  if (!out.empty()) answer["written_to"] = text_of(arguments, "out");
  return answer;
}

}  // namespace

Tool predict_tool(Workspace& workspace) {
  Json properties{
      {"fit", schema::text("The fit_id of fit, or the path of a .msfit file; in place of train and target.")},
      {"train", table_reference("Labelled rows, in place of fit.")}};
  properties.update(task_properties());
  properties["test"] = table_reference("Rows to predict.");
  properties["rows"] = inline_rows("Rows to predict, as objects of column and value.");
  properties["out"] = schema::text(
      "Write all predictions to this file inside the server's folder: CSV, or by its ending "
      ".tsv, .parquet or .jsonl.");
  properties["max_rows"] = schema::whole("Rows to show in the answer; 100 without it.", 0, kMostShownRows);
  Json row = schema::object({{"row", schema::count()},
                             {"prediction", schema::typed(Json::array({"string", "number"}), "")},
                             {"probabilities", schema::map_of(schema::number())},
                             {"quantiles", schema::map_of(schema::number())}},
                            {"row", "prediction"});
  return {.name = "predict",
          .title = "Predict rows of a table",
          .description =
              "Predicts rows from labelled ones: the probability of every class, or, where the target is a number, its "
              "mean and the quantiles p05, p25, p50, p75 and p95. A row's answer does not depend on the other rows. "
              "evaluate says how far such answers can be trusted.",
          .input_schema = schema::object(std::move(properties), {}),
          .output_schema = schema::answer({{"target", schema::text()},
                                           {"is_number", schema::flag()},
                                           {"classes", schema::list(schema::text())},
                                           {"num_rows", schema::count()},
                                           {"labelled_rows", schema::count()},
                                           {"predictions", schema::list(std::move(row))},
                                           {"written_to", schema::text()}},
                                          {"target", "is_number", "num_rows", "predictions"}),
          .is_read_only = false,
          .call = [&workspace](const Json& arguments, const TellProgress& tell) {
            return predict(arguments, tell, workspace);
          }};
}

}  // namespace manyshot::mcp
