// Priors over tasks: laws from which tables with a class or a number to predict are drawn (docs/prior.md).
//
//   PriorOptions options;
//   options.prior = "mix";
//   const Prior prior(options);
//   PriorScratch scratch;                       // one per thread
//   Task task = prior.draw(/*index=*/7, scratch);
#pragma once

#include <cstdint>
#include <memory>

#include "core/json.h"
#include "prior/options.h"
#include "prior/task/task.h"

namespace manyshot::prior {

// Memory that draws use again; grows to what the largest task needs and stays there. Not for two threads at a time.
class PriorScratch {
 public:
  PriorScratch();
  ~PriorScratch();
  PriorScratch(PriorScratch&&) noexcept;
  PriorScratch& operator=(PriorScratch&&) noexcept;
  struct Buffers;
  Buffers& buffers() { return *buffers_; }

 private:
  std::unique_ptr<Buffers> buffers_;
};

class Prior {
 public:
  // Throws what parse_settings throws.
  explicit Prior(const PriorOptions& options);
  ~Prior();

  // Task `index`: a function of (options, seed, index) alone. Safe from several threads with a scratch each. Draws that
  // fail the prior's checks are repeated inside and counted in Task::rejections. Never fails for valid options, but for
  // memory.
  Task draw(uint64_t index, PriorScratch& scratch) const;
  void draw(uint64_t index, PriorScratch& scratch, Task& task) const;  // keeps the memory of `task`

  // How task `index` came about, for prior/explain.h to print: the graph, the equations, where columns and label come
  // from, hyper-parameters, rejections.
  Json explain(uint64_t index, PriorScratch& scratch) const;

  const PriorOptions& options() const { return options_; }

 private:
  PriorOptions options_;
  PriorSettings settings_;
};

}  // namespace manyshot::prior
