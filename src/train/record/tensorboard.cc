#include "train/record/tensorboard.h"

#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/error.h"

namespace manyshot::train {
namespace {

constexpr std::array<uint32_t, 256> kCrcTable = [] {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    table[byte] = crc;
  }
  return table;
}();

uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c_of(bytes), 15) + 0xa282ead8u; }

template <class T>
void append_bytes(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Protocol buffers: a field is its number and wire type, then its value.
enum class Wire : uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}
void append_key(std::string& out, uint32_t field, Wire wire) {
  append_varint(out, field << 3 | static_cast<uint32_t>(wire));
}
void append_text(std::string& out, uint32_t field, std::string_view text) {
  append_key(out, field, Wire::kBytes);
  append_varint(out, text.size());
  out += text;
}

// Event: 1 wall_time, 2 step, 3 file_version, 5 summary, 7 session_log.
std::string event_head(int64_t step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  std::string event;
  append_key(event, 1, Wire::kFixed64);
  append_bytes(event, std::chrono::duration<double>(now).count());
  append_key(event, 2, Wire::kVarint);
  append_varint(event, static_cast<uint64_t>(step));
  return event;
}

// Summary: repeated 1 value {1 tag, 2 simple_value}.
std::string summary_of(const std::vector<ScalarValue>& values) {
  std::string summary;
  for (const ScalarValue& scalar : values) {
    std::string value;
    append_text(value, 1, scalar.tag);
    append_key(value, 2, Wire::kFixed32);
    append_bytes(value, scalar.value);
    append_text(summary, 1, value);
  }
  return summary;
}

// SessionLog: 1 status, where 1 is START.
std::string session_start() {
  std::string log;
  append_key(log, 1, Wire::kVarint);
  append_varint(log, 1);
  return log;
}

std::string host_name() {
  char name[256] = "localhost";
  gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

uint32_t crc32c_of(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<uint8_t>(byte)) & 0xff];
  return ~crc;
}

std::string tf_record(std::string_view content) {
  std::string record;
  append_bytes(record, static_cast<uint64_t>(content.size()));
  append_bytes(record, masked_crc(record));
  record += content;
  append_bytes(record, masked_crc(content));
  return record;
}

EventWriter::EventWriter(const std::string& folder, int64_t first_step) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  path_ = fmt::format("{}/events.out.tfevents.{}.{}.{}.manyshot", folder,
                      std::chrono::duration_cast<std::chrono::seconds>(now).count(), host_name(), getpid());
  file_.reset(std::fopen(path_.c_str(), "ab"));
  if (file_ == nullptr) fail(ErrorKind::kBadInput, "{}: cannot write: {}", path_, std::strerror(errno));
  std::string version = event_head(0);
  append_text(version, 3, "brain.Event:2");
  write(version);
  if (first_step > 0) {
    std::string start = event_head(first_step);
    append_text(start, 7, session_start());
    write(start);
  }
}

void EventWriter::add(int64_t step, const std::vector<ScalarValue>& values) {
  std::string event = event_head(step);
  append_text(event, 5, summary_of(values));
  write(event);
}

void EventWriter::write(const std::string& event) {
  const std::string record = tf_record(event);
  if (std::fwrite(record.data(), 1, record.size(), file_.get()) != record.size() || std::fflush(file_.get()) != 0) {
    fail(ErrorKind::kBadInput, "{}: cannot write: {}; free some space, and go on with --resume", path_,
         std::strerror(errno));
  }
}

}  // namespace manyshot::train
