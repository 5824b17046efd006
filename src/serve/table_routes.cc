#include "serve/table_routes.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <utility>

#include "core/error.h"
#include "core/log_capture.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "predict/choose_labels.h"
#include "predict/fit_file.h"
#include "table/take_rows.h"

namespace manyshot::serve {
namespace {

// What POST /v1/fit is asked for, beside the table.
struct FitRequest {
  PredictOptions predict;
  WithData with_data = WithData::kYes;
  std::string name;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("name", self.name, any_value(), "What the fit is called; without it a name is made.");
    v("with_data", self.with_data, any_value(), "Whether the fit's file holds the labelled rows.");
  }
};

// Those of manyshot fit, by name: what says how the table is read has been taken, and files of this machine are not to
// be named.
OptionList fit_options(FitRequest& request) {
  constexpr std::array<std::string_view, 2> kNotAsked{"adapter", "engine"};
  OptionList list = named_by_keys(options_of(request));
  for (const Option& option : named_by_keys(options_of(request.predict))) {
    const bool is_fitted =
        is_fitted_option(option.name) && std::ranges::find(kNotAsked, option.name) == kNotAsked.end();
    if (is_fitted || option.name == "ignore") list.push_back(option);
  }
  return list;
}

// Fits a task and keeps it.
class FitJob final : public Job {
 public:
  FitJob(ServedTables& served, FitRequest request, TableFile table)
      : served_(served), request_(std::move(request)), table_(std::move(table)) {}

  void run(std::span<const std::shared_ptr<Job>>) override {
    const Stopwatch watch;
    FitParts parts;
    std::optional<log::Capture> capture(std::in_place);
    std::shared_ptr<const FittedTask> task;
    SavedFit saved;
    served_.without_places([&] {
      as_bad_input([&] {
        const bool with_rows = request_.with_data == WithData::kYes;
        task = std::make_shared<const FittedTask>(request_.predict, std::move(table_),
                                                  with_rows ? FitStore::filling(parts) : FitStore());
        saved = with_rows ? save_fit(*task, std::move(parts)) : save_fit_without_rows(*task);
      });
    });
    const std::vector<std::string> notes = capture->take();
    capture.reset();
    if (is_given_up()) return;
    answer_ = served_.fits.keep(request_.name, std::move(task), saved);
    answer_["notes"] = notes;
    answer_["seconds"] = watch.seconds();
    ++served_.num_fitted;
  }
  const Json& answer() const { return answer_; }

 private:
  ServedTables& served_;
  FitRequest request_;
  TableFile table_;
  Json answer_;
};

Response fit(ServedTables& served, const Request& request) {
  TableRequest read = read_table_request(request, kTrainName);
  FitRequest asked;
  asked.predict.task.train = kTrainName;
  asked.predict.task.test = kTestName;
  const OptionList options = fit_options(asked);
  read.given.take_all(options);
  read.given.refuse_others(options);
  if (asked.predict.task.target.empty())
    fail(ErrorKind::kBadInput, "target is needed: the column to predict, such as /v1/fit?target=species");
  asked.predict.model = served.model_named(asked.predict.model);
  if (asked.name.empty()) asked.name = served.fits.new_name();
  ServedFits::check_name(asked.name);
  served.fits.check_room(asked.name);
  const auto job = std::make_shared<FitJob>(served, std::move(asked), take_table(read, kTrainName));
  served.fitting.run(job, served.timeout, request.is_gone);
  return json_response(job->answer());
}

// Predicts the rows of one request, and of others that ask the same fit at the same time.
class PredictJob final : public Job {
 public:
  PredictJob(ServedTables& served, std::shared_ptr<const FittedTask> task, QueryRows rows)
      : served_(served), task_(std::move(task)), rows_(std::move(rows)) {}

  bool goes_with(const Job& first) const override {
    constexpr size_t kMostRows = 4096;  // larger ones fill a pass by themselves
    const auto* other = dynamic_cast<const PredictJob*>(&first);
    return other != nullptr && other->task_ == task_ && num_rows() <= kMostRows && other->num_rows() <= kMostRows;
  }

  void run(std::span<const std::shared_ptr<Job>> others) override {
    const log::Capture capture;  // what a pass says is of no one request
    std::vector<PredictJob*> jobs{this};
    for (const auto& other : others) jobs.push_back(static_cast<PredictJob*>(other.get()));
    std::vector<const Table*> tables;
    for (const PredictJob* job : jobs) tables.push_back(&job->rows_.table);
    if (jobs.size() == 1) {
      answers_ = task_->predict(rows_.table);
    } else {
      hand_out(task_->predict(join_tables(tables)), jobs);
    }
    ++served_.num_passes;
    for (const PredictJob* job : jobs) served_.num_predicted += job->num_rows();
  }
  size_t num_rows() const { return rows_.table.num_rows; }
  const QueryRows& rows() const { return rows_; }
  const TaskAnswers& answers() const { return answers_; }

 private:
  static void hand_out(const TaskAnswers& all, const std::vector<PredictJob*>& jobs) {
    size_t num_rows = 0, row = 0;
    for (const PredictJob* job : jobs) num_rows += job->num_rows();
    const auto part = [&](const std::vector<double>& values, size_t count) {
      const size_t width = values.size() / num_rows;
      const auto begin = values.begin() + static_cast<ptrdiff_t>(row * width);
      return std::vector<double>(begin, begin + static_cast<ptrdiff_t>(count * width));
    };
    for (PredictJob* job : jobs) {
      job->answers_.probabilities = part(all.probabilities, job->num_rows());
      job->answers_.distributions.values = part(all.distributions.values, job->num_rows());
      row += job->num_rows();
    }
  }

  ServedTables& served_;
  std::shared_ptr<const FittedTask> task_;
  QueryRows rows_;
  TaskAnswers answers_;
};

// What POST /v1/predict is asked for, beside the table.
struct PredictRequest {
  std::string fit;
  OutputOptions output;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("fit", self.fit, any_value(), "The fit that predicts.");
  }
};

OptionList predict_options(PredictRequest& request) {
  constexpr std::array<std::string_view, 4> kOfOutput{"keep", "metric", "point", "utf8_mark"};
  OptionList list = named_by_keys(options_of(request));
  for (const Option& option : named_by_keys(options_of(request.output))) {
    if (std::ranges::find(kOfOutput, option.name) != kOfOutput.end()) list.push_back(option);
  }
  return list;
}

void check_output(const FittedTask& task, const OutputOptions& output) {
  if (task.is_number() && output.metric != LabelMetric::kAccuracy)
    fail(ErrorKind::kBadInput, "metric: it chooses labels, and the target is a number; leave it out");
  if (!task.is_number() && output.point != Point::kMean)
    fail(ErrorKind::kBadInput, "point: the target has classes, and a class has no median; leave it out");
}

std::vector<uint64_t> row_numbers(size_t count) {
  std::vector<uint64_t> rows(count);
  for (size_t row = 0; row < count; ++row) rows[row] = row;
  return rows;
}

// The file that manyshot predict would write.
Response csv_answer(const FittedTask& task, OutputOptions output, const QueryRows& rows, const TaskAnswers& answers) {
  Response response{.content_type = "text/csv; charset=utf-8"};
  output.text = &response.body;
  output.out_format = TableFormat::kCsv;
  const std::vector<uint64_t> numbers = row_numbers(rows.table.num_rows);
  if (task.is_number()) {
    NumberWriter writer(output, rows.kept);
    writer.append(numbers, answers.distributions, points_of(answers.distributions, output.point), rows.cells);
    writer.commit();
  } else {
    PredictionWriter writer(output, task.train().classes, task.class_counts(), rows.kept, [](const auto&, auto) {});
    writer.append({.rows = numbers, .probabilities = answers.probabilities, .truth = {}, .kept = rows.cells});
    writer.finish();
    writer.commit();
  }
  return response;
}

Json class_answers(const FittedTask& task, const OutputOptions& output, const TaskAnswers& answers) {
  const std::vector<std::string>& classes = task.train().classes;
  Json predictions = Json::array(), probabilities = Json::array();
  for (const int32_t label : choose_labels(output.metric, answers.probabilities, task.class_counts()))
    predictions.push_back(classes[static_cast<size_t>(label)]);
  for (auto row = answers.probabilities.begin(); row != answers.probabilities.end();
       row += static_cast<ptrdiff_t>(classes.size()))
    probabilities.push_back(std::vector<double>(row, row + static_cast<ptrdiff_t>(classes.size())));
  return {{"classes", classes}, {"predictions", predictions}, {"probabilities", probabilities}};
}

Json number_answers(const OutputOptions& output, const TaskAnswers& answers) {
  Json quantiles = Json::object();
  for (size_t i = 0; i < kWrittenLevels.size(); ++i)
    quantiles[kLevelColumns[i]] = quantiles_of(answers.distributions, kWrittenLevels[i]);
  return {{"predictions", points_of(answers.distributions, output.point)},
          {"mean", points_of(answers.distributions, Point::kMean)},
          {"quantiles", quantiles}};
}

Json json_answer(const PredictRequest& asked, const FittedTask& task, const QueryRows& rows,
                 const TaskAnswers& answers) {
  Json json{{"object", "predictions"}, {"fit", asked.fit}, {"target", task.options().task.target}};
  json["task"] = name_of(task.options().task.kind);
  json["rows"] = rows.table.num_rows;
  json.update(task.is_number() ? number_answers(asked.output, answers) : class_answers(task, asked.output, answers));
  if (!rows.kept.empty()) {
    json["kept"] = Json::object();
    for (size_t column = 0; column < rows.kept.size(); ++column) json["kept"][rows.kept[column]] = rows.cells[column];
  }
  return json;
}

Response predict(ServedTables& served, const Request& request) {
  TableRequest read = read_table_request(request, kTestName);
  PredictRequest asked;
  const OptionList options = predict_options(asked);
  read.given.take_all(options);
  read.given.refuse_others(options);
  if (asked.fit.empty())
    fail(ErrorKind::kBadInput, "fit is needed: the name that POST /v1/fit gave, such as /v1/predict?fit=NAME");
  const std::shared_ptr<const FittedTask> task = served.fits.find(asked.fit);
  check_output(*task, asked.output);
  log::Capture capture;
  QueryRows rows;
  as_bad_input([&] { rows = task->read(take_table(read, kTestName), asked.output.keep); });
  const auto job = std::make_shared<PredictJob>(served, task, std::move(rows));
  served.predicting.run(job, served.timeout, request.is_gone);
  if (request.accept.find("text/csv") != std::string::npos)
    return csv_answer(*task, asked.output, job->rows(), job->answers());
  Json answer = json_answer(asked, *task, job->rows(), job->answers());
  answer["notes"] = capture.take();
  return json_response(answer);
}

Response remove(ServedTables& served, const Request& request) {
  served.fits.remove(request.parts.front());
  return json_response({{"object", "fit"}, {"name", request.parts.front()}, {"deleted", true}});
}

}  // namespace

std::vector<Route> table_routes(ServedTables& served) {
  return {{"POST", "/v1/fit", [&served](const Request& request) { return fit(served, request); }},
          {"POST", "/v1/predict", [&served](const Request& request) { return predict(served, request); }},
          {"GET", "/v1/fits",
           [&served](const Request&) {
             return json_response({{"object", "list"}, {"data", served.fits.list()}});
           }},
          {"GET", "/v1/fits/(.+)",
           [&served](const Request& request) { return json_response(served.fits.describe(request.parts.front())); }},
          {"DELETE", "/v1/fits/(.+)", [&served](const Request& request) { return remove(served, request); }}};
}

}  // namespace manyshot::serve
