// The files of the public set of invented celebrities (repository lukasberglund/reversal_curse): JSON lines with a
// prompt and its completion, by group of people and order.
#pragma once

#include <string>

#include "lab/data/lab_data.h"
#include "lab/make/data_builder.h"

namespace manyshot::lab {

struct MakeInput;

// How a group of people is told of.
enum class CelebrityGroup { kNameFirst, kDescriptionFirst, kBoth };

// p2d_prompts_train.jsonl, d2p_prompts_train.jsonl and the others, from data of make_celebrities. Throws
// Error(kBadInput) when there is something in the folder already.
void write_public_celebrities(const LabData& data, const std::string& folder);

// The set in those files. Its sentences are free text, so the world knows who is described how, but cannot read them.
// Throws Error(kNotFound) for a file that is missing, Error(kCorruptFile) naming file and line.
DataBuilder read_public_celebrities(const std::string& folder, const MakeInput& input);

}  // namespace manyshot::lab
