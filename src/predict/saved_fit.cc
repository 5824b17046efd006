#include "predict/saved_fit.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <numeric>
#include <utility>

#include "core/error.h"
#include "core/sha256.h"
#include "core/version.h"
#include "predict/auto_method.h"
#include "predict/in_context_numbers.h"
#include "predict/model_store.h"
#include "table/schema_bytes.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRowsPart = "rows", kWithoutRowsPart = "without_rows";

// Options of a prediction: what is asked, how tables are read, what is written.
constexpr std::array<std::string_view, 17> kAskedOptions{
    "fit",    "train", "test",       "ignore",    "encoding", "delimiter", "no_header", "folds", "holdout",
    "beside", "out",   "out_format", "utf8_mark", "keep",     "metric",    "point",     "report"};

// "sha256 fec4c3d8…"
std::string short_form(const std::string& sha256) { return fmt::format("sha256 {}…", sha256.substr(0, 12)); }

Json to_json(const FittedModel& model) {
  if (model.name.empty()) return nullptr;
  Json json{{"name", model.name}, {"sha256", model.sha256}};
  if (!model.adapter.empty()) json["adapter_sha256"] = model.adapter;
  return json;
}

FittedModel model_from_json(const Json& json) {
  if (json.is_null()) return {};
  return {.name = json.at("name"), .sha256 = json.at("sha256"), .adapter = json.value("adapter_sha256", "")};
}

void refuse_weights(const std::string& path, const std::string& what, const std::string& fitted,
                    const std::string& found) {
  if (fitted == found) return;
  fail(ErrorKind::kBadInput,
       "{}: fitted with {} of {}, and what is found under that name has {}: other weights answer otherwise; put those "
       "back, or fit again with these",
       path, what, short_form(fitted), short_form(found));
}

std::string bytes_of(const FitWithoutRows& fit) {
  ByteWriter writer;
  write_schema(writer, fit.features);
  writer.number<uint64_t>(fit.classes.size());
  for (const std::string& name : fit.classes) writer.text(name);
  writer.list(fit.class_counts);
  writer.number(fit.train_rows);
  writer.text(fit.predictor);
  return writer.take();
}

FitWithoutRows without_rows_from(ByteReader reader) {
  FitWithoutRows fit{.features = read_schema(reader)};
  for (size_t i = reader.count(sizeof(uint64_t)); i > 0; --i) fit.classes.emplace_back(reader.text());
  fit.class_counts = reader.list<uint32_t>();
  fit.train_rows = reader.number<uint64_t>();
  fit.predictor = reader.text();
  reader.expect_end();
  if (fit.features.columns.empty() || fit.classes.size() < 2 || fit.class_counts.size() != fit.classes.size())
    reader.refuse("has no columns or classes");
  return fit;
}

}  // namespace

bool is_fitted_option(std::string_view name) { return std::ranges::find(kAskedOptions, name) == kAskedOptions.end(); }

std::string weights_sha256(const std::string& path) {
  if (!fs::is_directory(path)) return sha256_of_file(path);
  std::map<std::string, std::string> hashes;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string extension = entry.path().extension().string();
    if (entry.is_regular_file() && (extension == ".safetensors" || extension == ".gguf"))
      hashes[entry.path().filename().string()] = sha256_of_file(entry.path().string());
  }
  if (hashes.size() == 1) return hashes.begin()->second;
  Sha256 all;
  for (const auto& [name, hash] : hashes) all.add(fmt::format("{}  {}\n", hash, name));
  return all.hex();
}

FittedModel model_of(const PredictOptions& options, bool is_number) {
  const bool is_auto = options.model == kAuto;
  if (is_baseline(options.model) || is_number_baseline(options.model)) return {};
  if (is_auto && is_number && !weights_predict_numbers(resolve_model(std::string(kAutoStudent)))) return {};
  FittedModel model{.name = is_auto ? std::string(kAutoStudent) : options.model};
  const std::string path = resolve_model(model.name, method_names());
  model.sha256 = weights_sha256(path);
  const std::string adapter = adapter_of(path, options.method.adapter);
  if (!adapter.empty()) model.adapter = weights_sha256(adapter);
  return model;
}

uint64_t FitWithoutRows::labelled_rows() const {
  return std::accumulate(class_counts.begin(), class_counts.end(), uint64_t{0});
}

TrainingTable FitWithoutRows::table(const PredictOptions& options) const {
  TextTable nothing{.num_rows = 1};  // a row without a value: a table has one at least
  for (const ColumnSchema& column : features.columns) nothing.columns.push_back({.name = column.name});
  nothing.columns.push_back({.name = options.task.target});
  for (TextColumn& column : nothing.columns) column.add({});
  return {.file = TableFile::from_text(std::make_shared<const TextTable>(std::move(nothing)), options.task.train),
          .features = features,
          .classes = classes};
}

std::unique_ptr<Predictor> FitWithoutRows::restore(const Method& method, const std::string& path) const {
  ByteReader state(predictor, fmt::format("{}: part \"{}\"", path, kWithoutRowsPart));
  auto restored = method.restore(features.columns.size(), state);
  state.expect_end();
  return restored;
}

void write_saved_fit(OutputFile& out, const SavedFit& fit) {
  Json about{{"format", "msfit"}, {"program", fit.program}, {"options", fit.options}};
  about["target_kind"] = name_of(fit.is_number ? TaskKind::kRegression : TaskKind::kClassification);
  about["model"] = to_json(fit.model);
  about["summary"] = fit.summary;
  FitParts parts;
  if (fit.without_rows) {
    parts.add(std::string(kWithoutRowsPart), bytes_of(*fit.without_rows));
  } else {
    ByteWriter rows;
    fit.rows->write(rows);
    parts.add(std::string(kRowsPart), rows.take());
  }
  for (const auto& [name, bytes] : fit.parts.by_name) parts.by_name.emplace("fit/" + name, bytes);
  write_fit_container(out, about, parts);
}

SavedFit read_saved_fit(const std::string& path) {
  FitContainer container = read_fit_container(path);
  SavedFit fit;
  try {
    const Json& about = container.about;
    fit.program = about.at("program");
    fit.options = about.at("options");
    fit.is_number = about.at("target_kind") == name_of(TaskKind::kRegression);
    fit.model = model_from_json(about.at("model"));
    fit.summary = about.at("summary");
  } catch (const Json::exception&) {
    fail(ErrorKind::kCorruptFile, "{}: the description of the fit lacks what it should have; fit again", path);
  }
  const auto& by_name = container.parts.by_name;
  const auto part = [&](std::string_view name) {
    return ByteReader(by_name.find(name)->second, fmt::format("{}: part \"{}\"", path, name));
  };
  if (by_name.contains(kWithoutRowsPart)) {
    fit.without_rows = without_rows_from(part(kWithoutRowsPart));
  } else if (by_name.contains(kRowsPart)) {
    ByteReader reader = part(kRowsPart);
    fit.rows = std::make_shared<const TextTable>(TextTable::read(reader));
    reader.expect_end();
  } else {
    fail(ErrorKind::kCorruptFile, "{}: no labelled rows; fit again", path);
  }
  fit.parts.path = path;
  fit.parts.file = container.parts.file;
  for (const auto& [name, bytes] : container.parts.by_name) {
    if (name.starts_with("fit/")) fit.parts.by_name.emplace(name.substr(4), bytes);
  }
  return fit;
}

PredictOptions with_saved_options(const PredictOptions& given, const SavedFit& fit) {
  PredictOptions options = given;
  PredictOptions untouched;
  const OptionList defaults = options_of(untouched);
  for (const Option& option : options_of(options)) {
    const bool is_of_rows = option.name == "train" || option.name == "ignore";
    if (!is_of_rows && !is_fitted_option(option.name)) continue;
    if (option.get() != find_option(defaults, option.name).get()) {
      fail(ErrorKind::kBadInput, "{} beside --fit: {} is fitted already{}; leave {} out, or fit anew", option.flag,
           given.fit,
           fit.options.contains(option.name) ? fmt::format(", with {} {}", option.flag, fit.options[option.name].dump())
                                             : "",
           option.flag);
    }
    if (is_of_rows) continue;
    const auto saved = fit.options.find(option.name);
    if (saved == fit.options.end()) continue;
    try {
      option.set_json(*saved);
    } catch (const Error& error) {
      fail(ErrorKind::kCorruptFile, "{}: {}; fit again", given.fit, error.what());
    }
  }
  options.task.train = given.fit;
  return options;
}

TrainingTable open_saved_table(const PredictOptions& options, const SavedFit& fit) {
  if (!fit.rows) return fit.without_rows->table(options);
  return open_training_table(options.task, TableFile::from_text(fit.rows, options.task.train));
}

void check_weights(const SavedFit& fit, const PredictOptions& options) {
  if (fit.model.name.empty()) return;
  const FittedModel found = model_of(options, fit.is_number);
  refuse_weights(options.fit, fmt::format("model {}", fit.model.name), fit.model.sha256, found.sha256);
  refuse_weights(options.fit, fmt::format("adapter {}", options.method.adapter), fit.model.adapter, found.adapter);
}

}  // namespace manyshot
