#include "table/take_rows.h"

#include <gtest/gtest.h>

namespace manyshot {
namespace {

Table table_of(std::vector<double> numbers, std::vector<int32_t> codes, std::vector<std::string> categories) {
  const size_t num_rows = numbers.size();
  return {.columns = {{.name = "x", .numbers = std::move(numbers)},
                      {.name = "kind",
                       .type = ColumnType::kCategorical,
                       .codes = std::move(codes),
                       .categories = std::move(categories)}},
          .num_rows = num_rows};
}

TEST(JoinTables, KeepsRowsInOrderAndCategoriesBySpelling) {
  // Both have the schema's "a" and "b" first; what is new in each is its own.
  const Table first = table_of({1, 2, 3}, {1, kMissingCode, 2}, {"a", "b", "new"});
  const Table second = table_of({4, 5}, {2, 3}, {"a", "b", "other", "new"});
  const std::vector<const Table*> both{&first, &second};
  const Table joined = join_tables(both);
  EXPECT_EQ(joined.num_rows, 5u);
  EXPECT_EQ(joined.columns[0].numbers, (std::vector<double>{1, 2, 3, 4, 5}));
  EXPECT_EQ(joined.columns[1].categories, (std::vector<std::string>{"a", "b", "new", "other"}));
  EXPECT_EQ(joined.columns[1].codes, (std::vector<int32_t>{1, kMissingCode, 2, 3, 2}));
  EXPECT_EQ(joined.columns[1].type, ColumnType::kCategorical);
}

TEST(JoinTables, PartsOfATableAreTheTable) {
  const Table whole = table_of({1, 2, 3, 4}, {0, 1, kMissingCode, 1}, {"a", "b"});
  const Table head = take_rows(whole, std::vector<uint64_t>{0, 1}),
              tail = take_rows(whole, std::vector<uint64_t>{2, 3});
  const std::vector<const Table*> parts{&head, &tail};
  const Table joined = join_tables(parts);
  EXPECT_EQ(joined.columns[0].numbers, whole.columns[0].numbers);
  EXPECT_EQ(joined.columns[1].codes, whole.columns[1].codes);
  EXPECT_EQ(joined.columns[1].categories, whole.columns[1].categories);
}

}  // namespace
}  // namespace manyshot
