#include "predict/fit_file.h"

#include <filesystem>
#include <utility>

#include "core/error.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "core/version.h"
#include "predict/fitted_task.h"

namespace manyshot {
namespace {

void check_options(const FitOptions& options) {
  const TaskOptions& task = options.predict.task;
  if (options.predict.fit.empty() != options.append.empty()) {
    fail(
        ErrorKind::kBadInput,
        "--fit and --append go together: labelled rows are added to those of a fit; give both, or neither and --train");
  }
  if (!options.predict.fit.empty()) return;
  if (!task.train.empty() && !task.target.empty()) return;
  const bool is_both = task.train.empty() && task.target.empty();
  fail(ErrorKind::kBadInput, "{} {} needed, or --fit and --append; see manyshot fit --help",
       is_both              ? "--train and --target"
       : task.train.empty() ? "--train"
                            : "--target",
       is_both ? "are" : "is");
}

ReadOptions read_options(const TaskOptions& task) {
  return {.encoding = task.encoding, .delimiter = task.delimiter, .has_header = !task.no_header};
}

// The rows of the fit and those of the table that is added.
std::shared_ptr<const TextTable> joined_rows(const FitOptions& options, const SavedFit& fit) {
  if (!fit.rows) {
    fail(ErrorKind::kUnsupported,
         "{}: its labelled rows were left out (--with-data no), and none can be added to them; fit to all rows anew",
         options.predict.fit);
  }
  TextTable rows = *fit.rows;
  rows.append(TableFile::open(options.append, read_options(options.predict.task)));
  return std::make_shared<const TextTable>(std::move(rows));
}

Json fitted_options(const PredictOptions& options) {
  Json json = Json::object();
  PredictOptions copy = options;
  for (const Option& option : options_of(copy)) {
    if (is_fitted_option(option.name)) json[option.name] = option.get();
  }
  return json;
}

Json column_json(const ColumnSchema& column) {
  Json json{{"name", column.name}, {"type", column_type_name(column.type)}};
  if (column.type == ColumnType::kCategorical) json["categories"] = column.categories;
  return json;
}

Json summary_of(const FittedTask& task) {
  Json columns = Json::array();
  for (const ColumnSchema& column : task.train().features.columns) columns.push_back(column_json(column));
  Json summary{{"target", task.options().task.target}};
  if (!task.is_number()) {
    summary["classes"] = task.train().classes;
    summary["class_counts"] = task.class_counts();
  }
  summary["train_rows"] = task.train().labels.size();
  summary["labelled_rows"] = task.num_labelled_rows();
  summary["columns"] = std::move(columns);
  return summary;
}

// All but the rows and what their fit keeps.
SavedFit description_of(const FittedTask& task) {
  SavedFit fit{.program = program_version(), .options = fitted_options(task.options()), .is_number = task.is_number()};
  fit.model = model_of(task.options(), task.is_number());
  fit.summary = summary_of(task);
  return fit;
}

}  // namespace

SavedFit save_fit_without_rows(const FittedTask& task) {
  SavedFit fit = description_of(task);
  fit.without_rows = {.features = task.train().features,
                      .classes = task.train().classes,
                      .class_counts = task.class_counts(),
                      .train_rows = task.train().labels.size(),
                      .predictor = task.state_without_rows()};
  if (!fit.without_rows->predictor.empty()) return fit;
  fail(ErrorKind::kUnsupported,
       "--with-data no: {} answers \"{}\" from the labelled rows themselves; only one compact model on at most as "
       "many classes as it tells apart (--model default without --teacher) does without: leave the option out",
       task.options().model, task.options().task.target);
}

SavedFit save_fit(const FittedTask& task, FitParts parts) {
  SavedFit fit = description_of(task);
  fit.rows = std::make_shared<const TextTable>(TextTable::of(task.train().file, task.column_names()));
  fit.parts = std::move(parts);
  return fit;
}

FitReport fit_file(const FitOptions& options) {
  check_options(options);
  const Stopwatch watch;
  OutputFile out(options.out);
  PredictOptions of_task = options.predict;
  std::shared_ptr<const TextTable> rows;
  if (!of_task.fit.empty()) {
    const SavedFit before = read_saved_fit(of_task.fit);
    of_task = with_saved_options(of_task, before);
    check_weights(before, of_task);
    rows = joined_rows(options, before);
    of_task.task.train = fmt::format("{} and {}", of_task.fit, options.append);
  }
  TableFile table = rows ? TableFile::from_text(rows, of_task.task.train)
                         : TableFile::open(of_task.task.train, read_options(of_task.task));
  FitParts parts;
  const bool with_rows = options.with_data == WithData::kYes;
  const FittedTask task(of_task, std::move(table), with_rows ? FitStore::filling(parts) : FitStore());
  write_saved_fit(out, with_rows ? save_fit(task, std::move(parts)) : save_fit_without_rows(task));
  out.commit();
  return {.target = of_task.task.target,
          .model = of_task.model,
          .is_number = task.is_number(),
          .classes = task.train().classes,
          .train_rows = task.train().labels.size(),
          .labelled_rows = task.num_labelled_rows(),
          .features = task.train().features.columns.size(),
          .file_bytes = std::filesystem::file_size(options.out),
          .seconds = watch.seconds()};
}

std::string describe(const SavedFit& fit) {
  const Json& summary = fit.summary;
  std::string text = fmt::format("{}\n  written by    manyshot {}\n  target        \"{}\", ", fit.parts.path,
                                 fit.program, summary.at("target").get<std::string>());
  if (fit.is_number) {
    text += "a number\n";
  } else {
    const std::vector<std::string> classes = summary.at("classes");
    text += fmt::format("{} classes: {}\n", classes.size(), list_names(classes));
  }
  text += fmt::format("  labelled rows {} of {}{}\n", with_thousands(summary.at("labelled_rows").get<uint64_t>()),
                      with_thousands(summary.at("train_rows").get<uint64_t>()),
                      fit.rows ? ", in the file" : "; they are not in the file");
  text += fmt::format(
      "  model         {}{}\n", fit.options.at("model").get<std::string>(),
      fit.model.name.empty() ? "" : fmt::format(": weights of {}, sha256 {}", fit.model.name, fit.model.sha256));
  text += "  columns\n";
  for (const Json& column : summary.at("columns")) {
    text += fmt::format("    {:<30}  {}", column.at("name").get<std::string>(), column.at("type").get<std::string>());
    if (const auto categories = column.find("categories"); categories != column.end())
      text += fmt::format(", {} categories", categories->size());
    text += '\n';
  }
  return text;
}

Json to_json(const SavedFit& fit) {
  Json parts = Json::array();
  for (const auto& [name, bytes] : fit.parts.by_name) parts.push_back({{"name", name}, {"bytes", bytes.size()}});
  Json json{{"path", fit.parts.path}, {"program", fit.program}};
  json.update(fit.summary);
  json["is_number"] = fit.is_number;
  json["with_data"] = fit.rows != nullptr;
  json["model"] = fit.model.name.empty() ? Json(nullptr) : Json{{"name", fit.model.name}, {"sha256", fit.model.sha256}};
  json["options"] = fit.options;
  json["kept"] = std::move(parts);
  return json;
}

}  // namespace manyshot
