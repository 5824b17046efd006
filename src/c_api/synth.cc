// The functions of include/manyshot.h on tables drawn from a prior.
#include <manyshot.h>

#include <memory>
#include <string>
#include <vector>

#include "c_api/border.h"
#include "prior/prior.h"
#include "prior/task/task_table.h"

struct manyshot_table {
  std::vector<manyshot::prior::TaskColumn> columns;
  size_t num_rows = 0;
  std::string info;
};

namespace manyshot {
namespace {

std::unique_ptr<manyshot_table> draw_table(int64_t index, const char* options_json) {
  if (index < 0) fail(ErrorKind::kBadInput, "index: {} is below 0; tasks are numbered 0, 1, …", index);
  prior::PriorOptions options;
  set_options(named_by_keys(options_of(options)), options_json);
  const prior::Prior prior(options);
  prior::PriorScratch scratch;
  const prior::Task task = prior.draw(static_cast<uint64_t>(index), scratch);
  Json info = task_facts(task);
  info["options"] = values_of(options);
  return std::make_unique<manyshot_table>(manyshot_table{table_of(task), task.num_rows, info.dump()});
}

const prior::TaskColumn* column_at(const manyshot_table* table, int64_t column) {
  if (column < 0 || column >= manyshot_table_num_columns(table)) return nullptr;
  return &table->columns[static_cast<size_t>(column)];
}

}  // namespace
}  // namespace manyshot

using namespace manyshot;  // NOLINT: the functions below are C's

manyshot_status manyshot_synth(int64_t index, const char* options_json, manyshot_table** table) {
  return guarded([&] {
    require(table, "table");
    *table = draw_table(index, options_json).release();
  });
}

void manyshot_table_free(manyshot_table* table) { delete table; }

const char* manyshot_table_info(const manyshot_table* table) { return table == nullptr ? "" : table->info.c_str(); }

int64_t manyshot_table_num_rows(const manyshot_table* table) {
  return table == nullptr ? 0 : static_cast<int64_t>(table->num_rows);
}

int64_t manyshot_table_num_columns(const manyshot_table* table) {
  return table == nullptr ? 0 : static_cast<int64_t>(table->columns.size());
}

int64_t manyshot_table_target(const manyshot_table* table) { return manyshot_table_num_columns(table) - 1; }

const char* manyshot_table_name(const manyshot_table* table, int64_t column) {
  const prior::TaskColumn* found = column_at(table, column);
  return found == nullptr ? nullptr : found->name.c_str();
}

const char* manyshot_table_kind(const manyshot_table* table, int64_t column) {
  const prior::TaskColumn* found = column_at(table, column);
  return found == nullptr ? nullptr : found->kind.data();  // names of enums are literals, which end with 0
}

const double* manyshot_table_doubles(const manyshot_table* table, int64_t column) {
  const prior::TaskColumn* found = column_at(table, column);
  return found == nullptr || found->numbers.empty() ? nullptr : found->numbers.data();
}

const int32_t* manyshot_table_codes(const manyshot_table* table, int64_t column) {
  const prior::TaskColumn* found = column_at(table, column);
  return found == nullptr || found->codes.empty() ? nullptr : found->codes.data();
}

int64_t manyshot_table_num_categories(const manyshot_table* table, int64_t column) {
  const prior::TaskColumn* found = column_at(table, column);
  return found == nullptr ? 0 : static_cast<int64_t>(found->categories.size());
}

const char* manyshot_table_category(const manyshot_table* table, int64_t column, int64_t code) {
  if (code < 0 || code >= manyshot_table_num_categories(table, column)) return nullptr;
  return column_at(table, column)->categories[static_cast<size_t>(code)].c_str();
}
