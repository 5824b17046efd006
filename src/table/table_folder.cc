#include "table/table_folder.h"

#include <algorithm>
#include <filesystem>

namespace manyshot {
namespace fs = std::filesystem;

std::vector<std::string> tables_in(const std::string& folder, std::error_code& error) {
  std::vector<std::string> paths;
  for (const auto& entry : fs::directory_iterator(folder, error)) {
    const std::string extension = entry.path().extension().string(), name = entry.path().filename().string();
    if (entry.is_regular_file() && (extension == ".csv" || extension == ".parquet" || extension == ".pq") &&
        name != "index.csv" && name != "baselines_open.csv") {
      paths.push_back(entry.path().string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace manyshot
