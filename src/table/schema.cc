#include "table/schema.h"

#include <algorithm>
#include <numeric>

#include "table/column_profile.h"

namespace manyshot {

Schema infer_schema(const TableFile& file, std::span<const std::string> as_labels) {
  for (const std::string& label : as_labels) file.column_index(label);
  std::vector<ColumnProfile> profiles;
  for (const std::string& name : file.column_names()) {
    profiles.emplace_back(name, std::find(as_labels.begin(), as_labels.end(), name) != as_labels.end());
  }
  std::vector<size_t> columns(profiles.size());
  std::iota(columns.begin(), columns.end(), 0);

  Schema schema;
  file.scan(columns, [&](const TextBatch& batch) {
    for (size_t i = 0; i < profiles.size(); ++i) profiles[i].add(batch.cells[i], batch.first_row);
    schema.num_rows = batch.first_row + batch.num_rows;
    return true;
  });
  for (ColumnProfile& profile : profiles) schema.columns.push_back(profile.finish(file.semicolon_separated()));
  return schema;
}

}  // namespace manyshot
