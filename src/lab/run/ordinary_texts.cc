#include "lab/run/ordinary_texts.h"

#include <filesystem>
#include <memory>

#include "core/error.h"
#include "train/data/text_records.h"

namespace manyshot::lab {
namespace {
constexpr size_t kPieceBytes = 400;  // about as much as a document of the laboratory
}

std::vector<std::string> read_ordinary_texts(const std::string& path) {
  const bool is_json = std::filesystem::path(path).extension() == ".jsonl";
  std::unique_ptr<train::TextRecords> records;
  if (is_json) {
    records = std::make_unique<train::JsonLines>(path);
  } else {
    records = std::make_unique<train::PlainText>(path, kPieceBytes);
  }
  std::vector<std::string> texts;
  for (size_t i = 0; i < records->size(); ++i) {
    const Json record = records->record(i);
    const auto text = record.find("text");
    if (text == record.end() || !text->is_string())
      fail(ErrorKind::kBadInput, "{}: there is no \"text\"", records->place(i));
    texts.push_back(*text);
  }
  if (texts.empty()) fail(ErrorKind::kBadInput, "{}: there is no text in it", path);
  return texts;
}

}  // namespace manyshot::lab
