// Files of texts to learn from: JSON lines, or one JSON array, as LLaMA-Factory, TRL and others read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/files.h"
#include "core/json.h"
#include "train/data/chat.h"

namespace manyshot::train {

// The lines of a file, found by number. A file whose first byte is '[' is one JSON array, whose entries count as lines.
class JsonLines {
 public:
  // Throws Error(kCorruptFile) for an array that is no JSON, and what MappedFile throws.
  explicit JsonLines(const std::string& path);
  size_t size() const { return array_.empty() ? lines_.size() : array_.size(); }
  // Throws Error(kCorruptFile) naming file and line unless it is a JSON object.
  Json record(size_t number) const;
  // "data.jsonl:17"
  std::string place(size_t number) const;

 private:
  struct Line {
    size_t number = 0, begin = 0, end = 0;
  };
  std::string_view text() const;

  MappedFile file_;
  std::vector<Line> lines_;
  Json array_ = Json::array();
};

// {"instruction", "input", "output", optionally "system" and "history": [[question, answer], …]}: the user's message is
// the instruction and, in a new line, the input. Throws Error(kBadInput) beginning with `place` for another shape.
std::vector<ChatMessage> read_alpaca(const Json& record, std::string_view place);
// {"messages": [{"role", "content"}, …]}, or ShareGPT's {"conversations": [{"from", "value"}, …]}.
std::vector<ChatMessage> read_messages(const Json& record, std::string_view place);

}  // namespace manyshot::train
