// tokenize_lines TOKENIZER_JSON [--plain]: for each JSON text on a line of standard input one JSON array of token ids.
// Special tokens are recognised unless --plain is given. tools/parity/tokenizer_parity.py compares the ids with Hugging
// Face's.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>

#include "core/json.h"
#include "encoding/tokenizer/tokenizer.h"

int main(int argc, char** argv) {
  using namespace manyshot;
  if (argc < 2) return 2;
  const bool parse_special = !(argc > 2 && std::string_view(argv[2]) == "--plain");
  try {
    const Tokenizer tokenizer(read_tokenizer_json(argv[1]));
    for (std::string line; std::getline(std::cin, line);) {
      const std::vector<TokenId> ids = tokenizer.encode(Json::parse(line).get<std::string>(), parse_special);
      fmt::print("[{}]\n", fmt::join(ids, ","));
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
