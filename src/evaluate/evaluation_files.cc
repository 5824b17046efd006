// An evaluation of tables in files, whose results go to ledgers in a folder.
#include "core/error.h"
#include "core/log.h"
#include "core/parallel.h"
#include "evaluate/evaluation.h"
#include "evaluate/ledger.h"

namespace manyshot {
namespace {

bool is_about_the_table(ErrorKind kind) {
  return kind == ErrorKind::kBadInput || kind == ErrorKind::kNotFound || kind == ErrorKind::kCorruptFile ||
         kind == ErrorKind::kUnsupported;
}

// Tables that cannot be used are named and left out. Throws OptionError when none is left.
EvaluationTables read_files(const EvaluateOptions& options) {
  const std::vector<std::string> paths = find_tables(options.tables);
  std::vector<std::optional<EvaluationTable>> tables(paths.size());
  std::vector<std::string> reasons(paths.size());
  parallel_for(paths.size(), [&](size_t i, int) {
    try {
      tables[i] = read_evaluation_table(paths[i], options.protocol.target, options.protocol.task);
    } catch (const Error& error) {
      if (!is_about_the_table(error.kind())) throw;
      reasons[i] = error.what();
    }
  });
  EvaluationTables result;
  for (size_t i = 0; i < paths.size(); ++i) {
    if (tables[i]) {
      result.tables.push_back(std::move(*tables[i]));
    } else {
      log::warning("skipped: {}", reasons[i]);
      result.skipped.push_back({.path = paths[i], .reason = reasons[i]});
    }
  }
  if (result.tables.empty()) {
    refuse_option("tables", "none of the {} tables can be used; the first: {}", paths.size(), reasons.front());
  }
  return result;
}

// The options that results depend on; those of models are in their hashes.
Json ledger_options(const EvaluateOptions& options) {
  Json json = values_of(options.protocol);
  // Left out where it is open, so that results of versions before it count.
  if (options.protocol.task == TaskKind::kAuto) json.erase("task");
  json["seed"] = options.seed;
  return json;
}

std::unique_ptr<UnitStore> open_ledgers(const EvaluateOptions& options, const std::string& version) {
  const Shard shard = parse_shard(options.shard);
  const std::string shard_name = shard.count == 1 ? "" : fmt::format("{}-of-{}", shard.index, shard.count);
  return std::make_unique<LedgerFolder>(options.out, shard_name, version, ledger_options(options));
}

EvaluateOptions with_places(const EvaluateOptions& options) {
  if (options.tables.empty())
    fail(ErrorKind::kBadInput, "--tables is needed: folders or files; see manyshot evaluate --help");
  if (options.out.empty())
    fail(ErrorKind::kBadInput, "--out is needed: the folder for the results; see manyshot evaluate --help");
  return options;
}

}  // namespace

Evaluation::Evaluation(const EvaluateOptions& options, const std::string& version)
    : Evaluation(with_places(options), version,
                 {.read_tables = [&] { return read_files(options); },
                  .open_units = [&] { return open_ledgers(options, version); }}) {}

}  // namespace manyshot
