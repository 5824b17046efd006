#include "train/record/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "train/display/loss_curve.h"

namespace manyshot::train {
namespace {
namespace fs = std::filesystem;

// Calls visit(line, end of the line in the text) for each whole line that is a JSON object.
template <class Visit>
void for_each_line(const std::string& text, Visit visit) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) return;
    const Json line = Json::parse(text.begin() + static_cast<std::ptrdiff_t>(begin),
                                  text.begin() + static_cast<std::ptrdiff_t>(end), nullptr, /*allow_exceptions=*/false);
    if (!line.is_object() || !visit(line, end + 1)) return;
    begin = end + 1;
  }
}

std::string text_of(const std::string& path) { return fs::exists(path) ? read_file(path) : std::string(); }

std::vector<ScalarValue> scalars_of(const Json& line, const std::string& group) {
  std::vector<ScalarValue> values;
  for (const auto& [key, value] : line.items()) {
    if (key != "step" && value.is_number()) values.push_back({group + key, value.get<float>()});
  }
  return values;
}

}  // namespace

JsonLinesLog::JsonLinesLog(const std::string& path, int64_t last_step) : path_(path) {
  const std::string text = text_of(path);
  size_t kept = 0;
  for_each_line(text, [&](const Json& line, size_t end) {
    const auto step = line.find("step") != line.end() ? line.find("step") : line.find("current_steps");
    if (step == line.end() || !step->is_number_integer() || step->get<int64_t>() > last_step) return false;
    kept = end;
    return true;
  });
  if (kept < text.size()) write_file(path, std::string_view(text).substr(0, kept));
}

void JsonLinesLog::add(const Json& line) {
  const std::string text = line.dump() + "\n";
  const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const bool is_written = file >= 0 && write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int error = errno;
  if (file >= 0) close(file);
  if (!is_written) {
    fail(ErrorKind::kBadInput, "{}: cannot write: {}; free some space, and go on with --resume", path_,
         std::strerror(error));
  }
}

MetricsLog::MetricsLog(const std::string& folder, int64_t last_step, int64_t total_steps)
    : folder_(folder),
      total_steps_(total_steps),
      metrics_(folder + "/metrics.jsonl", last_step == 0 ? -1 : last_step),
      trainer_log_(folder + "/trainer_log.jsonl", last_step == 0 ? -1 : last_step),
      events_(folder, last_step == 0 ? 0 : last_step + 1) {}

void MetricsLog::add_step(const Json& line) {
  metrics_.add(line);
  const int64_t step = line.at("step");
  trainer_log_.add({{"current_steps", step},
                    {"total_steps", total_steps_},
                    {"loss", line.at("loss")},
                    {"lr", line.at("learning_rate")},
                    {"percentage", 100.0 * static_cast<double>(step) / static_cast<double>(total_steps_)},
                    {"throughput", line.value("tokens_per_second", 0.0)}});
  events_.add(step, scalars_of(line, "train/"));
}

void MetricsLog::add_evaluation(const Json& line) {
  metrics_.add(line);
  const int64_t step = line.at("step");
  Json progress = {{"current_steps", step},
                   {"total_steps", total_steps_},
                   {"percentage", 100.0 * static_cast<double>(step) / static_cast<double>(total_steps_)}};
  progress.update(line);
  progress.erase("step");
  trainer_log_.add(progress);
  events_.add(step, scalars_of(line, "eval/"));
}

std::vector<Json> MetricsLog::lines() const {
  std::vector<Json> lines;
  for_each_line(text_of(metrics_.path()), [&](const Json& line, size_t) {
    lines.push_back(line);
    return true;
  });
  return lines;
}

void MetricsLog::draw_curve(const std::vector<Json>& lines) const {
  // That of the validation samples is the one to compare with training's.
  const bool has_validation =
      std::ranges::any_of(lines, [](const Json& line) { return line.contains("validation_loss"); });
  const char* evaluated = has_validation ? "validation_loss" : "eval_loss";
  LossCurve curve;
  for (const Json& line : lines) {
    const double step = line.value("step", 0.0);
    if (line.contains("loss")) curve.training.push_back({step, line["loss"].get<double>()});
    if (line.contains(evaluated)) curve.evaluation.push_back({step, line[evaluated].get<double>()});
  }
  write_file(folder_ + "/training_loss.svg", loss_curve_svg(curve));
}

}  // namespace manyshot::train
