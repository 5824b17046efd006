#include "evaluate/ledger.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/options.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr const char* kFormat = "manyshot evaluation 1";
constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS facts(name TEXT PRIMARY KEY, value TEXT NOT NULL);CREATE TABLE IF NOT EXISTS "
    "units(model TEXT, dataset TEXT, shots INTEGER, seed INTEGER, error TEXT NOT NULL, permanent INTEGER NOT NULL, "
    "finished TEXT NOT NULL, facts TEXT NOT NULL, rows BLOB NOT NULL, probabilities BLOB NOT NULL, PRIMARY KEY(model, "
    "dataset, shots, seed));";

Statement& bind(Statement& statement, const UnitKey& key) {
  return statement.bind(key.model).bind(key.table).bind(key.shots).bind(key.seed);
}

}  // namespace

Ledger::Ledger(const std::string& path, const std::string& version, const Json& options)
    : database_(path,
                {.kind = "ledger",
                 .when_busy = "another process is working on it; wait until it has ended, or choose another --out",
                 .when_foreign = "remove it, or choose another --out"}) {
  // One process at a time; with that, the write-ahead log needs no shared memory and works on network file systems.
  database_.execute("PRAGMA locking_mode = EXCLUSIVE");
  database_.execute("PRAGMA journal_mode = WAL");
  database_.execute("PRAGMA synchronous = NORMAL");
  database_.execute(kSchema);
  check_header(version, options);
}

std::optional<std::string> Ledger::find_fact(const std::string& name) {
  Statement statement(database_, "SELECT value FROM facts WHERE name = ?");
  if (!statement.bind(name).step()) return std::nullopt;
  return statement.text(0);
}

void Ledger::put_fact(const std::string& name, const std::string& value) {
  Statement(database_, "INSERT INTO facts VALUES(?, ?)").bind(name).bind(value).step();
}

void Ledger::check_header(const std::string& version, const Json& options) {
  const std::optional<std::string> format = find_fact("format");
  if (!format) {
    Transaction transaction(database_);
    put_fact("format", kFormat);
    put_fact("version", version);
    put_fact("options", options.dump());
    transaction.commit();
    return;
  }
  if (*format != kFormat) {
    fail(ErrorKind::kCorruptFile, "{}: expected a ledger of format \"{}\", found \"{}\"; choose another --out", path(),
         kFormat, *format);
  }
  if (const std::string made_by = find_fact("version").value_or("?"); made_by != version) {
    fail(ErrorKind::kBadInput, "{}: made by version {}, this is {}; its results may differ: choose another --out",
         path(), made_by, version);
  }
  const Json before = Json::parse(find_fact("options").value_or(""), nullptr, /*allow_exceptions=*/false);
  for (const auto& [name, value] : options.items()) {
    const Json old = before.is_object() ? before.value(name, Json()) : Json();
    if (old == value) continue;
    std::string flag = name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    fail(ErrorKind::kBadInput,
         "{}: made with --{} {}, now {}; repeat the options it was made with, or choose another --out", path(), flag,
         old.dump(), value.dump());
  }
}

void Ledger::check_hash(const std::string& kind, const std::string& name, const std::string& hash) {
  const std::lock_guard lock(mutex_);
  const std::string fact = kind + " " + name;
  const std::optional<std::string> before = find_fact(fact);
  if (!before) {
    put_fact(fact, hash);
  } else if (*before != hash) {
    fail(ErrorKind::kBadInput, "{}: {} \"{}\" has changed since results for it were written; choose another --out",
         path(), kind, name);
  }
}

void Ledger::add(const UnitRecord& record) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_, "INSERT OR REPLACE INTO units VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  bind(statement, record.key)
      .bind(record.error)
      .bind(record.is_permanent ? uint64_t{1} : uint64_t{0})
      .bind(record.finished)
      .bind(record.facts.dump(-1, ' ', false, Json::error_handler_t::replace))
      .bind(record.rows)
      .bind(record.answers)
      .step();
}

bool Ledger::is_finished(const UnitKey& key) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_,
                      "SELECT 1 FROM units WHERE model = ? AND dataset = ? AND shots = ? AND seed = ? AND (error = '' "
                      "OR permanent)");
  return bind(statement, key).step();
}

std::optional<UnitRecord> Ledger::find(const UnitKey& key) {
  const std::lock_guard lock(mutex_);
  Statement statement(database_,
                      "SELECT error, permanent, finished, facts, rows, probabilities FROM units WHERE model = ? AND "
                      "dataset = ? AND shots = ? AND seed = ?");
  if (!bind(statement, key).step()) return std::nullopt;
  return UnitRecord{.key = key,
                    .error = statement.text(0),
                    .is_permanent = statement.flag(1),
                    .finished = statement.text(2),
                    .facts = Json::parse(statement.text(3)),
                    .rows = statement.blob<uint32_t>(4),
                    .answers = statement.blob<double>(5)};
}

LedgerFolder::LedgerFolder(const std::string& folder, const std::string& shard_name, const std::string& version,
                           const Json& options) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (!fs::is_directory(folder)) {
    refuse_option("out", "{}: cannot make this folder: {}", folder,
                  error ? error.message() : "a file of this name is there");
  }
  const std::string own = shard_name.empty() ? "ledger.sqlite" : "ledger-" + shard_name + ".sqlite";
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (shard_name.empty() && name.starts_with("ledger-") && name.ends_with(".sqlite")) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  names.insert(names.begin(), own);
  for (const std::string& name : names) {
    ledgers_.push_back(std::make_unique<Ledger>((fs::path(folder) / name).string(), version, options));
  }
}

void LedgerFolder::check_hash(const std::string& kind, const std::string& name, const std::string& hash) {
  for (const auto& ledger : ledgers_) ledger->check_hash(kind, name, hash);
}

bool LedgerFolder::is_finished(const UnitKey& key) {
  return std::any_of(ledgers_.begin(), ledgers_.end(), [&](const auto& ledger) { return ledger->is_finished(key); });
}

std::optional<UnitRecord> LedgerFolder::find(const UnitKey& key) {
  std::optional<UnitRecord> failed;
  for (const auto& ledger : ledgers_) {
    std::optional<UnitRecord> record = ledger->find(key);
    if (record && record->error.empty()) return record;
    if (record && !failed) failed = std::move(record);
  }
  return failed;
}

}  // namespace manyshot
