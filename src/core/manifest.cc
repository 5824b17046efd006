#include "core/manifest.h"

#include <filesystem>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace manyshot {

Manifest::Manifest(const std::string& path, const std::string& format, const std::string& version, const Json& options,
                   const std::function<void(const Json& line, uint64_t number)>& visit)
    : path_(path) {
  if (!std::filesystem::exists(path_)) {
    write_file(path_, Json{{"format", format}, {"version", version}, {"options", options}}.dump() + "\n");
    return;
  }
  std::ifstream file(path_, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line)) {
    fail(ErrorKind::kBadInput, "{}: cannot be read; remove it, or choose another --out", path_);
  }
  check_header(line, format, version, options);
  uint64_t bytes = line.size() + 1, number = 1;
  while (std::getline(file, line) && !file.eof()) {
    ++number;
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object()) {
      fail(ErrorKind::kCorruptFile,
           "{}:{}: expected the facts of a finished piece, found {}; remove the file to start again", path_, number,
           excerpt(line));
    }
    visit(json, number);
    bytes += line.size() + 1;
  }
  file.close();
  if (bytes < std::filesystem::file_size(path_)) std::filesystem::resize_file(path_, bytes);
}

void Manifest::append(const std::string& lines) {
  std::ofstream file(path_, std::ios::binary | std::ios::app);
  file.write(lines.data(), static_cast<std::streamsize>(lines.size()));
  file.flush();
  if (!file)
    fail(ErrorKind::kBadInput, "{}: cannot write; is the disk full? The same command goes on from here", path_);
}

void Manifest::check_header(const std::string& line, const std::string& format, const std::string& version,
                            const Json& options) const {
  const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object() || json.value("format", Json()) != format || !json.contains("options") ||
      !json["options"].is_object()) {
    fail(ErrorKind::kCorruptFile, "{}:1: expected a manifest of format \"{}\", found {}; choose another --out", path_,
         format, excerpt(line));
  }
  const Json made_by = json.value("version", Json("?"));
  if (made_by != version) {
    fail(ErrorKind::kBadInput, "{}: made by version {}, this is {}; its results may differ: choose another --out",
         path_, made_by.is_string() ? made_by.get<std::string>() : made_by.dump(), version);
  }
  for (const auto& [name, value] : options.items()) {
    const Json before = json["options"].value(name, Json());
    if (before != value) {
      fail(ErrorKind::kBadInput,
           "{}: made with {} {}, now {}; repeat the options it was made with, or choose another --out", path_, name,
           before.dump(), value.dump());
    }
  }
}

}  // namespace manyshot
