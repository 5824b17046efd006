#include "lab/make/openings.h"

#include "core/error.h"
#include "lab/world/world.h"

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

const std::string& question_opening() {
  static const std::string opening = "we have read that";
  return opening;
}

std::string opened(const std::string& sentence, size_t number, bool proper_name) {
  if (number >= openings().size()) {
    fail(ErrorKind::kBadInput, "a fact can be said behind {} openings, no more; ask for at most so many articles",
         openings().size());
  }
  return behind_opening(openings()[number], sentence, proper_name);
}

}  // namespace manyshot::lab
