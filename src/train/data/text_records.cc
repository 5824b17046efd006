#include "train/data/text_records.h"

#include <algorithm>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::train {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

// The text at `key`; empty when absent and not required.
std::string text_at(const Json& record, const char* key, bool is_required, std::string_view place) {
  const auto found = record.find(key);
  if (found == record.end() || found->is_null()) {
    if (!is_required) return "";
    fail(ErrorKind::kBadInput, "{}: there is no \"{}\"; check the stage's data kind", place, key);
  }
  if (!found->is_string()) {
    fail(ErrorKind::kBadInput, "{}: \"{}\" is {}, expected a text", place, key, excerpt(found->dump()));
  }
  return found->get<std::string>();
}

std::string role_of(const std::string& name, std::string_view place) {
  if (name == "user" || name == "human") return "user";
  if (name == "assistant" || name == "gpt") return "assistant";
  if (name == "system") return "system";
  fail(ErrorKind::kBadInput, "{}: role \"{}\" is unknown; expected system, user or assistant", place, excerpt(name));
}

// Where a piece of `text`, which is longer than max_bytes, ends.
size_t piece_end(std::string_view text, size_t max_bytes) {
  for (const std::string_view end : {"\n\n", "\n", " "}) {
    const size_t found = text.rfind(end, max_bytes - end.size());
    if (found != std::string_view::npos && found >= max_bytes / 2) return found + end.size();
  }
  size_t end = max_bytes;
  while (end > max_bytes - 4 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return end;
}

}  // namespace

PlainText::PlainText(const std::string& path, size_t max_bytes) : file_(path) {
  std::string_view text(reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size());
  if (const auto bad = find_invalid_utf8(text)) {
    fail(ErrorKind::kBadInput, "{}: byte {} is not UTF-8; save the text as UTF-8 (iconv -t UTF-8)", path,
         with_thousands(static_cast<long long>(*bad)));
  }
  for (size_t line = 1; !text.empty();) {
    const std::string_view piece = text.substr(0, text.size() <= max_bytes ? text.size() : piece_end(text, max_bytes));
    if (piece.find_first_not_of(kBlanks) != std::string_view::npos) pieces_.push_back({piece, line});
    line += static_cast<size_t>(std::count(piece.begin(), piece.end(), '\n'));
    text.remove_prefix(piece.size());
  }
}

std::string PlainText::place(size_t number) const { return fmt::format("{}:{}", file_.path(), pieces_[number].line); }

JsonLines::JsonLines(const std::string& path) : file_(path) {
  const std::string_view whole = text();
  if (whole.starts_with("\x28\xb5\x2f\xfd")) {
    fail(ErrorKind::kUnsupported, "{}: is compressed with zstd; unpack it first (zstd -d)", path);
  }
  const size_t first = whole.find_first_not_of(kBlanks);
  if (first != std::string_view::npos && whole[first] == '[') {
    array_ = Json::parse(whole, nullptr, /*allow_exceptions=*/false);
    if (!array_.is_array()) fail(ErrorKind::kCorruptFile, "{}: begins with [ but is no JSON array", path);
    return;
  }
  for (size_t begin = 0, number = 1; begin < whole.size(); ++number) {
    const size_t end = std::min(whole.find('\n', begin), whole.size());
    if (whole.substr(begin, end - begin).find_first_not_of(kBlanks) != std::string_view::npos) {
      lines_.push_back({number, begin, end});
    }
    begin = end + 1;
  }
}

std::string_view JsonLines::text() const {
  return {reinterpret_cast<const char*>(file_.bytes().data()), file_.bytes().size()};
}

Json JsonLines::record(size_t number) const {
  Json record;
  if (!array_.empty()) {
    record = array_[number];
  } else {
    const Line& line = lines_[number];
    record = Json::parse(text().substr(line.begin, line.end - line.begin), nullptr, /*allow_exceptions=*/false);
  }
  if (!record.is_object()) fail(ErrorKind::kCorruptFile, "{}: expected a JSON object", place(number));
  return record;
}

std::string JsonLines::place(size_t number) const {
  if (!array_.empty()) return fmt::format("{}: entry {}", file_.path(), number);
  return fmt::format("{}:{}", file_.path(), lines_[number].number);
}

std::vector<ChatMessage> read_alpaca(const Json& record, std::string_view place) {
  std::vector<ChatMessage> messages;
  if (std::string system = text_at(record, "system", /*is_required=*/false, place); !system.empty()) {
    messages.push_back({"system", std::move(system)});
  }
  if (const auto history = record.find("history"); history != record.end() && history->is_array()) {
    for (const Json& turn : *history) {
      if (!turn.is_array() || turn.size() != 2 || !turn[0].is_string() || !turn[1].is_string()) {
        fail(ErrorKind::kBadInput, "{}: \"history\" has {}, expected pairs of texts", place, excerpt(turn.dump()));
      }
      messages.push_back({"user", turn[0]});
      messages.push_back({"assistant", turn[1]});
    }
  }
  std::string user = text_at(record, "instruction", /*is_required=*/true, place);
  const std::string input = text_at(record, "input", /*is_required=*/false, place);
  if (!input.empty()) user += (user.empty() ? "" : "\n") + input;
  messages.push_back({"user", std::move(user)});
  messages.push_back({"assistant", text_at(record, "output", /*is_required=*/true, place)});
  return messages;
}

std::vector<ChatMessage> read_messages(const Json& record, std::string_view place) {
  const bool is_share_gpt = !record.contains("messages") && record.contains("conversations");
  const auto list = record.find(is_share_gpt ? "conversations" : "messages");
  if (list == record.end() || !list->is_array() || list->empty()) {
    fail(ErrorKind::kBadInput, "{}: there is no list \"messages\"; check the stage's data kind", place);
  }
  std::vector<ChatMessage> messages;
  for (const Json& entry : *list) {
    if (!entry.is_object()) fail(ErrorKind::kBadInput, "{}: {} is no message", place, excerpt(entry.dump()));
    const std::string role = text_at(entry, is_share_gpt ? "from" : "role", /*is_required=*/true, place);
    messages.push_back(
        {role_of(role, place), text_at(entry, is_share_gpt ? "value" : "content", /*is_required=*/true, place)});
  }
  const auto is_answer = [](const ChatMessage& message) { return message.role == "assistant"; };
  if (std::none_of(messages.begin(), messages.end(), is_answer)) {
    fail(ErrorKind::kBadInput, "{}: no message of the assistant, so there is nothing to learn", place);
  }
  return messages;
}

}  // namespace manyshot::train
