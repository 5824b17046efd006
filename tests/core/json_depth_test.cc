#include "core/json_depth.h"

#include <gtest/gtest.h>

#include <string>

namespace manyshot {
namespace {

TEST(JsonDepth, CountsWhatStandsInEachOther) {
  EXPECT_FALSE(is_json_deeper_than(R"({"a": [1, [2]], "b": [[3]]})", 3));
  EXPECT_TRUE(is_json_deeper_than(R"({"a": [1, [2]], "b": [[3]]})", 2));
  EXPECT_FALSE(is_json_deeper_than(R"(["[[[[", "\"[[[[", {"[[[": 1}])", 2)) << "text holds none";
  EXPECT_FALSE(is_json_deeper_than(std::string(64, '[')));
  EXPECT_TRUE(is_json_deeper_than(std::string(65, '[')));
  EXPECT_FALSE(is_json_deeper_than(""));
}

}  // namespace
}  // namespace manyshot
