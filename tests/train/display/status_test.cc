// The picture of the loss and the status line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "train/display/loss_curve.h"
#include "train/display/status_line.h"

namespace manyshot::train {
namespace {

using ::testing::HasSubstr;

TEST(LossCurve, DrawsWhatIsFinite) {
  LossCurve curve;
  for (int step = 1; step <= 100; ++step) curve.training.push_back({static_cast<double>(step), 2.0 / step});
  curve.training.push_back({101, std::nan("")});
  curve.evaluation = {{50, 0.7}};
  const std::string svg = loss_curve_svg(curve);
  EXPECT_THAT(svg, HasSubstr("held-out loss 0.7000 at step 50"));
  EXPECT_THAT(svg, ::testing::Not(HasSubstr("nan")));
  EXPECT_THAT(loss_curve_svg({}), HasSubstr("</svg>"));
}

TEST(StatusLine, SaysWhatMatters) {
  EXPECT_EQ(StatusLine::format({.stage = "main",
                                .step = 1200,
                                .total_steps = 4000,
                                .loss = 0.64123,
                                .accuracy = 0.612,
                                .tokens_per_second = 12345,
                                .utilisation = 0.379,
                                .seconds_left = 3725}),
            "main 1,200/4,000 (30 %), loss 0.6412, right 61.2 %, 12,345 tokens/s, MFU 38 %, 1 h 2 min left");
}

}  // namespace
}  // namespace manyshot::train
