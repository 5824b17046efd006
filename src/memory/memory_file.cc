#include "memory/memory_file.h"

#include <chrono>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::memory {
namespace {

constexpr int kPatienceMs = 10'000;
constexpr int64_t kApplicationId = 0x4D534D45;  // "MSME"
constexpr int64_t kVersion = 1;
constexpr const char* kSchema =
    "CREATE TABLE collections(name TEXT PRIMARY KEY, outcome TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE experiences(id INTEGER PRIMARY KEY AUTOINCREMENT, collection TEXT NOT NULL REFERENCES "
    "collections(name), remembered TEXT NOT NULL, fields TEXT NOT NULL, outcome TEXT NOT NULL);"
    "CREATE INDEX experiences_by_collection ON experiences(collection, id);"
    "PRAGMA application_id = 1297304901;"
    "PRAGMA user_version = 1;";
static_assert(kApplicationId == 1297304901);

int64_t pragma(Database& database, const char* sql) {
  Statement statement(database, sql);
  return statement.step() ? statement.number(0) : 0;
}

std::string now() {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count());
}

std::string text_of(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

MemoryFile::MemoryFile(const std::string& path)
    : database_(path, {.kind = "memory",
                       .when_busy = "other processes write to it without end; try again, or choose another --memory",
                       .when_foreign = "choose another --memory, or restore a copy of it"}) {
  database_.set_patience_ms(kPatienceMs);
  open_schema();
  database_.use_write_ahead_log();
  database_.execute("PRAGMA synchronous = FULL");  // acknowledged is on disk, even when the power fails
}

void MemoryFile::open_schema() {
  Transaction transaction(database_);  // of several that begin at once, one makes the tables
  const int64_t application = pragma(database_, "PRAGMA application_id");
  const int64_t version = pragma(database_, "PRAGMA user_version");
  const int64_t tables = pragma(database_, "SELECT count(*) FROM sqlite_master");
  if (application == 0 && version == 0 && tables == 0) {
    database_.execute(kSchema);
    return transaction.commit();
  }
  if (application != kApplicationId) {
    fail(ErrorKind::kCorruptFile, "{}: a SQLite file of another program, no memory; choose another --memory", path());
  }
  if (version != kVersion) {
    fail(
        ErrorKind::kUnsupported,
        "{}: a memory of version {}, and this program reads version {}; use the manyshot that wrote it, or a later one",
        path(), version, kVersion);
  }
}

// REQUIRES: a transaction.
void MemoryFile::settle_kind(const std::string& collection, OutcomeKind kind) {
  Statement find(database_, "SELECT outcome FROM collections WHERE name = ?");
  if (!find.bind(collection).step()) {
    Statement(database_, "INSERT INTO collections VALUES(?, ?)").bind(collection).bind(name_of(kind)).step();
  } else if (const std::string known = find.text(0); known != name_of(kind)) {
    fail(ErrorKind::kBadInput, "outcome: a {}, and those of collection \"{}\" are each a {}; use another collection",
         name_of(kind), collection, known);
  }
}

std::vector<int64_t> MemoryFile::remember(const std::string& collection, std::span<const NewExperience> experiences) {
  check_collection_name(collection);
  std::vector<Json> outcomes;
  for (const NewExperience& experience : experiences) {
    try {
      check_fields(experience.fields);
      outcomes.push_back(checked_outcome(experience.outcome));
    } catch (const Error& error) {
      if (experiences.size() == 1) throw;
      fail(error.kind(), "experiences[{}]: {}", outcomes.size(), error.what());
    }
  }
  const std::string time = now();
  std::vector<int64_t> ids;
  Transaction transaction(database_);
  for (size_t i = 0; i < experiences.size(); ++i) {
    settle_kind(collection, kind_of(outcomes[i]));
    Statement(database_, "INSERT INTO experiences(collection, remembered, fields, outcome) VALUES(?, ?, ?, ?)")
        .bind(collection)
        .bind(time)
        .bind(text_of(experiences[i].fields))
        .bind(text_of(outcomes[i]))
        .step();
    ids.push_back(database_.last_row_id());
  }
  transaction.commit();
  return ids;
}

std::vector<Experience> MemoryFile::all(const std::string& collection) {
  Statement statement(database_,
                      "SELECT id, remembered, fields, outcome FROM experiences WHERE collection = ? ORDER BY id");
  statement.bind(collection);
  std::vector<Experience> experiences;
  while (statement.step()) {
    Experience experience{.id = statement.number(0),
                          .fields = Json::parse(statement.text(2), nullptr, /*allow_exceptions=*/false),
                          .outcome = Json::parse(statement.text(3), nullptr, /*allow_exceptions=*/false),
                          .remembered = statement.text(1)};
    const bool is_whole =
        experience.fields.is_object() && (experience.outcome.is_string() || experience.outcome.is_number());
    if (!is_whole)
      fail(ErrorKind::kCorruptFile, "{}: experience {} is damaged; restore a copy of the file", path(), experience.id);
    experiences.push_back(std::move(experience));
  }
  return experiences;
}

std::optional<CollectionState> MemoryFile::state(const std::string& collection) {
  Statement statement(
      database_,
      "SELECT outcome, (SELECT count(*) FROM experiences WHERE collection = name), (SELECT max(id) FROM "
      "experiences WHERE collection = name) FROM collections WHERE name = ?");
  if (!statement.bind(collection).step()) return std::nullopt;
  return CollectionState{.kind = value_named<OutcomeKind>(statement.text(0)).value_or(OutcomeKind::kClass),
                         .count = static_cast<uint64_t>(statement.number(1)),
                         .last_id = statement.number(2)};
}

std::vector<CollectionSummary> MemoryFile::collections() {
  Statement statement(database_,
                      "SELECT name, collections.outcome, count(id), max(id), min(remembered), max(remembered) FROM "
                      "collections JOIN experiences ON collection = name GROUP BY name ORDER BY name");
  std::vector<CollectionSummary> summaries;
  while (statement.step()) {
    summaries.push_back({.name = statement.text(0),
                         .state = {.kind = value_named<OutcomeKind>(statement.text(1)).value_or(OutcomeKind::kClass),
                                   .count = static_cast<uint64_t>(statement.number(2)),
                                   .last_id = statement.number(3)},
                         .first = statement.text(4),
                         .last = statement.text(5)});
  }
  return summaries;
}

uint64_t MemoryFile::forget(const std::string& collection, std::span<const int64_t> ids) {
  Transaction transaction(database_);
  uint64_t num_gone = 0;
  for (const int64_t id : ids) {
    Statement(database_, "DELETE FROM experiences WHERE collection = ? AND id = ?")
        .bind(collection)
        .bind(static_cast<uint64_t>(id))
        .step();
    num_gone += database_.rows_changed();
  }
  Statement(database_,
            "DELETE FROM collections WHERE name = ? AND NOT EXISTS(SELECT 1 FROM experiences WHERE collection = name)")
      .bind(collection)
      .step();
  transaction.commit();
  return num_gone;
}

uint64_t MemoryFile::forget_all(const std::string& collection) {
  Transaction transaction(database_);
  Statement(database_, "DELETE FROM experiences WHERE collection = ?").bind(collection).step();
  const uint64_t num_gone = database_.rows_changed();
  Statement(database_, "DELETE FROM collections WHERE name = ?").bind(collection).step();
  transaction.commit();
  return num_gone;
}

}  // namespace manyshot::memory
