#include "mcp/workspace.h"

#include <algorithm>
#include <filesystem>

namespace manyshot::mcp {
namespace {

// By whatever path or link.
bool is_same_file(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error);
}

}  // namespace

std::string Workspace::output(const std::string& path, std::span<const std::string> inputs) const {
  const std::string out = root_.writable(path);
  std::vector<std::string> kept = protected_;
  kept.insert(kept.end(), inputs.begin(), inputs.end());
  for (const auto& [id, table] : tables_.things()) kept.push_back(table.name);
  if (std::ranges::any_of(kept, [&](const std::string& input) { return is_same_file(out, input); })) {
    fail(ErrorKind::kBadInput, "{}: this file is read from, and would be destroyed; choose another one to write",
         excerpt(path, 200));
  }
  return out;
}

TableSource Workspace::table(const std::string& reference) const {
  if (const TableSource* known = tables_.find(reference)) return *known;
  const std::string path = root_.existing(reference);
  return {.name = path, .open = [path] { return TableFile::open(path); }};
}

std::shared_ptr<const FittedTask> Workspace::fit(const std::string& reference) const {
  if (const auto* known = fits_.find(reference)) return *known;
  PredictOptions given;
  given.fit = root_.existing(reference);
  given.task.test = kQueriesName;
  SavedFit saved = read_saved_fit(given.fit);
  const PredictOptions options = with_saved_options(given, saved);
  check_weights(saved, options);
  return std::make_shared<const FittedTask>(options, saved);
}

}  // namespace manyshot::mcp
