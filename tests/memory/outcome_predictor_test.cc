#include "memory/outcome_predictor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "core/rng.h"

namespace manyshot::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const OutcomePredictorOptions kOptions{.ensemble = 1};

std::shared_ptr<const Method> default_method() {
  static const std::shared_ptr<const Method> method = open_method("default", {.ensemble = 1});
  return method;
}

std::vector<Experience> with_outcomes(const std::vector<Json>& outcomes) {
  std::vector<Experience> experiences;
  for (const Json& outcome : outcomes) {
    const auto id = static_cast<int64_t>(experiences.size());
    experiences.push_back(
        {.id = id + 1, .fields = {{"x", id}, {"y", id % 2 == 0 ? "even" : "odd"}}, .outcome = outcome});
  }
  return experiences;
}

OutcomePredictor::Answers predict(const OutcomePredictor& predictor, const char* fields) {
  const Json asked = Json::parse(fields);
  return predictor.predict(std::span(&asked, 1));
}

TEST(OutcomePredictor, FewExperiencesGiveBaseRates) {
  const OutcomePredictor predictor(with_outcomes({"won", "lost", "won"}), kOptions, nullptr, "c");
  EXPECT_EQ(predictor.basis(), Basis::kBaseRates);
  EXPECT_THAT(predictor.word(), HasSubstr("only 3 experiences are remembered: too few for a model"));
  EXPECT_THAT(predictor.classes(), ElementsAre("lost", "won"));
  EXPECT_THAT(predict(predictor, R"({"z": 1})").probabilities, ElementsAre(1.5 / 4, 2.5 / 4));
  EXPECT_EQ(predictor.unseen_probability(), 0);
}

TEST(OutcomePredictor, OneOutcomeLeavesRoomForAnother) {
  const OutcomePredictor few(with_outcomes({"won"}), kOptions, nullptr, "c");
  EXPECT_THAT(predict(few, "{\"x\": 1}").probabilities, ElementsAre(0.75));
  EXPECT_EQ(few.unseen_probability(), 0.25);
  const OutcomePredictor many(with_outcomes(std::vector<Json>(30, "won")), kOptions, default_method(), "c");
  EXPECT_EQ(many.basis(), Basis::kBaseRates);
  EXPECT_THAT(many.word(), HasSubstr("all 30 experiences came out as \"won\""));
  EXPECT_DOUBLE_EQ(many.unseen_probability() + predict(many, "{\"x\": 1}").probabilities[0], 1);
}

TEST(OutcomePredictor, EqualFieldsGiveBaseRates) {
  auto experiences = with_outcomes({"a", "b", "a", "b", "a", "b", "a", "b", "a", "b", "a", "b"});
  for (Experience& experience : experiences) experience.fields = {{"x", 1}};
  const OutcomePredictor predictor(experiences, kOptions, default_method(), "c");
  EXPECT_EQ(predictor.basis(), Basis::kBaseRates);
  EXPECT_THAT(predictor.word(), HasSubstr("have the same fields"));
  EXPECT_THAT(predict(predictor, "{\"x\": 1}").probabilities, ElementsAre(0.5, 0.5));
}

// Names that a table would read as missing, or as numbers, are outcomes like others.
TEST(OutcomePredictor, LearnsFromFields) {
  std::vector<Experience> experiences;
  const Rng rng = Rng(3);
  for (int i = 0; i < 120; ++i) {
    const double wind = rng.child("wind").uniform(i);
    const char* const tool = i % 3 == 0 ? "NaN" : i % 3 == 1 ? "12" : "none";
    experiences.push_back({.id = i + 1,
                           .fields = {{"wind", wind}, {"tool", tool}, {"outcome", i % 2 == 0}},
                           .outcome = wind > 0.5 ? "" : "NA"});
  }
  const OutcomePredictor predictor(experiences, kOptions, default_method(), "c");
  ASSERT_EQ(predictor.basis(), Basis::kModel) << predictor.word();
  EXPECT_THAT(predictor.classes(), ElementsAre("", "NA"));
  const auto high = predict(predictor, R"({"wind": 0.95, "tool": "12", "outcome": true})").probabilities,
             low = predict(predictor, R"({"wind": 0.05, "tool": "12", "outcome": true})").probabilities;
  EXPECT_NEAR(high[0] + high[1], 1, 1e-9);
  EXPECT_GT(high[0], 0.85);
  EXPECT_GT(low[1], 0.85);
  ASSERT_TRUE(predictor.estimate());
  EXPECT_LT(predictor.estimate()->log_loss, 0.5 * predictor.base_rate_log_loss());
  EXPECT_NEAR(predictor.base_rate_log_loss(), std::log(2), 0.05);

  // Several at once, and fields that are missing or new.
  const std::vector<Json> asked{Json::parse(R"({"wind": 0.95, "tool": "12", "outcome": true})"),
                                Json::parse(R"({"tool": "never seen", "new": 4, "wind": null})")};
  const auto both = predictor.predict(asked).probabilities;
  EXPECT_EQ(std::vector<double>(both.begin(), both.begin() + 2), high);
}

TEST(OutcomePredictor, PredictsNumbers) {
  std::vector<Json> few{3.0, 1.0, 2.0};
  const OutcomePredictor rates(with_outcomes(few), kOptions, nullptr, "c");
  EXPECT_EQ(rates.basis(), Basis::kBaseRates);
  EXPECT_NEAR(mean_of(predict(rates, "{\"x\": 1}").distributions.at(0)), 2, 1e-9);
  std::vector<Json> many;
  for (int i = 0; i < 80; ++i) many.push_back(10.0 * i);
  const OutcomePredictor model(with_outcomes(many), kOptions, nullptr, "c");
  ASSERT_EQ(model.basis(), Basis::kModel) << model.word();
  const auto low = predict(model, R"({"x": 5, "y": "odd"})"), high = predict(model, R"({"x": 75, "y": "odd"})");
  EXPECT_LT(mean_of(low.distributions.at(0)), 200);
  EXPECT_GT(mean_of(high.distributions.at(0)), 600);
  const OutcomePredictor same(with_outcomes(std::vector<Json>(20, 4.0)), kOptions, nullptr, "c");
  EXPECT_EQ(same.basis(), Basis::kBaseRates);
  EXPECT_NEAR(mean_of(predict(same, "{\"x\": 1}").distributions.at(0)), 4, 1e-9);
}

}  // namespace
}  // namespace manyshot::memory
