// Tables and fits that a client has named, for as long as the server lives.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/text.h"
#include "mcp/root_folder.h"
#include "predict/fitted_task.h"
#include "table/table_file.h"

namespace manyshot::mcp {

// A table that can be opened any number of times.
struct TableSource {
  std::string name;  // what messages call it
  std::function<TableFile()> open;
};

// The last things of a kind, by the ids that they got: "table-1", "table-2", …
template <class Thing>
class Shelf {
 public:
  Shelf(std::string prefix, size_t capacity) : prefix_(std::move(prefix)), capacity_(capacity) {}

  std::string add(Thing thing) {
    if (things_.size() == capacity_) things_.pop_front();
    things_.emplace_back(prefix_ + std::to_string(++num_added_), std::move(thing));
    return things_.back().first;
  }
  // nullptr for what is no id of this kind. Throws Error(kNotFound) for one that is gone or never was.
  const Thing* find(const std::string& id) const {
    for (const auto& [known, thing] : things_) {
      if (known == id) return &thing;
    }
    const bool is_id = id.starts_with(prefix_) && parse_exact<uint64_t>(id.substr(prefix_.size()));
    if (!is_id) return nullptr;
    fail(ErrorKind::kNotFound, "there is no {}: ids are of this server's life, and the last {} are kept; make it again",
         excerpt(id), capacity_);
  }

  const auto& things() const { return things_; }

 private:
  std::string prefix_;
  size_t capacity_;
  uint64_t num_added_ = 0;
  std::deque<std::pair<std::string, Thing>> things_;
};

class Workspace {
 public:
  static constexpr size_t kTables = 64, kFits = 16;

  explicit Workspace(RootFolder root) : root_(std::move(root)) {}

  const RootFolder& root() const { return root_; }
  // From now on output() refuses that file.
  void protect(std::string path) { protected_.push_back(std::move(path)); }
  // A file that is to be written. Throws what RootFolder::writable throws, and Error(kBadInput) for one that would
  // destroy a table that was loaded, one of `inputs` (paths, or names of no file) or a protected file.
  std::string output(const std::string& path, std::span<const std::string> inputs) const;
  std::string add_table(TableSource table) { return tables_.add(std::move(table)); }
  // `reference`: the id of a table, or a path.
  TableSource table(const std::string& reference) const;
  std::string add_fit(std::shared_ptr<const FittedTask> fit) { return fits_.add(std::move(fit)); }
  // The id of a fit, or the path of a file of manyshot fit, which is opened.
  std::shared_ptr<const FittedTask> fit(const std::string& reference) const;

 private:
  RootFolder root_;
  std::vector<std::string> protected_;
  Shelf<TableSource> tables_{"table-", kTables};
  Shelf<std::shared_ptr<const FittedTask>> fits_{"fit-", kFits};
};

inline constexpr const char* kQueriesName = "the rows to predict";  // in messages of fits

}  // namespace manyshot::mcp
