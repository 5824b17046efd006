// log_probs_dump MODEL float32|bfloat16 < tokens: reads one text per line as token ids and prints one JSON array per
// line, ln p(token i | tokens before it) for i >= 1. For tools/parity/language_parity.py.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/parallel.h"
#include "model/dtype.h"
#include "model/language/language_model.h"

int main(int argc, char** argv) {
  using namespace manyshot;
  if (argc != 3) {
    std::cerr << "usage: log_probs_dump MODEL float32|bfloat16 < tokens\n";
    return 2;
  }
  try {
    const auto source = open_tensor_source(argv[1]);
    const auto model =
        LanguageModel::load(*source, std::string(argv[2]) == "bfloat16" ? DType::kBFloat16 : DType::kFloat32);
    for (std::string line; std::getline(std::cin, line);) {
      std::istringstream words(line);
      std::vector<TokenId> tokens;
      for (TokenId token; words >> token;) tokens.push_back(token);
      const Branch branch{nullptr, tokens, 1};
      fmt::print("[{:.9g}]\n", fmt::join(model->score({&branch, 1}).front().log_probs, ", "));
    }
  } catch (const Error& error) {
    std::cerr << error.what() << "\n";
    return exit_code(error.kind());
  }
}
