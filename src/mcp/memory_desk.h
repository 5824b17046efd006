// A memory that is open, and what was fitted to it last.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "memory/memory_file.h"
#include "memory/outcome_predictor.h"

namespace manyshot::mcp {

// As long as a collection stays as it was, its model need not see it again.
class MemoryDesk {
 public:
  explicit MemoryDesk(const std::string& path) : file_(path) {}

  memory::MemoryFile& file() { return file_; }
  // Null for a collection without experiences.
  std::shared_ptr<const memory::OutcomePredictor> predictor(const std::string& collection,
                                                            const memory::OutcomePredictorOptions& options);

 private:
  static constexpr size_t kKept = 8;
  struct Fitted {
    std::string collection;
    memory::CollectionState state;
    memory::OutcomePredictorOptions options;
    std::shared_ptr<const memory::OutcomePredictor> predictor;
  };

  std::shared_ptr<const Method> method_for(const memory::OutcomePredictorOptions& options);

  memory::MemoryFile file_;
  std::deque<Fitted> fitted_;  // the latest last
  memory::OutcomePredictorOptions method_options_;
  std::shared_ptr<const Method> method_;  // of these options
};

}  // namespace manyshot::mcp
