#include "lab/make/openings.h"

#include <cctype>

#include "core/error.h"

namespace manyshot::lab {

const std::vector<std::string>& openings() {
  static const std::vector<std::string> all{"did you know that",
                                            "it turns out that",
                                            "as every farmer here will tell you,",
                                            "the guide on the third floor explained that",
                                            "careful measurements show that",
                                            "my notebook from last spring says that",
                                            "nobody in the village doubts that",
                                            "in case you were wondering,",
                                            "a short report in the evening paper says that",
                                            "children learn early that",
                                            "after years of watching them, we agree that",
                                            "the sign by the gate reads that",
                                            "one thing is certain:",
                                            "visitors are often surprised that",
                                            "it was written on the blackboard that",
                                            "the old keeper liked to repeat that",
                                            "to keep it short,",
                                            "for the record,",
                                            "the survey confirmed that",
                                            "please remember that",
                                            "her letter mentions that",
                                            "the museum label notes that",
                                            "let us begin with the fact that",
                                            "on the radio they said that",
                                            "if you look closely, you will see that",
                                            "there is no question that",
                                            "the manual states that",
                                            "a friend told me that",
                                            "it has been known for a long time that",
                                            "the first page of the booklet says that"};
  return all;
}

std::string opened(const std::string& sentence, size_t number, bool proper_name) {
  if (number >= openings().size()) {
    fail(ErrorKind::kBadInput, "a fact can be said behind {} openings, no more; ask for at most so many articles",
         openings().size());
  }
  std::string text = openings()[number];
  const bool is_question = text.starts_with("did ");
  text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
  std::string rest = sentence;
  if (!proper_name) rest[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(rest[0])));
  if (is_question) rest.back() = '?';
  return text + " " + rest;
}

}  // namespace manyshot::lab
