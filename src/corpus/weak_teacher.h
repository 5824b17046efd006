// Class shares of a forest that is worse than the one that judges a task, for samples that show a teacher's shares: a
// model that has only seen good teachers trusts every one, and has to see from the labelled rows how far it may.
#pragma once

#include <vector>

#include "core/rng.h"
#include "teacher/task_filter.h"

namespace manyshot {

// [rows, K] and [queries, K], row-major.
struct TeacherShares {
  std::vector<double> labelled;  // out-of-bag; NaN for rows that every tree saw
  std::vector<double> queries;
};

// The shares of the forest that judged the task last. REQUIRES: it was checked with out_of_bag.
TeacherShares shares_of_judge(const teacher::FilterScratch& judged);

// Those of another forest: 4 to `most_trees` trees (log-uniform; all of them where there are fewer), which read between
// one and all of the columns (uniform). All shares are raised to a power, log-uniform from 1/2 to 2, and divided by
// their sum: too cautious, or too sure. A function of its arguments alone.
TeacherShares shares_of_weak_teacher(const teacher::FilterTask& task, int most_trees, const Rng& rng,
                                     teacher::FilterScratch& scratch);

}  // namespace manyshot
