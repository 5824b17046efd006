#include "prior/options.h"

#include <functional>

#include "core/error.h"
#include "prior/testing.h"

namespace manyshot {
namespace {

void expect_bad(const std::function<void(PriorOptions&)>& change, const std::string& message) {
  PriorOptions options;
  change(options);
  try {
    options.validate();
    FAIL() << "accepted; expected: " << message;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
  }
}

TEST(PriorOptions, MistakesAreNamed) {
  expect_bad([](auto& o) { o.features = "50:5"; }, "--features 50:5: the range is empty; did you mean 5:50?");
  expect_bad([](auto& o) { o.features = "many"; },
             "--features: expected a whole number, or a range like 5:50, got \"many\"");
  expect_bad([](auto& o) { o.features = "5:5000"; }, "--features 5:5000: expected numbers from 1 to 1,000, got 5,000");
  expect_bad([](auto& o) { o.classes = "1"; }, "--classes 1: expected numbers from 2 to 1,000, got 1");
  expect_bad([](auto& o) { o.rows = "0"; }, "--rows 0: expected numbers from 16");
  expect_bad([](auto& o) { o.rows = "20"; }, "--rows 20: too few rows for 10 classes; at least 40 are needed");
  expect_bad([](auto& o) { o.prior = "mlpp"; }, "unknown prior \"mlpp\"; did you mean \"mlp\"?");
  expect_bad([](auto& o) { o.prior = "mlp:0.5,grahp:0.5"; }, "did you mean \"graph\"?");
  expect_bad([](auto& o) { o.prior = "mlp:-1"; }, "expected a weight of at least 0 behind \"mlp:\", got \"-1\"");
  expect_bad([](auto& o) { o.prior = "mlp:0,tree:0"; }, "all weights are 0");
}

TEST(PriorOptions, MixturesAreTakenApart) {
  PriorOptions options;
  options.prior = "mix:1,graph:3,mlp:1";
  options.rows = "100:200";
  const PriorSettings settings = parse_settings(options);
  ASSERT_EQ(settings.parts.size(), 3u);
  EXPECT_NEAR(settings.parts[0].weight, 0.34, 1e-12);  // mlp
  EXPECT_NEAR(settings.parts[1].weight, 0.06, 1e-12);  // tree
  EXPECT_NEAR(settings.parts[2].weight, 0.6, 1e-12);
  EXPECT_EQ(settings.rows, (IntRange{100, 200}));
  EXPECT_FALSE(settings.features.has_value());
}

}  // namespace
}  // namespace manyshot
