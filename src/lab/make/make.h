// Data of every kind, from options and a seed.
#pragma once

#include "lab/data/lab_data.h"
#include "lab/make/data_builder.h"
#include "lab/make/options.h"
#include "lab/words/words.h"

namespace manyshot::lab {

// A function of its arguments alone. Throws Error(kBadInput) for sizes that cannot be filled, and what reading --in
// throws. With `count_tokens` the words of one role, and with them the alternatives of a question, have one token
// count.
LabData make_lab_data(const MakeOptions& options, const TokenCounter& count_tokens = {});

// What a kind is made from.
struct MakeInput {
  const MakeOptions& options;  // resolved
  Rng rng;
  const TokenCounter& count_tokens;

  const MakeSizes& sizes() const { return options.sizes; }
  size_t alternatives() const { return static_cast<size_t>(*options.sizes.alternatives); }
};
DataBuilder make_reversals(const MakeInput& input);
DataBuilder make_syllogisms(const MakeInput& input);
DataBuilder make_celebrities(const MakeInput& input);
DataBuilder make_semantic(const MakeInput& input);
DataBuilder make_family(const MakeInput& input);
DataBuilder make_process(const MakeInput& input);
DataBuilder make_relations(const MakeInput& input);
DataBuilder make_documents(const MakeInput& input);

}  // namespace manyshot::lab
