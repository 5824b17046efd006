// The fits that a server has, by name: in memory, or as files of a folder from which they come back after a restart.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/folder_lock.h"
#include "core/json.h"
#include "predict/fitted_task.h"
#include "predict/saved_fit.h"

namespace manyshot::serve {

inline constexpr const char* kTrainName = "the labelled rows";  // in messages: no name of a file
inline constexpr const char* kTestName = "the rows to predict";

// "models/small/" -> "small", "models/small.gguf" -> "small"
std::string short_model_name(const std::string& model);

class ServedFits {
 public:
  // Those of `folder`, which is made if it does not exist and belongs to this server alone; "" keeps them in memory.
  // `most`: of fits; `most_open`: of those that a folder has, in memory at the same time. Files that are no fits, or of
  // other weights, are said in the log and left alone. Throws Error(kBadInput) for a folder that cannot be had.
  ServedFits(const std::string& folder, size_t most, size_t most_open);

  // A name that a request gives: letters, digits, "-", "_" and ".", at most 64, not "." first.
  static void check_name(const std::string& name);
  // A name that no fit has.
  std::string new_name() const;
  // Throws Error(kBadInput) where there are too many already for another one.
  void check_room(const std::string& name) const;

  // Takes the place of one of the same name. With a folder its file is there, whole, when this returns. Returns what
  // describe() then says.
  Json keep(const std::string& name, std::shared_ptr<const FittedTask> task, const SavedFit& saved);
  // Opens its file if need be. Throws Error(kNotFound) with the nearest name.
  std::shared_ptr<const FittedTask> find(const std::string& name);
  Json describe(const std::string& name) const;
  Json list() const;  // descriptions in the order of the names
  void remove(const std::string& name);
  size_t size() const;

 private:
  struct Fit {
    Json about;
    std::shared_ptr<const FittedTask> task;  // null: in its file alone
    uint64_t last_use = 0;
  };
  std::string path_of(const std::string& name) const;
  void read_folder();
  const Fit& fit_named(const std::string& name) const;  // REQUIRES: the lock
  std::shared_ptr<const FittedTask> open(const std::string& name) const;
  void close_unused();  // REQUIRES: the lock

  const std::string folder_;
  const size_t most_, most_open_;
  std::optional<FolderLock> folder_lock_;
  mutable std::mutex mutex_;
  std::mutex opening_;  // one file at a time
  std::map<std::string, Fit, std::less<>> fits_;
  uint64_t num_uses_ = 0;
};

}  // namespace manyshot::serve
