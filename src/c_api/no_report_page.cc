// report.html carries scripts larger than the library: a run of the library has report.md alone, until the program
// resumes it (train/record/write_pages.cc).
#include <filesystem>

#include "core/files.h"
#include "train/record/write_pages.h"

namespace manyshot::train {

void write_pages(const report::Document& document, const std::string& folder) {
  write_file((std::filesystem::path(folder) / "report.md").string(), report::markdown_document(document));
}

}  // namespace manyshot::train
