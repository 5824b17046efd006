#include "train/record/write_pages.h"

#include <filesystem>

#include "core/files.h"

namespace manyshot::train {

void write_pages(const report::Document& document, const std::string& folder) {
  write_file((std::filesystem::path(folder) / "report.html").string(), report::html_document(document));
  write_file((std::filesystem::path(folder) / "report.md").string(), report::markdown_document(document));
}

}  // namespace manyshot::train
