#include "table/table_file.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "core/text.h"
#include "table/cell_values.h"
#include "table/table_reader.h"
#include "table/text_table.h"

namespace manyshot {
namespace {

// Column names without surrounding blanks, none empty, none twice; `notes` says what was changed.
std::vector<std::string> usable_names(const std::vector<std::string>& header, std::vector<std::string>& notes) {
  std::unordered_set<std::string> spelt;  // names of the file, which invented ones must not take
  for (const std::string& cell : header) spelt.emplace(trim_blanks(cell));
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, int> copies;
  std::vector<std::string> names, filled, renamed;
  for (size_t column = 0; column < header.size(); ++column) {
    const std::string original(trim_blanks(header[column]));
    const std::string base = original.empty() ? fmt::format("column_{}", column + 1) : original;
    std::string name = base;
    while (used.contains(name) || (name != original && spelt.contains(name))) {
      name = fmt::format("{}_{}", base, ++copies.try_emplace(base, 1).first->second);
    }
    if (original.empty()) {
      filled.push_back(name);
    } else if (name != original) {
      renamed.push_back(name);
    }
    used.insert(name);
    names.push_back(std::move(name));
  }
  if (!filled.empty()) notes.push_back(fmt::format("columns without a name are called {}", list_names(filled)));
  if (!renamed.empty()) notes.push_back(fmt::format("repeated column names are called {}", list_names(renamed)));
  return names;
}

}  // namespace

struct TableFile::Impl {
  Impl(std::string name, std::unique_ptr<TableReader> open, bool with_header)
      : path(std::move(name)), reader(std::move(open)), has_header(with_header), notes(reader->notes()) {
    std::vector<std::string> changes;
    names = usable_names(reader->header(), changes);
    if (has_header) notes.insert(notes.end(), changes.begin(), changes.end());
  }

  std::string path;
  std::unique_ptr<TableReader> reader;
  bool has_header;
  std::vector<std::string> notes;
  std::vector<std::string> names;
};

TableFile TableFile::open(const std::string& path, const ReadOptions& options) {
  return TableFile(std::make_unique<Impl>(path, open_table(path, options), options.has_header));
}

TableFile TableFile::from_bytes(std::string bytes, const std::string& name, const ReadOptions& options) {
  return TableFile(std::make_unique<Impl>(name, open_table_bytes(std::move(bytes), name, options), options.has_header));
}

TableFile TableFile::from_text(std::shared_ptr<const TextTable> table, const std::string& name) {
  check_column_count(name, table->columns.size());
  if (table->num_rows == 0) fail(ErrorKind::kBadInput, "{}: the table has no rows; give at least one", name);
  return TableFile(std::make_unique<Impl>(name, open_text_table(std::move(table)), /*with_header=*/true));
}

TableFile::TableFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TableFile::~TableFile() = default;
TableFile::TableFile(TableFile&&) noexcept = default;
TableFile& TableFile::operator=(TableFile&&) noexcept = default;

const std::string& TableFile::path() const { return impl_->path; }
const std::vector<std::string>& TableFile::column_names() const { return impl_->names; }
const std::vector<std::string>& TableFile::notes() const { return impl_->notes; }
std::string TableFile::format_name() const { return impl_->reader->format_name(); }
bool TableFile::semicolon_separated() const { return impl_->reader->semicolon_separated(); }
bool TableFile::has_name(size_t column) const {
  return !impl_->has_header || !is_blank(impl_->reader->header()[column]);
}
bool TableFile::is_text_column(size_t column) const { return impl_->reader->is_text_column(column); }
bool TableFile::is_index_column(size_t column) const { return impl_->reader->is_index_column(column); }

void TableFile::scan(std::span<const size_t> columns, const std::function<bool(const TextBatch&)>& visit) const {
  impl_->reader->scan(columns, visit);
}

size_t TableFile::column_index(std::string_view name) const {
  const auto& names = impl_->names;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  fail(ErrorKind::kNotFound, "{}: no column \"{}\"{}; the columns are {}{}", path(), excerpt(name),
       did_you_mean(name, names), list_names(names), impl_->reader->header_advice());
}

void check_column_count(const std::string& path, size_t num_columns) {
  if (num_columns <= kMaxColumns) return;
  fail(ErrorKind::kBadInput,
       "{}: {} columns, but at most {} are read; keep the columns that matter, or check the delimiter", path,
       with_thousands(static_cast<long long>(num_columns)), with_thousands(kMaxColumns));
}

}  // namespace manyshot
