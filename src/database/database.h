// A SQLite file and statements in it: the only code that sees SQLite.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace manyshot {

// What is said of a file that cannot be used as it should.
struct DatabaseWords {
  std::string kind;          // "ledger"
  std::string when_busy;     // "another process is working on it; wait until it has ended"
  std::string when_foreign;  // the next step where it is no file of its kind: "remove it, or choose another --out"
};

// For one thread at a time.
class Database {
 public:
  // Opens or makes the file. Throws, as everything here, Error(kBadInput) where it is busy, not accessible or the disk
  // is full, and Error(kCorruptFile) where it is damaged or no such file.
  Database(const std::string& path, DatabaseWords words);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  const std::string& path() const { return path_; }
  void execute(const char* sql);
  // Waits that long for other processes' writes before it gives up.
  void set_patience_ms(int patience_ms);
  // The write-ahead log, in which readers and a writer do not wait for each other.
  void use_write_ahead_log();
  int64_t last_row_id() const;
  uint64_t rows_changed() const;  // by the last statement
  // Throws what the last failure was.
  [[noreturn]] void fail_with_reason() const;

 private:
  friend class Statement;

  std::string path_;
  DatabaseWords words_;
  void* database_ = nullptr;  // sqlite3*
};

// A prepared statement: bind() in the order of the question marks, the rest in that of the selected columns.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  ~Statement();
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  Statement& bind(std::string_view text);
  Statement& bind(uint64_t number);
  template <class T>
  Statement& bind(const std::vector<T>& values) {
    return bind_bytes(values.data(), values.size() * sizeof(T));
  }

  // Whether there is a further row.
  bool step();
  std::string text(int column) const;
  int64_t number(int column) const;
  bool flag(int column) const { return number(column) != 0; }
  template <class T>
  std::vector<T> blob(int column) const {
    const std::string_view bytes = this->bytes(column);
    std::vector<T> values(bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    return values;
  }

 private:
  Statement& bind_bytes(const void* bytes, size_t size);
  std::string_view bytes(int column) const;

  Database& database_;
  void* statement_ = nullptr;  // sqlite3_stmt*
  int bound_ = 0;
};

// All of what is done while it lives, or, without commit(), nothing of it. Holds the right to write from the start, so
// that nothing changes between what is read and what is written.
class Transaction {
 public:
  explicit Transaction(Database& database) : database_(database) { database_.execute("BEGIN IMMEDIATE"); }
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool is_open_ = true;
};

}  // namespace manyshot
