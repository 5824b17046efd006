#include "serve/served_fits.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/text.h"
#include "predict/fit_file.h"

namespace manyshot::serve {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kEnding = ".msfit";
constexpr size_t kMostNameBytes = 64;

bool is_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.size() <= kMostNameBytes && name.front() != '.' && std::ranges::all_of(name, is_allowed);
}

int64_t unix_seconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

// What GET says of a fit: no place on this machine.
Json about(const std::string& name, const SavedFit& saved, int64_t created) {
  Json json{{"object", "fit"}, {"name", name}, {"created", created}};
  json["task"] = name_of(saved.is_number ? TaskKind::kRegression : TaskKind::kClassification);
  json.update(to_json(saved));
  for (const char* of_file : {"path", "kept", "is_number"}) json.erase(of_file);
  const auto shorten = [](Json& model) {
    if (model.is_string()) model = short_model_name(model.get<std::string>());
  };
  if (json["model"].is_object()) shorten(json["model"]["name"]);
  for (const char* option : {"model", "adapter"}) {
    if (json["options"].contains(option)) shorten(json["options"][option]);
  }
  return json;
}

// The task of a file, which keeps what it was read from.
struct OpenedFit {
  explicit OpenedFit(const std::string& path) : saved(read_saved_fit(path)) {
    PredictOptions given;
    given.fit = path;
    PredictOptions options = with_saved_options(given, saved);
    check_weights(saved, options);
    options.task.train = kTrainName;
    options.task.test = kTestName;
    task.emplace(options, saved);
  }
  SavedFit saved;
  std::optional<FittedTask> task;
};

}  // namespace

std::string short_model_name(const std::string& model) {
  fs::path path(model);
  if (!path.has_filename()) path = path.parent_path();
  return path.extension() == ".gguf" ? path.stem().string() : path.filename().string();
}

ServedFits::ServedFits(const std::string& folder, size_t most, size_t most_open)
    : folder_(folder), most_(most), most_open_(most_open) {
  if (folder_.empty()) return;
  folder_lock_.emplace(folder_);
  read_folder();
}

std::string ServedFits::path_of(const std::string& name) const {
  return (fs::path(folder_) / (name + std::string(kEnding))).string();
}

void ServedFits::read_folder() {
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const std::string name = entry.path().stem().string();
    if (entry.path().extension() != kEnding || !is_name(name)) continue;
    try {
      const auto age = fs::file_time_type::clock::now() - entry.last_write_time();
      const auto written =
          std::chrono::system_clock::now() - std::chrono::duration_cast<std::chrono::system_clock::duration>(age);
      fits_[name] = {.about = about(name, read_saved_fit(entry.path().string()), unix_seconds(written))};
    } catch (const std::exception& error) {
      log::warning("{} is left out: {}", entry.path().string(), error.what());
    }
  }
}

void ServedFits::check_name(const std::string& name) {
  if (is_name(name)) return;
  fail(ErrorKind::kBadInput,
       "name: a fit is called by at most {} letters, digits, \"-\", \"_\" and \".\", and not \".\" first; found \"{}\"",
       kMostNameBytes, excerpt(name));
}

std::string ServedFits::new_name() const {
  std::random_device device;
  const std::lock_guard lock(mutex_);
  for (;;) {
    std::string name = fmt::format("fit-{:08x}", device());
    if (!fits_.contains(name)) return name;
  }
}

void ServedFits::check_room(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  if (fits_.size() < most_ || fits_.contains(name)) return;
  fail(ErrorKind::kBadInput, "there are {} fits, and this server keeps no more; delete one: DELETE /v1/fits/NAME",
       fits_.size());
}

Json ServedFits::keep(const std::string& name, std::shared_ptr<const FittedTask> task, const SavedFit& saved) {
  check_room(name);
  if (!folder_.empty()) {
    try {
      OutputFile out(path_of(name));
      write_saved_fit(out, saved);
      out.commit();
    } catch (const Error& error) {
      log::warning("a fit cannot be kept: {}", error.what());
      fail(ErrorKind::kInternal, "the fit cannot be written to the server's folder; its log says why");
    }
  }
  Json description = about(name, saved, unix_seconds(std::chrono::system_clock::now()));
  const std::lock_guard lock(mutex_);
  fits_[name] = {.about = description, .task = std::move(task), .last_use = ++num_uses_};
  close_unused();
  return description;
}

void ServedFits::close_unused() {
  if (folder_.empty()) return;
  const auto is_open = [](const auto& fit) { return fit.second.task != nullptr; };
  auto num_open = static_cast<size_t>(std::ranges::count_if(fits_, is_open));
  for (; num_open > most_open_; --num_open) {
    Fit* longest_ago = nullptr;
    for (auto& [name, fit] : fits_) {
      if (fit.task != nullptr && (longest_ago == nullptr || fit.last_use < longest_ago->last_use)) longest_ago = &fit;
    }
    longest_ago->task = nullptr;
  }
}

const ServedFits::Fit& ServedFits::fit_named(const std::string& name) const {
  const auto found = fits_.find(name);
  if (found != fits_.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& [known, fit] : fits_) names.push_back(known);
  fail(ErrorKind::kNotFound, "there is no fit \"{}\" here{}; {}", excerpt(name), did_you_mean(name, names),
       names.empty() ? "make one: POST /v1/fit" : "GET /v1/fits lists those that there are");
}

std::shared_ptr<const FittedTask> ServedFits::find(const std::string& name) {
  const auto opened = [&] {
    const std::lock_guard lock(mutex_);
    fit_named(name);
    Fit& fit = fits_.find(name)->second;
    fit.last_use = ++num_uses_;
    return fit.task;
  };
  if (auto task = opened()) return task;
  const std::lock_guard one_at_a_time(opening_);
  if (auto task = opened()) return task;
  auto task = open(name);
  const std::lock_guard lock(mutex_);
  const auto place = fits_.find(name);
  if (place != fits_.end() && place->second.task == nullptr) place->second.task = task;
  close_unused();
  return task;
}

std::shared_ptr<const FittedTask> ServedFits::open(const std::string& name) const {
  try {
    const auto fit = std::make_shared<const OpenedFit>(path_of(name));
    return {fit, &*fit->task};
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kOutOfMemory || error.kind() == ErrorKind::kInterrupted) throw;
    log::warning("fit \"{}\" cannot be opened: {}", name, error.what());
    fail(ErrorKind::kInternal, "the fit \"{}\" cannot be opened any more; the server's log says why; fit again", name);
  }
}

Json ServedFits::describe(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  return fit_named(name).about;
}

Json ServedFits::list() const {
  const std::lock_guard lock(mutex_);
  Json list = Json::array();
  for (const auto& [name, fit] : fits_) list.push_back(fit.about);
  return list;
}

void ServedFits::remove(const std::string& name) {
  const std::lock_guard lock(mutex_);
  fit_named(name);
  std::error_code error;
  if (!folder_.empty() && !fs::remove(path_of(name), error) && error) {
    log::warning("fit \"{}\" cannot be removed: {}", name, error.message());
    fail(ErrorKind::kInternal, "the fit \"{}\" cannot be removed from the server's folder; its log says why", name);
  }
  fits_.erase(name);
}

size_t ServedFits::size() const {
  const std::lock_guard lock(mutex_);
  return fits_.size();
}

}  // namespace manyshot::serve
