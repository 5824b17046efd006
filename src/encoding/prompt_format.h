// PromptFormat: how labelled rows and queries become tokens. `compact` is for models with the vocabulary of
// docs/formats/compact.md; text formats for general language models implement the same interface.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bytes.h"
#include "core/names.h"
#include "encoding/prompt.h"
#include "table/table.h"

namespace manyshot {

// What numbers are measured in before they become codes: their own units, or normal scores of their ranks
// (encoding/rank_scale.h). The published text formats know the first only.
enum class NumberScale { kValues, kRanks };

// One way to look at a task: which labelled rows, columns and label names the model sees, in which order, and on
// which scale. An ensemble averages over several.
struct TaskView {
  std::vector<uint32_t> rows;                // labelled rows in prompt order
  std::vector<uint32_t> features;            // features in prompt order
  std::vector<uint32_t> labels;              // [K] label id shown for class k
  NumberScale scale = NumberScale::kValues;  // `compact`, version 1, and `lines`
  uint64_t category_seed = 0;  // `compact`, version 2, and `lines`: of the ids or letters that name categories
};

// How a table is written.
enum class PromptStyle {
  kConcat,   // text, "380,nurse|0": the trained form of arXiv 2509.06806
  kTabllm,   // text, "age is 380, job is nurse, Label is 0": its verbose baseline
  kLines,    // text, "38,nurse|0": rows alone, and a query is a row whose label is to come
  kCompact,  // number codes, for models with that vocabulary (docs/formats/compact.md)
};
constexpr auto names_of(PromptStyle) {
  return std::to_array<Named<PromptStyle>>({{PromptStyle::kConcat, "concat"},
                                            {PromptStyle::kTabllm, "tabllm"},
                                            {PromptStyle::kLines, "lines"},
                                            {PromptStyle::kCompact, "compact"}});
}

class PromptFormat {
 public:
  virtual ~PromptFormat() = default;
  virtual std::string_view name() const = 0;
  // How many features a TaskView may pick from, after columns that carry nothing have been left out.
  virtual size_t num_features() const = 0;
  // [num_features()] how well each feature alone tells the classes of the labelled rows apart, from 0 to 1; for
  // choosing among many.
  virtual std::vector<double> relevance() const = 0;
  // What the encoding had to leave out or lose, as sentences.
  virtual const std::vector<std::string>& notes() const = 0;
  // The context for `view`, with one answer per class in class order.
  virtual Prompt prompt(const TaskView& view) const = 0;
  // The rows of `queries` as branches behind the context of each view. `queries` has the columns of the labelled rows.
  virtual std::vector<QueryTokens> queries(const Table& queries, std::span<const TaskView> views) const = 0;
  // What queries() needs of the format without its labelled rows, for read_compact_format (make_compact_format.h).
  // Returns false, and writes nothing, where that cannot be.
  virtual bool write(ByteWriter& /*writer*/) const { return false; }
};

}  // namespace manyshot
