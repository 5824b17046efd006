#include "memory/memory_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::memory {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Json parsed(const char* json) { return Json::parse(json); }

class MemoryFileTest : public ::testing::Test {
 protected:
  std::vector<int64_t> remember(MemoryFile& file, const std::string& collection, Json fields, Json outcome) {
    const NewExperience experience{std::move(fields), std::move(outcome)};
    return file.remember(collection, std::span(&experience, 1));
  }
  TemporaryFolder folder_;
  const std::string path_ = folder_ / "agent.memory";
};

TEST_F(MemoryFileTest, GivesBackWhatItWasGiven) {
  const Json fields =
      parsed(R"({"city": "Zürich \u0000\n", "wind": -0.125, "big": 9007199254740993, "rain": false, "none": null})");
  {
    MemoryFile file(path_);
    EXPECT_THAT(file.collections(), IsEmpty());
    EXPECT_THAT(remember(file, "trips", fields, "late"), ElementsAre(1));
    EXPECT_THAT(remember(file, "trips", parsed(R"({"city": "Bern"})"), true), ElementsAre(2));
    EXPECT_THAT(remember(file, "delays", parsed(R"({"city": "Bern"})"), 12.5), ElementsAre(3));
  }
  MemoryFile file(path_);
  const std::vector<Experience> trips = file.all("trips");
  ASSERT_THAT(trips, SizeIs(2));
  EXPECT_EQ(trips[0].fields, fields);
  EXPECT_EQ(trips[0].outcome, "late");
  EXPECT_THAT(trips[0].remembered, ::testing::MatchesRegex("20[0-9-]+T[0-9:]+Z"));
  EXPECT_EQ(trips[1].id, 2);
  EXPECT_EQ(trips[1].outcome, "true");
  EXPECT_EQ(file.state("trips"), (CollectionState{OutcomeKind::kClass, 2, 2}));
  EXPECT_EQ(file.state("delays"), (CollectionState{OutcomeKind::kNumber, 1, 3}));
  EXPECT_EQ(file.state("none"), std::nullopt);
  const std::vector<CollectionSummary> collections = file.collections();
  ASSERT_THAT(collections, SizeIs(2));
  EXPECT_EQ(collections[0].name, "delays");
  EXPECT_EQ(collections[1].state.count, 2u);
  EXPECT_EQ(collections[1].first, trips[0].remembered);
}

TEST_F(MemoryFileTest, RemembersAllOrNone) {
  MemoryFile file(path_);
  const std::vector<NewExperience> mixed{{parsed(R"({"x": 1})"), "a"}, {parsed(R"({"x": 2})"), 5}};
  EXPECT_ERROR(file.remember("c", mixed), ErrorKind::kBadInput,
               "outcome: a number, and those of collection \"c\" are each a class");
  EXPECT_THAT(file.all("c"), IsEmpty());
  EXPECT_EQ(file.state("c"), std::nullopt);
  const std::vector<NewExperience> bad{{parsed(R"({"x": 1})"), "a"}, {parsed(R"({"x": [2]})"), "b"}};
  EXPECT_ERROR(file.remember("c", bad), ErrorKind::kBadInput, "experiences[1]: fields.x: expected text, a number");
  EXPECT_THAT(file.all("c"), IsEmpty());
}

TEST_F(MemoryFileTest, RefusesWhatItCannotKeep) {
  MemoryFile file(path_);
  const Json x = parsed(R"({"x": 1})");
  EXPECT_ERROR(remember(file, "c", Json::object(), "a"), ErrorKind::kBadInput, "with at least one");
  EXPECT_ERROR(remember(file, "c", parsed("[1]"), "a"), ErrorKind::kBadInput, "fields: expected an object");
  EXPECT_ERROR(remember(file, "c", parsed(R"({"": 1})"), "a"), ErrorKind::kBadInput, "1 to 200 are possible");
  EXPECT_ERROR(remember(file, "c", {{"x", std::string(10'001, 'y')}}, "a"), ErrorKind::kBadInput,
               "10001 bytes of text");
  EXPECT_ERROR(remember(file, "c", x, nullptr), ErrorKind::kBadInput, "outcome: expected a class");
  EXPECT_ERROR(remember(file, "c", x, x), ErrorKind::kBadInput, "outcome: expected a class");
  EXPECT_ERROR(remember(file, "", x, "a"), ErrorKind::kBadInput, "is no name");
  EXPECT_ERROR(remember(file, "a\nb", x, "a"), ErrorKind::kBadInput, "is no name");
  Json many = Json::object();
  for (int i = 0; i < 201; ++i) many[std::to_string(i)] = i;
  EXPECT_ERROR(remember(file, "c", many, "a"), ErrorKind::kBadInput, "fields: 201 of them; at most 200");
  EXPECT_THAT(file.collections(), IsEmpty());
}

TEST_F(MemoryFileTest, ForgetsForGood) {
  MemoryFile file(path_);
  for (int i = 0; i < 5; ++i) remember(file, "c", {{"x", i}}, "a");
  remember(file, "d", {{"x", 0}}, "a");
  const std::vector<int64_t> ids{2, 4, 6, 99};  // 6 is of the other collection
  EXPECT_EQ(file.forget("c", ids), 2u);
  EXPECT_THAT(file.all("c"), SizeIs(3));
  EXPECT_THAT(file.all("d"), SizeIs(1));
  EXPECT_EQ(file.forget_all("c"), 3u);
  EXPECT_EQ(file.state("c"), std::nullopt);
  EXPECT_THAT(remember(file, "c", {{"x", 0}}, 7), ElementsAre(7))
      << "another kind may begin, and ids are never given twice";
  EXPECT_EQ(file.forget("c", std::vector<int64_t>{7}), 1u);
  EXPECT_EQ(file.state("c"), std::nullopt);
}

TEST_F(MemoryFileTest, RefusesOtherFilesByName) {
  const std::string text = folder_.write("text", "this is no database, however long it goes on, and that is that\n");
  EXPECT_ERROR(MemoryFile{text}, ErrorKind::kCorruptFile, "text: this is no memory, or a damaged one");
  EXPECT_EQ(content_of(text).substr(0, 10), "this is no");
  {
    Database other(folder_ / "other", {});
    other.execute("CREATE TABLE t(x)");
  }
  EXPECT_ERROR(MemoryFile{folder_ / "other"}, ErrorKind::kCorruptFile, "other: a SQLite file of another program");
  {
    MemoryFile file(path_);
    remember(file, "c", {{"x", 1}}, "a");
  }
  {
    Database newer(path_, {});
    newer.execute("PRAGMA user_version = 2");
  }
  EXPECT_ERROR(MemoryFile{path_}, ErrorKind::kUnsupported,
               "agent.memory: a memory of version 2, and this program reads version 1");
  EXPECT_ERROR(MemoryFile{folder_ / "none/agent.memory"}, ErrorKind::kBadInput, "check the folder");
}

// Whatever page is damaged: an error that names the file, or answers, but nothing worse.
TEST_F(MemoryFileTest, SurvivesDamage) {
  {
    MemoryFile file(path_);
    for (int i = 0; i < 200; ++i) remember(file, "c", {{"x", i}, {"text", std::string(50, 'y')}}, "a");
  }
  const std::string whole = content_of(path_);
  int num_refused = 0;
  for (size_t place = 0; place < whole.size(); place += 512) {
    std::string damaged = whole;
    for (size_t i = place; i < std::min(place + 64, damaged.size()); ++i) damaged[i] = static_cast<char>(0xA5);
    const std::string path = folder_.write("damaged", damaged);
    try {
      MemoryFile file(path);
      file.all("c");
      file.collections();
    } catch (const Error& error) {
      ++num_refused;
      EXPECT_THAT(error.what(), ::testing::HasSubstr("damaged"));
    }
    for (const char* const more : {"damaged-wal", "damaged-shm"}) unlink((folder_ / more).c_str());
  }
  EXPECT_GT(num_refused, 5);
}

}  // namespace
}  // namespace manyshot::memory
