#include "lab/augment/augmentation_file.h"

#include <sstream>

#include "core/error.h"
#include "core/files.h"

namespace manyshot::lab {
namespace {

constexpr const char* kFormat = "manyshot lab augmentation";

Json parse_line(const std::string& line, const std::string& path, size_t number) {
  try {
    return Json::parse(line);
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}:{}: no JSON ({}); remove the file, and the same command makes it again", path,
         number, error.what());
  }
}

}  // namespace

void write_augmentation(const Augmentation& augmentation, const LabData& data, const std::string& path) {
  const Audit audited = audit(data, augmentation.texts);
  std::string lines = Json({{"format", kFormat},
                            {"version", 1},
                            {"by", augmentation.by},
                            {"prompts", augmentation.prompts},
                            {"cost", to_json(augmentation.cost)},
                            {"audit", to_json(audited)}})
                          .dump() +
                      "\n";
  for (size_t i = 0; i < augmentation.texts.size(); ++i) {
    const AugmentedText& text = augmentation.texts[i];
    lines += Json({{"kind", name_of(text.kind)},
                   {"source", text.source},
                   {"text", text.text},
                   {"verdict", name_of(audited.texts[i].verdict)},
                   {"near_duplicate", audited.texts[i].is_near_duplicate}})
                 .dump() +
             "\n";
  }
  write_file(path, lines);
}

AugmentedData read_augmentation(const std::string& path, const LabData& data) {
  AugmentedData result;
  std::istringstream lines(read_file(path));
  std::string line;
  for (size_t number = 1; std::getline(lines, line); ++number) {
    const Json json = parse_line(line, path, number);
    try {
      if (number == 1) {
        if (json.at("format") != kFormat || json.at("version") != 1)
          fail(ErrorKind::kCorruptFile, "{}: no augmented texts, or of another version", path);
        result.augmentation.by = json.at("by");
        result.augmentation.prompts = json.at("prompts");
        result.augmentation.cost = read_augment_cost(json.at("cost"));
        continue;
      }
      const auto kind = value_named<AugmentKind>(json.at("kind").get<std::string>());
      if (!kind) fail(ErrorKind::kCorruptFile, "{}:{}: unknown kind {}", path, number, json.at("kind").dump());
      result.augmentation.texts.push_back({.kind = *kind, .source = json.at("source"), .text = json.at("text")});
    } catch (const Json::exception& error) {
      fail(ErrorKind::kCorruptFile, "{}:{}: {}; remove the file, and the same command makes it again", path, number,
           error.what());
    }
  }
  result.audit = audit(data, result.augmentation.texts);
  return result;
}

}  // namespace manyshot::lab
