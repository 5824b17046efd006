#include "memory/recall.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace manyshot::memory {
namespace {

using ::testing::ElementsAre;

std::vector<Experience> experiences_of(const std::vector<const char*>& fields) {
  std::vector<Experience> experiences;
  for (const char* json : fields) {
    const auto id = static_cast<int64_t>(experiences.size()) + 1;
    experiences.push_back({.id = id, .fields = Json::parse(json), .outcome = "a"});
  }
  return experiences;
}

std::vector<int64_t> ids_of(const std::vector<Recalled>& recalled) {
  std::vector<int64_t> ids;
  for (const Recalled& one : recalled) ids.push_back(one.experience->id);
  return ids;
}

TEST(Recall, GivesTheNearestAndWhy) {
  const auto experiences =
      experiences_of({R"({"city": "Bern", "wind": 0})", R"({"city": "Bern", "wind": 10, "extra": 1})",
                      R"({"city": "Genf", "wind": 4})", R"({"wind": 4, "city": null})"});
  const Json asked = Json::parse(R"({"city": "Bern", "wind": 4, "day": "mon"})");
  const std::vector<Recalled> recalled = recall(experiences, asked, 3);
  EXPECT_THAT(ids_of(recalled), ElementsAre(1, 2, 4));  // of equals the latest first
  EXPECT_DOUBLE_EQ(recalled[0].distance, (0 + 0.4 + 1) / 3);
  EXPECT_THAT(recalled[0].agrees, ElementsAre("city"));
  ASSERT_EQ(recalled[0].differs.size(), 2u);
  EXPECT_EQ(recalled[0].differs[0].field, "wind");
  EXPECT_DOUBLE_EQ(recalled[0].differs[0].distance, 0.4);
  EXPECT_EQ(recalled[0].differs[0].here, 0);
  EXPECT_EQ(recalled[0].differs[1].field, "day");
  EXPECT_TRUE(recalled[0].differs[1].here.is_null());
  EXPECT_DOUBLE_EQ(recalled[2].distance, (1.0 + 0 + 1) / 3);
}

TEST(Recall, ComparesValuesOfAnyKind) {
  const auto experiences = experiences_of({R"({"x": 1})", R"({"x": "1"})", R"({"x": true})", R"({"x": null})",
                                           R"({"y": 1})", R"({"x": 1e308})", R"({"x": -1e308})", R"({"x": 1.0})"});
  const auto distance = [&](const char* asked, size_t id) {
    for (const Recalled& one : recall(experiences, Json::parse(asked), 100)) {
      if (one.experience->id == static_cast<int64_t>(id)) return one.distance;
    }
    return -1.0;
  };
  EXPECT_EQ(distance(R"({"x": 1})", 1), 0);
  EXPECT_EQ(distance(R"({"x": 1})", 8), 0);
  EXPECT_EQ(distance(R"({"x": 1})", 2), 1) << "text is no number";
  EXPECT_EQ(distance(R"({"x": 1})", 3), 1);
  EXPECT_EQ(distance(R"({"x": 1})", 4), 1);
  EXPECT_EQ(distance(R"({"x": 1})", 5), 1);
  EXPECT_EQ(distance(R"({"x": true})", 3), 0);
  EXPECT_EQ(distance(R"({"x": null})", 5), 0) << "neither has a value";
  EXPECT_LE(distance(R"({"x": 1})", 6), 1);
}

TEST(Recall, IsTheSameForTheSame) {
  std::vector<Experience> experiences;
  for (int i = 0; i < 500; ++i)
    experiences.push_back({.id = i + 1, .fields = {{"a", i % 7}, {"b", std::to_string(i % 5)}}, .outcome = "a"});
  const Json asked{{"a", 3}, {"b", "2"}};
  const auto few = ids_of(recall(experiences, asked, 10)), many = ids_of(recall(experiences, asked, 500));
  EXPECT_EQ(few, std::vector<int64_t>(many.begin(), many.begin() + 10));
  EXPECT_EQ(many.size(), 500u);
  EXPECT_TRUE(recall({}, asked, 5).empty());
}

}  // namespace
}  // namespace manyshot::memory
