#include "evaluate/ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/parallel.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

const Json kOptions{{"protocol", "paper"}, {"seed", 1}};

UnitRecord record(const std::string& model, uint64_t shots) {
  return {.key = {.model = model, .table = "t", .shots = shots, .seed = 40},
          .finished = "2026-01-01T00:00:00Z",
          .facts = {{"fit_s", 0.5}},
          .rows = {3, 1},
          .answers = {0.25, 0.75, 1.0 / 3, 2.0 / 3}};
}

class LedgerTest : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path() + "/" + name; }

  TemporaryFolder folder_;
};

TEST_F(LedgerTest, KeepsUnitsToTheLastBit) {
  const UnitRecord written = record("knn", 8);
  {
    Ledger ledger(path("l"), "1", kOptions);
    EXPECT_FALSE(ledger.is_finished(written.key));
    ledger.add(written);
    EXPECT_TRUE(ledger.is_finished(written.key));
  }
  Ledger ledger(path("l"), "1", kOptions);
  EXPECT_TRUE(ledger.is_finished(written.key));
  const std::optional<UnitRecord> read = ledger.find(written.key);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->rows, written.rows);
  EXPECT_EQ(read->answers, written.answers);
  EXPECT_EQ(read->facts, written.facts);
  EXPECT_EQ(read->finished, written.finished);
  EXPECT_FALSE(ledger.find(record("knn", 16).key));
}

TEST_F(LedgerTest, PassingErrorsAreTriedAgainAndLastingOnesNot) {
  Ledger ledger(path("l"), "1", kOptions);
  UnitRecord lasting = record("a", 8), passing = record("b", 8);
  lasting.error = "too many classes";
  passing.error = "no connection";
  passing.is_permanent = false;
  ledger.add(lasting);
  ledger.add(passing);
  EXPECT_TRUE(ledger.is_finished(lasting.key));
  EXPECT_FALSE(ledger.is_finished(passing.key));
  EXPECT_EQ(ledger.find(passing.key)->error, "no connection");
  passing.error = "";
  ledger.add(passing);
  EXPECT_EQ(ledger.find(passing.key)->error, "");
}

TEST_F(LedgerTest, TakesUnitsFromManyThreads) {
  Ledger ledger(path("l"), "1", kOptions);
  parallel_for(200, [&](size_t i, int) { ledger.add(record("knn", i)); });
  for (size_t i = 0; i < 200; ++i) EXPECT_TRUE(ledger.is_finished(record("knn", i).key));
}

TEST_F(LedgerTest, RefusesOtherOptionsVersionsAndHashes) {
  {
    Ledger ledger(path("l"), "1", kOptions);
    ledger.check_hash("table", "t", "abc");
    ledger.check_hash("table", "t", "abc");
    EXPECT_ERROR(ledger.check_hash("table", "t", "abd"), ErrorKind::kBadInput, "table \"t\" has changed");
  }
  EXPECT_ERROR(Ledger(path("l"), "2", kOptions), ErrorKind::kBadInput, "made by version 1, this is 2");
  EXPECT_ERROR(Ledger(path("l"), "1", Json{{"protocol", "fixed"}, {"seed", 1}}), ErrorKind::kBadInput,
               "made with --protocol \"paper\", now \"fixed\"");
}

TEST_F(LedgerTest, RefusesASecondProcessAndOtherFiles) {
  Ledger ledger(path("l"), "1", kOptions);
  EXPECT_ERROR(Ledger(path("l"), "1", kOptions), ErrorKind::kBadInput, "another process is working on it");
  std::ofstream(path("text")) << std::string(5000, 'x');
  EXPECT_ERROR(Ledger(path("text"), "1", kOptions), ErrorKind::kCorruptFile, "this is no ledger");
  EXPECT_ERROR(Ledger(path("no/folder"), "1", kOptions), ErrorKind::kBadInput, "unable to open");
}

TEST_F(LedgerTest, FolderSeesTheShardsAndPrefersResults) {
  UnitRecord failed = record("b", 8);
  failed.error = "no connection";
  failed.is_permanent = false;
  {
    LedgerFolder first(folder_.path(), "0-of-2", "1", kOptions), second(folder_.path(), "1-of-2", "1", kOptions);
    first.add(record("a", 8));
    first.add(failed);
    second.add(record("b", 8));
    EXPECT_FALSE(second.is_finished(record("a", 8).key));
  }
  LedgerFolder all(folder_.path(), "", "1", kOptions);
  EXPECT_TRUE(all.is_finished(record("a", 8).key));
  EXPECT_TRUE(all.is_finished(record("b", 8).key));
  EXPECT_EQ(all.find(record("b", 8).key)->error, "");
}

}  // namespace
}  // namespace manyshot
