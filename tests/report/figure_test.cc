#include "report/figure.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace manyshot::report {
namespace {

TEST(Figure, NumbersHaveSixDigitsAndNoNaN) {
  EXPECT_EQ(figure_number(1.0 / 3).dump(), "0.333333");
  EXPECT_EQ(figure_number(-1e-9).dump(), "-1e-09");
  EXPECT_EQ(figure_number(1024).dump(), "1024.0");
  EXPECT_TRUE(figure_number(NAN).is_null());
  EXPECT_TRUE(figure_number(INFINITY).is_null());
}

TEST(Figure, TextIsNoMarkup) {
  EXPECT_EQ(figure_text("<b>a</b> & \"c\"\nd"), "&lt;b&gt;a&lt;/b&gt; &amp; \"c\" d");
  EXPECT_EQ(figure_text("\xff"), "\uFFFD");
}

TEST(Figure, LongTextLosesItsMiddle) {
  EXPECT_EQ(figure_text("0123456789", 10), "0123456789");
  EXPECT_EQ(figure_text("0123456789A", 10), "01234…789A");
  EXPECT_EQ(figure_text("äöüßäöüß", 5), "äö…üß");
}

TEST(Figure, CategoriesStayApart) {
  const std::vector<std::string> names{"abcdefgh1xyz", "abcdefgh2xyz", "other"};
  EXPECT_EQ(category_labels(names, 7), (std::vector<std::string>{"abc…xyz", "abc…xyz (2)", "other"}));
}

TEST(Figure, NeighboursDifferInColourDashAndShape) {
  std::set<std::string> pairs;
  for (size_t series = 0; series < 30; ++series) {
    const Json own = line_trace("a", series), next = line_trace("b", series + 1);
    EXPECT_NE(own["line"]["color"], next["line"]["color"]);
    EXPECT_NE(own["line"]["dash"], next["line"]["dash"]);
    EXPECT_NE(own["marker"]["symbol"], next["marker"]["symbol"]);
    pairs.insert(own["line"]["dash"].dump() + own["marker"]["symbol"].dump());
  }
  EXPECT_EQ(pairs.size(), 30u) << "without colour, thirty series are told apart";
}

TEST(Figure, ErrorBarsReachTheBounds) {
  const std::vector<double> values{0.5, 0.7}, low{0.4, NAN}, high{0.75, NAN};
  const Json bars = error_bars(values, low, high);
  EXPECT_NEAR(bars["array"][0].get<double>(), 0.25, 1e-9);
  EXPECT_NEAR(bars["arrayminus"][0].get<double>(), 0.1, 1e-9);
  EXPECT_TRUE(bars["array"][1].is_null());
}

TEST(Figure, LogAxesHoldTheirTicks) {
  const std::vector<uint64_t> ticks{8, 64, 1024};
  const Json axis = log_axis("shots", ticks);
  EXPECT_EQ(axis["tickvals"], Json(ticks));
  EXPECT_LT(axis["range"][0].get<double>(), std::log10(8));
  EXPECT_GT(axis["range"][1].get<double>(), std::log10(1024));
  EXPECT_EQ(axis["ticktext"][2], "1024");
}

}  // namespace
}  // namespace manyshot::report
