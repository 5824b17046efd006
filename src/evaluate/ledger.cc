#include "evaluate/ledger.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <span>

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

sqlite3* as_database(void* database) { return static_cast<sqlite3*>(database); }

}  // namespace

// A prepared statement; bind() in the order of the question marks, column() in that of the selected columns.
class Ledger::Statement {
 public:
  Statement(Ledger& ledger, const char* sql) : ledger_(ledger) {
    if (sqlite3_prepare_v2(as_database(ledger.database_), sql, -1, &statement_, nullptr) != SQLITE_OK)
      ledger_.fail_with_reason();
  }
  ~Statement() { sqlite3_finalize(statement_); }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(const std::string& text) {
    sqlite3_bind_text(statement_, ++bound_, text.data(), static_cast<int>(text.size()), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(uint64_t number) {
    sqlite3_bind_int64(statement_, ++bound_, static_cast<sqlite3_int64>(number));
    return *this;
  }
  template <class T>
  Statement& bind(const std::vector<T>& values) {
    // A null pointer would become NULL.
    sqlite3_bind_blob64(statement_, ++bound_, values.empty() ? "" : static_cast<const void*>(values.data()),
                        values.size() * sizeof(T), SQLITE_TRANSIENT);
    return *this;
  }
  Statement& bind(const UnitKey& key) { return bind(key.model).bind(key.table).bind(key.shots).bind(key.seed); }

  // Whether there is a further row.
  bool step() {
    const int status = sqlite3_step(statement_);
    if (status != SQLITE_ROW && status != SQLITE_DONE) ledger_.fail_with_reason();
    return status == SQLITE_ROW;
  }
  std::string text(int column) const {
    const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    return bytes == nullptr ? "" : std::string(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
  }
  bool flag(int column) const { return sqlite3_column_int(statement_, column) != 0; }
  template <class T>
  std::vector<T> blob(int column) const {
    const void* bytes = sqlite3_column_blob(statement_, column);
    std::vector<T> values(static_cast<size_t>(sqlite3_column_bytes(statement_, column)) / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes, values.size() * sizeof(T));
    return values;
  }

 private:
  Ledger& ledger_;
  sqlite3_stmt* statement_ = nullptr;
  int bound_ = 0;
};

Ledger::Ledger(const std::string& path, const std::string& version, const Json& options) : path_(path) {
  sqlite3* database = nullptr;
  const int status = sqlite3_open(path.c_str(), &database);
  database_ = database;
  try {
    if (status != SQLITE_OK) fail_with_reason();
    // One process at a time; with that, the write-ahead log needs no shared memory and works on network file systems.
    execute("PRAGMA locking_mode = EXCLUSIVE");
    execute("PRAGMA journal_mode = WAL");
    execute("PRAGMA synchronous = NORMAL");
    execute(kSchema);
    check_header(version, options);
  } catch (...) {
    sqlite3_close(database);
    throw;
  }
}

Ledger::~Ledger() { sqlite3_close(as_database(database_)); }

void Ledger::fail_with_reason() const {
  const int code = sqlite3_errcode(as_database(database_));
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    fail(ErrorKind::kBadInput, "{}: another process is working on it; wait until it has ended, or choose another --out",
         path_);
  }
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
    fail(ErrorKind::kCorruptFile, "{}: this is no ledger, or a damaged one ({}); remove it, or choose another --out",
         path_, sqlite3_errmsg(as_database(database_)));
  }
  fail(ErrorKind::kBadInput, "{}: {}; check the folder, its permissions and the free space", path_,
       sqlite3_errmsg(as_database(database_)));
}

void Ledger::execute(const char* sql) {
  if (sqlite3_exec(as_database(database_), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail_with_reason();
}

std::optional<std::string> Ledger::find_fact(const std::string& name) {
  Statement statement(*this, "SELECT value FROM facts WHERE name = ?");
  if (!statement.bind(name).step()) return std::nullopt;
  return statement.text(0);
}

void Ledger::put_fact(const std::string& name, const std::string& value) {
  Statement(*this, "INSERT INTO facts VALUES(?, ?)").bind(name).bind(value).step();
}

void Ledger::check_header(const std::string& version, const Json& options) {
  const std::optional<std::string> format = find_fact("format");
  if (!format) {
    execute("BEGIN");
    put_fact("format", kFormat);
    put_fact("version", version);
    put_fact("options", options.dump());
    execute("COMMIT");
    return;
  }
  if (*format != kFormat) {
    fail(ErrorKind::kCorruptFile, "{}: expected a ledger of format \"{}\", found \"{}\"; choose another --out", path_,
         kFormat, *format);
  }
  if (const std::string made_by = find_fact("version").value_or("?"); made_by != version) {
    fail(ErrorKind::kBadInput, "{}: made by version {}, this is {}; its results may differ: choose another --out",
         path_, made_by, version);
  }
  const Json before = Json::parse(find_fact("options").value_or(""), nullptr, /*allow_exceptions=*/false);
  for (const auto& [name, value] : options.items()) {
    const Json old = before.is_object() ? before.value(name, Json()) : Json();
    if (old == value) continue;
    std::string flag = name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    fail(ErrorKind::kBadInput,
         "{}: made with --{} {}, now {}; repeat the options it was made with, or choose another --out", path_, flag,
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
         path_, kind, name);
  }
}

void Ledger::add(const UnitRecord& record) {
  const std::lock_guard lock(mutex_);
  Statement(*this, "INSERT OR REPLACE INTO units VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .bind(record.key)
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
  Statement statement(*this,
                      "SELECT 1 FROM units WHERE model = ? AND dataset = ? AND shots = ? AND seed = ? AND (error = '' "
                      "OR permanent)");
  return statement.bind(key).step();
}

std::optional<UnitRecord> Ledger::find(const UnitKey& key) {
  const std::lock_guard lock(mutex_);
  Statement statement(*this,
                      "SELECT error, permanent, finished, facts, rows, probabilities FROM units WHERE model = ? AND "
                      "dataset = ? AND shots = ? AND seed = ?");
  if (!statement.bind(key).step()) return std::nullopt;
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
