// Ids that Hugging Face `tokenizers` gave for hard texts; tools/parity/tokenizer_parity.py golden made them.
#include <gtest/gtest.h>

#include <fstream>

#include "core/json.h"
#include "encoding/tokenizer/testing.h"
#include "support/golden_tokenizer.h"

namespace manyshot {
namespace {

class GoldenIds : public ::testing::TestWithParam<std::string> {};

TEST_P(GoldenIds, AreOurs) {
  const Tokenizer tokenizer = golden_tokenizer(GetParam());
  std::ifstream file(golden_path(GetParam() + ".ids.json"));
  size_t num_texts = 0;
  for (std::string line; std::getline(file, line); ++num_texts) {
    const Json expected = Json::parse(line);
    const auto text = expected["text"].get<std::string>();
    EXPECT_EQ(tokenizer.encode(text, /*parse_special=*/true), expected["ids"].get<std::vector<TokenId>>()) << line;
    EXPECT_EQ(tokenizer.encode(text, /*parse_special=*/false), expected["plain"].get<std::vector<TokenId>>()) << line;
  }
  EXPECT_GT(num_texts, 150U);
}

INSTANTIATE_TEST_SUITE_P(Families, GoldenIds, ::testing::ValuesIn(golden_families()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace manyshot
