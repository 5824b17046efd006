#include "model/language/answer_trie.h"

#include <algorithm>
#include <map>

#include "core/error.h"

namespace manyshot {

std::vector<AnswerFork> answer_forks(std::span<const std::vector<TokenId>> answers) {
  std::vector<AnswerFork> forks;
  // Groups of answers with the same first `depth` tokens, from depth 0 on.
  std::vector<std::vector<int>> groups{{}};
  for (size_t k = 0; k < answers.size(); ++k) groups[0].push_back(static_cast<int>(k));
  for (size_t depth = 0; !groups.empty(); ++depth) {
    std::vector<std::vector<int>> next;
    for (const std::vector<int>& group : groups) {
      if (group.size() < 2) continue;
      std::map<TokenId, std::vector<int>> by_token;
      for (const int k : group) {
        const std::vector<TokenId>& answer = answers[static_cast<size_t>(k)];
        if (answer.size() <= depth) {
          fail(ErrorKind::kBadInput,
               "two answers cannot be told apart: the tokens of answer {} are the beginning of another's", k);
        }
        by_token[answer[depth]].push_back(k);
      }
      if (by_token.size() > 1) {
        const std::vector<TokenId>& first = answers[static_cast<size_t>(group[0])];
        AnswerFork fork{.path = {first.begin(), first.begin() + static_cast<ptrdiff_t>(depth)},
                        .choice = std::vector<int>(answers.size(), -1)};
        for (const auto& [token, members] : by_token) {
          for (const int k : members) fork.choice[static_cast<size_t>(k)] = static_cast<int>(fork.candidates.size());
          fork.candidates.push_back(token);
        }
        forks.push_back(std::move(fork));
      }
      for (auto& [token, members] : by_token) next.push_back(std::move(members));
    }
    groups = std::move(next);
  }
  return forks;
}

}  // namespace manyshot
