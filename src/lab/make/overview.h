// What a data set holds, for people and for programs.
#pragma once

#include <string>

#include "core/json.h"
#include "lab/data/lab_data.h"
#include "lab/words/words.h"

namespace manyshot::lab {

// {"facts": …, "documents": …, "document_bytes": …, "document_tokens": … (with a tokenizer), "questions": …,
//  "splits": [{"split", "questions", "alternatives", "hops", "chance"}]}; alternatives and hops are [least, most].
Json overview_json(const LabData& data, const TokenCounter& count_tokens);

// The same as lines of text, with three documents and three questions, whose right alternatives are marked.
std::string overview_text(const LabData& data, const TokenCounter& count_tokens);

}  // namespace manyshot::lab
