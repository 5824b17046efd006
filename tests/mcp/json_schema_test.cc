#include "mcp/json_schema.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "mcp/schemas.h"

namespace manyshot::mcp {
namespace {

using ::testing::HasSubstr;

const Json kSchema = schema::object({{"name", schema::text()},
                                     {"shots", schema::whole("", 1, 10)},
                                     {"kind", schema::choice({"a", "b"}, "")},
                                     {"share", schema::number()},
                                     {"rows", schema::list(schema::cells(""))},
                                     {"either", {{"anyOf", {schema::flag(), schema::list(schema::number())}}}}},
                                    {"name"});

std::string problem_of(const char* json) {
  try {
    check_json(Json::parse(json), kSchema);
    return "";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput);
    return error.what();
  }
}

TEST(JsonSchema, TakesWhatKeepsToIt) {
  for (const char* json : {R"({"name": ""})", R"({"name": "x", "shots": 10, "kind": "b", "share": 2})",
                           R"({"name": "x", "rows": [{"a": 1, "b": null}, {}], "either": true})",
                           R"({"name": "x", "either": [1, 2.5]})"}) {
    EXPECT_EQ(problem_of(json), "") << json;
  }
}

TEST(JsonSchema, SaysWhatDoesNot) {
  EXPECT_EQ(problem_of("{}"), "name is needed");
  EXPECT_EQ(problem_of(R"({"name": 3})"), "name: expected text, found 3");
  EXPECT_EQ(problem_of(R"({"name": "x", "shots": 2.5})"), "shots: expected a whole number, found 2.5");
  EXPECT_EQ(problem_of(R"({"name": "x", "shots": 0})"), "shots: expected at least 1, found 0");
  EXPECT_EQ(problem_of(R"({"name": "x", "shots": 11})"), "shots: expected at most 10, found 11");
  EXPECT_EQ(problem_of(R"({"name": "x", "kind": "c"})"), R"(kind: expected one of ["a","b"], found "c")");
  EXPECT_EQ(problem_of(R"({"name": "x", "rows": [{}, {"a": [1]}]})"),
            "rows[1].a: expected text or a number or true or false or null, found [1]");
  EXPECT_EQ(problem_of(R"({"name": "x", "either": [1, "2"]})"), R"(either[1]: expected a number, found "2")");
  EXPECT_THAT(problem_of(R"({"nane": "x"})"), HasSubstr(R"(nane: there is no such argument; did you mean "name"?)"));
  EXPECT_THAT(problem_of("[]"), HasSubstr("expected an object"));
}

}  // namespace
}  // namespace manyshot::mcp
