#include "core/files.h"
#include "core/text.h"
#include "mcp/schemas.h"
#include "mcp/table_tools.h"
#include "mcp/task_arguments.h"
#include "predict/fit_file.h"

namespace manyshot::mcp {
namespace {

Json fit(const Json& arguments, const TellProgress& tell, Workspace& workspace) {
  const TableSource train = workspace.table(text_of(arguments, "train"));
  const PredictOptions options = predict_options(arguments, train, workspace);
  const std::string out =
      arguments.contains("out") ? workspace.output(text_of(arguments, "out"), std::span(&train.name, 1)) : "";
  tell(0, 2, "reading and fitting");
  FitParts parts;
  const auto task =
      std::make_shared<const FittedTask>(options, train.open(), out.empty() ? FitStore() : FitStore::filling(parts));
  if (!out.empty()) {
    tell(1, 2, "writing");
    OutputFile file(out);
    write_saved_fit(file, save_fit(*task, std::move(parts)));
    file.commit();
  }
  const std::string id = workspace.add_fit(task);
  const auto& classes = task->train().classes;
  Json answer{{"summary", fmt::format("{}: {} fitted to {} labelled rows of {} columns, {}", id, options.model,
                                      with_thousands(static_cast<long long>(task->num_labelled_rows())),
                                      task->train().features.columns.size(),
                                      task->is_number() ? "a number" : fmt::format("{} classes", classes.size()))},
              {"fit_id", id},
              {"target", options.task.target},
              {"model", options.model},
              {"is_number", task->is_number()},
              {"classes", classes},
              {"class_counts", task->class_counts()},
              {"train_rows", task->train().labels.size()},
              {"labelled_rows", task->num_labelled_rows()}};
  if (!out.empty()) answer["written_to"] = text_of(arguments, "out");
  return answer;
}

}  // namespace

Tool fit_tool(Workspace& workspace) {
  Json properties{{"train", table_reference("Labelled rows.")}};
  properties.update(task_properties());
  properties["out"] = schema::text(
      "Also write the fit to this file (.msfit), from which manyshot predict --fit and a "
      "later predict begin at once.");
  return {.name = "fit",
          .title = "Fit a model to labelled rows",
          .description =
              "Shows labelled rows to a model, with auto to trees too, so that predict answers at once, any number of "
              "times. The fit_id stands for it in predict.",
          .input_schema = schema::object(std::move(properties), {"train", "target"}),
          .output_schema = schema::answer({{"fit_id", schema::text()},
                                           {"target", schema::text()},
                                           {"model", schema::text()},
                                           {"is_number", schema::flag()},
                                           {"classes", schema::list(schema::text())},
                                           {"class_counts", schema::list(schema::count())},
                                           {"train_rows", schema::count()},
                                           {"labelled_rows", schema::count()},
                                           {"written_to", schema::text()}},
                                          {"fit_id", "target", "is_number", "classes", "labelled_rows"}),
          .is_read_only = false,
          .call = [&workspace](const Json& arguments, const TellProgress& tell) {
            return fit(arguments, tell, workspace);
          }};
}

}  // namespace manyshot::mcp
