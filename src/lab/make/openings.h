// What may stand before a statement, so that one fact has many documents.
#pragma once

#include <string>
#include <vector>

namespace manyshot::lab {

// In lower case, without the blank behind: "did you know that".
const std::vector<std::string>& openings();
// One that no document has, for questions about documents that all have one: a word is other tokens at the beginning of
// a text than inside it, so that a question which begins with what it is about would ask for words never trained.
const std::string& question_opening();

// "Did you know that glons are heavier than femps?": `sentence` as World::say gives it, behind opening `number`.
// `proper_name`: the sentence begins with a name, which keeps its capital. Throws Error(kBadInput) when there are no
// more openings.
std::string opened(const std::string& sentence, size_t number, bool proper_name = false);

}  // namespace manyshot::lab
