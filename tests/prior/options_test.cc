#include "prior/options.h"

#include <gmock/gmock.h>

#include <functional>

#include "prior/testing.h"
#include "support/error.h"

namespace manyshot::prior {
namespace {

using ::testing::HasSubstr;

void expect_bad(const std::function<void(PriorOptions&)>& change, const std::string& message) {
  PriorOptions options;
  change(options);
  EXPECT_ERROR(parse_settings(options), ErrorKind::kBadInput, message);
}

TEST(PriorOptions, MistakesAreNamed) {
  expect_bad(
      [](auto& o) {
        o.rows = IntRange{20, 20};
      },
      "rows: 20 is too few for 10 classes; at least 40 rows are needed, or fewer classes");
  expect_bad([](auto& o) { o.rows.reset(); }, "rows: auto is for a corpus");
  expect_bad([](auto& o) { o.prior = "mlpp"; }, "prior: unknown prior \"mlpp\"; did you mean \"mlp\"?");
  expect_bad([](auto& o) { o.prior = "mlp:0.5,grahp:0.5"; }, "did you mean \"graph\"?");
  expect_bad([](auto& o) { o.prior = "efects"; }, "did you mean \"effects\"?");
  expect_bad([](auto& o) { o.prior = "mlp:-1"; }, "prior: expected a weight of at least 0 behind \"mlp:\", got \"-1\"");
  expect_bad([](auto& o) { o.prior = "mlp:0,tree:0"; }, "prior: mlp:0,tree:0: all weights are 0");
}

TEST(PriorOptions, RangesAreReadOnceAndSavedAsGiven) {
  PriorOptions options;
  const OptionList list = options_of(options);
  const auto refused = [&](const char* name, const char* text) {
    return std::string(error_of([&] { set_option(list, name, text); }).what());
  };
  EXPECT_EQ(refused("features", "50:5"), "--features 50:5: the range is empty; did you mean 5:50?");
  EXPECT_EQ(refused("features", "many"),
            "--features: expected auto or a whole number, or a range like 5:50, got \"many\"");
  EXPECT_EQ(refused("features", "5:5000"), "--features 5:5000: expected numbers from 1 to 1000, got 5,000");
  EXPECT_THAT(refused("classes", "1"), HasSubstr("expected numbers from 2 to 1000, got 1"));
  EXPECT_THAT(refused("number_share", "1.5"), HasSubstr("--number-share: expected a number from 0 to 1"));
  EXPECT_THAT(refused("rows", "0"), HasSubstr("expected numbers from 16 to"));
  EXPECT_EQ(
      values_of(options).dump(),
      R"({"prior":"mix","rows":"1024","features":"auto","classes":"2:10","binary":null,"missing":0.3,"number_share":0.0,"seed":0})");
  set_option(list, "features", "5:50");
  EXPECT_EQ(values_of(options)["features"], "5:50");
}

TEST(PriorOptions, MixturesAreTakenApart) {
  PriorOptions options;
  options.prior = "mix:1,graph:3,mlp:1";
  options.rows = IntRange{100, 200};
  const PriorSettings settings = parse_settings(options);
  ASSERT_EQ(settings.parts.size(), 3u);
  EXPECT_EQ(settings.parts[1].kind, PriorKind::kTree);
  EXPECT_NEAR(settings.parts[0].weight, 0.34, 1e-12);  // mlp
  EXPECT_NEAR(settings.parts[1].weight, 0.06, 1e-12);  // tree
  EXPECT_NEAR(settings.parts[2].weight, 0.6, 1e-12);
  EXPECT_EQ(settings.rows, (IntRange{100, 200}));
  EXPECT_FALSE(settings.features.has_value());
}

}  // namespace
}  // namespace manyshot::prior
