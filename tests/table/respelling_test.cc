#include "table/respelling.h"

#include <gtest/gtest.h>

#include <vector>

namespace manyshot {
namespace {

TEST(Respelling, BlanksNumbersAndCase) {
  const std::vector<std::string> names = {"Red", "light blue", "1.0", "Été", "02116"};
  const Respelling respelling(names);
  EXPECT_EQ(respelling.find(" Red"), 0);
  EXPECT_EQ(respelling.find("red "), 0);
  EXPECT_EQ(respelling.find("LIGHT\u00A0BLUE"), 1);
  EXPECT_EQ(respelling.find("1"), 2);
  EXPECT_EQ(respelling.find("1.00"), 2);
  EXPECT_EQ(respelling.find("ÉTÉ"), 3);
  EXPECT_EQ(respelling.find("2116"), 4);
  for (const char* text : {"Redd", "", "2", "lightblue", "true"}) EXPECT_EQ(respelling.find(text), -1) << text;
}

TEST(Respelling, DoubtMeansNone) {
  const std::vector<std::string> names = {"a", "A", "b ", "b", "1", "1.0"};
  const Respelling respelling(names);
  EXPECT_EQ(respelling.find("A "), 1) << "the case decides";
  EXPECT_EQ(respelling.find("b  "), -1);
  EXPECT_EQ(respelling.find("B"), -1);
  EXPECT_EQ(respelling.find("01"), -1);
  EXPECT_EQ(respelling.twins(), std::pair(0, 1));
  EXPECT_FALSE(Respelling(std::vector<std::string>{"a", "b"}).twins().has_value());
}

}  // namespace
}  // namespace manyshot
