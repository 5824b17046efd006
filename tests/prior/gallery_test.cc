// The gallery page: self-contained, one card a task, nothing unescaped.
#include "prior/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "prior/prior.h"

namespace manyshot::prior {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

size_t count_of(const std::string& text, const std::string& part) {
  size_t count = 0;
  for (size_t place = text.find(part); place != std::string::npos; place = text.find(part, place + 1)) ++count;
  return count;
}

TEST(Gallery, ShowsEveryTaskOfEveryPriorWithoutTheNetwork) {
  PriorOptions options;
  options.prior = "graph:0.3,mlp:0.2,tree:0.2,forest:0.1,effects:0.2";
  options.number_share = 0.4;
  options.rows = IntRange{120, 120};
  const Prior prior(options);
  PriorScratch scratch;
  std::vector<Task> tasks;
  std::vector<Json> explanations;
  size_t columns = 0, numbers = 0;
  for (uint64_t index = 0; index < 15; ++index) {
    tasks.push_back(prior.draw(index, scratch));
    explanations.push_back(prior.explain(index, scratch));
    columns += std::min<size_t>(tasks.back().num_features(), 9);
    if (tasks.back().target_kind == TargetKind::kNumber) ++numbers;
  }
  ASSERT_GT(numbers, 1u);
  ASSERT_LT(numbers, 14u);
  const std::string page = gallery_page(tasks, explanations, options);
  EXPECT_EQ(count_of(page, "<section class=\"card\">"), 15u);
  EXPECT_EQ(count_of(page, "aria-label=\"graph\""), 15u);
  EXPECT_EQ(count_of(page, "aria-label=\"histogram of x"), columns);
  EXPECT_EQ(count_of(page, "aria-label=\"histogram of target"), numbers);
  EXPECT_EQ(count_of(page, "scatter of a column and the target"), numbers);
  EXPECT_EQ(count_of(page, "scatter of two columns by class"), 15 - numbers);
  EXPECT_EQ(count_of(page, "a number to predict"), numbers);
  EXPECT_EQ(count_of(page, "<svg"), count_of(page, "</svg>"));
  EXPECT_THAT(page, Not(HasSubstr("http")));
  EXPECT_THAT(page, Not(HasSubstr("<script")));
  EXPECT_THAT(page, Not(HasSubstr("nan,")));
}

}  // namespace
}  // namespace manyshot::prior
