// Files of texts to learn from: JSON lines, or one JSON array, as LLaMA-Factory, TRL and others read them, and plain
// texts.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "train/data/chat.h"

namespace manyshot::train {

// The samples of a file, found by number.
class TextRecords {
 public:
  virtual ~TextRecords() = default;
  virtual size_t size() const = 0;
  // A JSON object. Throws Error(kCorruptFile) naming its place for anything else.
  virtual Json record(size_t number) const = 0;
  // "data.jsonl:17"
  virtual std::string place(size_t number) const = 0;
};

// A file whose first byte is '[' is one JSON array, whose entries count as lines.
class JsonLines : public TextRecords {
 public:
  // Throws Error(kCorruptFile) for an array that is no JSON, and what MappedFile throws.
  explicit JsonLines(const std::string& path);
  size_t size() const override { return array_.empty() ? lines_.size() : array_.size(); }
  Json record(size_t number) const override;
  std::string place(size_t number) const override;

 private:
  struct Line {
    size_t number = 0, begin = 0, end = 0;
  };
  std::string_view text() const;

  MappedFile file_;
  std::vector<Line> lines_;
  Json array_ = Json::array();
};

// A plain text as records {"text"}: pieces of at most `max_bytes`, each up to the last empty line in its second half,
// else the last line's end there, else the last blank, else a character's end. Pieces of white space alone are left
// out.
class PlainText : public TextRecords {
 public:
  // Throws Error(kBadInput) for text that is not UTF-8, and what MappedFile throws. REQUIRES: max_bytes >= 8.
  PlainText(const std::string& path, size_t max_bytes);
  size_t size() const override { return pieces_.size(); }
  Json record(size_t number) const override { return {{"text", pieces_[number].text}}; }
  std::string place(size_t number) const override;

 private:
  struct Piece {
    std::string_view text;  // of the file
    size_t line = 0;        // that it begins in
  };

  MappedFile file_;
  std::vector<Piece> pieces_;
};

// {"instruction", "input", "output", optionally "system" and "history": [[question, answer], …]}: the user's message is
// the instruction and, in a new line, the input. Throws Error(kBadInput) beginning with `place` for another shape.
std::vector<ChatMessage> read_alpaca(const Json& record, std::string_view place);
// {"messages": [{"role", "content"}, …]}, or ShareGPT's {"conversations": [{"from", "value"}, …]}.
std::vector<ChatMessage> read_messages(const Json& record, std::string_view place);

}  // namespace manyshot::train
