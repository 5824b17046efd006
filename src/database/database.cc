#include "database/database.h"

#include <sqlite3.h>

#include <chrono>
#include <thread>
#include <utility>

#include "core/error.h"

namespace manyshot {
namespace {

sqlite3* as_database(void* database) { return static_cast<sqlite3*>(database); }
sqlite3_stmt* as_statement(void* statement) { return static_cast<sqlite3_stmt*>(statement); }

}  // namespace

Database::Database(const std::string& path, DatabaseWords words) : path_(path), words_(std::move(words)) {
  sqlite3* database = nullptr;
  const int status = sqlite3_open(path.c_str(), &database);
  database_ = database;
  if (status == SQLITE_OK) return;
  try {
    fail_with_reason();
  } catch (...) {
    sqlite3_close(database);
    throw;
  }
}

Database::~Database() { sqlite3_close(as_database(database_)); }

void Database::fail_with_reason() const {
  const int code = sqlite3_errcode(as_database(database_));
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) fail(ErrorKind::kBadInput, "{}: {}", path_, words_.when_busy);
  if (code == SQLITE_NOTADB || code == SQLITE_CORRUPT) {
    fail(ErrorKind::kCorruptFile, "{}: this is no {}, or a damaged one ({}); {}", path_, words_.kind,
         sqlite3_errmsg(as_database(database_)), words_.when_foreign);
  }
  fail(ErrorKind::kBadInput, "{}: {}; check the folder, its permissions and the free space", path_,
       sqlite3_errmsg(as_database(database_)));
}

void Database::execute(const char* sql) {
  if (sqlite3_exec(as_database(database_), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail_with_reason();
}

void Database::set_patience_ms(int patience_ms) { sqlite3_busy_timeout(as_database(database_), patience_ms); }

// Two that begin at once may find the file locked, and this switch does not wait as other statements do.
void Database::use_write_ahead_log() {
  constexpr int kTries = 500;
  constexpr std::chrono::milliseconds kBetween{10};
  for (int i = 0; i < kTries; ++i) {
    const int status = sqlite3_exec(as_database(database_), "PRAGMA journal_mode = WAL", nullptr, nullptr, nullptr);
    if (status == SQLITE_OK) return;
    if (status != SQLITE_BUSY && status != SQLITE_LOCKED) break;
    std::this_thread::sleep_for(kBetween);
  }
  fail_with_reason();
}

int64_t Database::last_row_id() const { return sqlite3_last_insert_rowid(as_database(database_)); }
uint64_t Database::rows_changed() const { return static_cast<uint64_t>(sqlite3_changes(as_database(database_))); }

Statement::Statement(Database& database, const char* sql) : database_(database) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(as_database(database.database_), sql, -1, &statement, nullptr) != SQLITE_OK)
    database_.fail_with_reason();
  statement_ = statement;
}

Statement::~Statement() { sqlite3_finalize(as_statement(statement_)); }

Statement& Statement::bind(std::string_view text) {
  sqlite3_bind_text(as_statement(statement_), ++bound_, text.empty() ? "" : text.data(), static_cast<int>(text.size()),
                    SQLITE_TRANSIENT);
  return *this;
}

Statement& Statement::bind(uint64_t number) {
  sqlite3_bind_int64(as_statement(statement_), ++bound_, static_cast<sqlite3_int64>(number));
  return *this;
}

Statement& Statement::bind_bytes(const void* bytes, size_t size) {
  // A null pointer would become NULL.
  sqlite3_bind_blob64(as_statement(statement_), ++bound_, size == 0 ? "" : bytes, size, SQLITE_TRANSIENT);
  return *this;
}

bool Statement::step() {
  const int status = sqlite3_step(as_statement(statement_));
  if (status != SQLITE_ROW && status != SQLITE_DONE) database_.fail_with_reason();
  return status == SQLITE_ROW;
}

std::string Statement::text(int column) const {
  const auto* bytes = reinterpret_cast<const char*>(sqlite3_column_text(as_statement(statement_), column));
  const int size = sqlite3_column_bytes(as_statement(statement_), column);
  return bytes == nullptr ? "" : std::string(bytes, static_cast<size_t>(size));
}

int64_t Statement::number(int column) const { return sqlite3_column_int64(as_statement(statement_), column); }

std::string_view Statement::bytes(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(as_statement(statement_), column));
  return {bytes, static_cast<size_t>(sqlite3_column_bytes(as_statement(statement_), column))};
}

Transaction::~Transaction() {
  if (!is_open_) return;
  try {
    database_.execute("ROLLBACK");
  } catch (const Error&) {  // it has ended by itself
  }
}

void Transaction::commit() {
  database_.execute("COMMIT");
  is_open_ = false;
}

}  // namespace manyshot
