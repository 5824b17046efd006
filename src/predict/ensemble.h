// The views of an in-context ensemble: each member sees the task with other rows, columns and label names.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/rng.h"
#include "encoding/prompt_format.h"

namespace manyshot {

struct EnsembleShape {
  int members = 1;
  size_t max_rows = 0;       // labelled rows one member sees at most; more: stratified subsets
  size_t max_features = 0;   // columns one member sees at most; more: the most relevant half, and a random half that
                             // differs between members
  size_t num_label_ids = 0;  // label names to choose from (at least K)
  bool both_scales = true;   // every second member reads ranks; else all read values
};

// One view per member, a pure function of its arguments. `labels` [N] are the classes of the labelled rows, `relevance`
// [F] as PromptFormat::relevance. Row order, column order, label names and ids of categories are random in each view,
// number scales take turns; a class without labelled rows still gets a label name. Where columns are more than fit,
// those outside the most relevant half are used equally often.
std::vector<TaskView> make_views(std::span<const int32_t> labels, size_t num_classes, std::span<const double> relevance,
                                 const EnsembleShape& shape, const Rng& rng);

// Parts the labelled rows into `parts` groups, each class in proportion: member m keeps, in its order, those of group
// m % parts, and one row of each class that the group lacks.
void share_out_rows(std::span<const int32_t> labels, size_t num_classes, size_t parts, const Rng& rng,
                    std::span<TaskView> views);

}  // namespace manyshot
