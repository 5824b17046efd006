// A task as a compact model reads it: the prompt format, and one view for each member of the ensemble.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "encoding/make_compact_format.h"
#include "encoding/typed_format.h"
#include "predict/number_predictor.h"
#include "predict/prompt_plan.h"

namespace manyshot {

class CompactTask {
 public:
  // Throws Error(kUnsupported) for more classes than the model tells apart. REQUIRES: not plan.is_text().
  CompactTask(const PromptPlan& plan, const LabelledTable& shots);
  // One that write() wrote, without labelled rows, of a table of so many columns.
  CompactTask(const PromptPlan& plan, size_t num_columns, ByteReader& reader);
  // Returns false where the format cannot be written.
  bool write(ByteWriter& writer) const;

  const PromptFormat& format() const { return *format_; }
  const std::vector<TaskView>& views() const { return views_; }
  const std::vector<uint32_t>& class_counts() const { return class_counts_; }
  // What is left out of the labelled rows and columns, and who sees what of them.
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  std::vector<uint32_t> class_counts_;
  bool has_category_seeds_;  // version 2 of the format
  std::unique_ptr<PromptFormat> format_;
  std::vector<TaskView> views_;
  std::vector<std::string> notes_;
};

// The same of a task whose target is a number.
class CompactNumberTask {
 public:
  // REQUIRES: plan.model.predicts_numbers.
  CompactNumberTask(const PromptPlan& plan, const NumberedTable& shots);

  const TypedFormat& format() const { return format_; }
  const std::vector<TaskView>& views() const { return views_; }
  const std::vector<std::string>& notes() const { return notes_; }

 private:
  TypedFormat format_;
  std::vector<TaskView> views_;
  std::vector<std::string> notes_;
};

}  // namespace manyshot
