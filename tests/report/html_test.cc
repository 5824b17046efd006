#include "report/html.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot::report {
namespace {

using ::testing::HasSubstr;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1)) ++count;
  return count;
}

TEST(Html, EscapesTextAndReplacesBadBytes) {
  EXPECT_EQ(html_text("a<b & \"c\">"), "a&lt;b &amp; &quot;c&quot;&gt;");
  EXPECT_EQ(html_text("x\xff"), "x\xEF\xBF\xBD");
}

TEST(Html, BarsAreInProportion) {
  const std::string chart = bar_chart("title", {{"a", 10}, {"b", 5}, {"c", 0}}, 300, 152);
  EXPECT_EQ(count_of(chart, "<rect"), 3u);
  EXPECT_THAT(chart, HasSubstr("height=\"100.0\""));
  EXPECT_THAT(chart, HasSubstr("height=\"50.0\""));
  EXPECT_THAT(chart, HasSubstr("height=\"0.0\""));
  EXPECT_EQ(count_of(bar_chart("empty", {}), "<rect"), 0u);
}

}  // namespace
}  // namespace manyshot::report
