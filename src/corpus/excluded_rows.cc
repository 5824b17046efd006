#include "corpus/excluded_rows.h"

#include <algorithm>
#include <system_error>

#include "core/error.h"
#include "encoding/features.h"
#include "encoding/number_code.h"
#include "table/schema.h"
#include "table/table_file.h"
#include "table/table_folder.h"

namespace manyshot {
namespace {

constexpr size_t kChunkRows = 65'536;

// FNV-1a over the sorted codes.
uint64_t hash_row(std::vector<uint16_t> codes) {
  std::sort(codes.begin(), codes.end());
  uint64_t hash = 0xcbf29ce484222325;
  for (const uint16_t code : codes) {
    for (const unsigned byte : {code & 0xffu, unsigned{code} >> 8}) hash = (hash ^ byte) * 0x100000001b3;
  }
  return hash;
}

}  // namespace

ExcludedRows ExcludedRows::read(const std::string& folder) {
  std::error_code error;
  const std::vector<std::string> paths = tables_in(folder, error);
  if (error) fail(ErrorKind::kNotFound, "--exclude {}: cannot read this folder: {}", folder, error.message());
  if (paths.empty())
    fail(ErrorKind::kNotFound, "--exclude {}: no .csv or .parquet file in this folder; check the path", folder);
  ExcludedRows rows;
  for (const std::string& path : paths) {
    const TableFile file = TableFile::open(path, {});
    const Schema schema = infer_schema(file);
    Table whole{.num_rows = 0};
    scan_table(file, schema, kChunkRows, nullptr, [&](const Table& chunk, uint64_t) {
      if (whole.columns.empty()) {
        whole = chunk;
        return;
      }
      for (size_t column = 0; column < chunk.columns.size(); ++column) {
        const Column& from = chunk.columns[column];
        Column& to = whole.columns[column];
        to.numbers.insert(to.numbers.end(), from.numbers.begin(), from.numbers.end());
        to.codes.insert(to.codes.end(), from.codes.begin(), from.codes.end());
        if (from.categories.size() > to.categories.size()) to.categories = from.categories;
      }
      whole.num_rows += chunk.num_rows;
    });
    rows.add(whole);
  }
  return rows;
}

void ExcludedRows::add(const Table& table) {
  ++num_tables_;
  // With and without the last column, which is the target in most collections.
  for (const size_t num_columns : {table.columns.size() - 1, table.columns.size()}) {
    const Table part{.columns = {table.columns.begin(), table.columns.begin() + static_cast<ptrdiff_t>(num_columns)},
                     .num_rows = table.num_rows};
    if (num_columns < kLeastCells) continue;
    const FeatureEncoder encoder = FeatureEncoder::fit(part);
    const FeatureMatrix features = encoder.transform(part);
    if (features.num_features < kLeastCells) continue;
    std::vector<NumberCode> codes;
    for (size_t feature = 0; feature < features.num_features; ++feature)
      codes.push_back(NumberCode::fit(features.column(feature)));
    std::vector<uint16_t> row_codes(features.num_features);
    for (size_t row = 0; row < features.num_rows; ++row) {
      for (size_t feature = 0; feature < row_codes.size(); ++feature) {
        row_codes[feature] = static_cast<uint16_t>(codes[feature].encode(features.at(row, feature)));
      }
      hashes_.insert(hash_row(row_codes));
    }
  }
  num_rows_ += table.num_rows;
}

bool ExcludedRows::contains(std::span<const uint16_t> codes) const {
  return codes.size() >= kLeastCells && hashes_.contains(hash_row({codes.begin(), codes.end()}));
}

}  // namespace manyshot
