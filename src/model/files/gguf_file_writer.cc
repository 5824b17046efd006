#include "model/files/gguf_file_writer.h"

#include "core/error.h"

namespace manyshot {
namespace {

constexpr uint32_t kVersion = 3;
constexpr uint64_t kAlignment = 32;

template <class T>
std::string raw(T value) {
  return std::string(reinterpret_cast<const char*>(&value), sizeof value);
}
std::string raw_text(std::string_view text) { return raw(uint64_t{text.size()}).append(text); }
uint64_t padding(uint64_t size) { return (kAlignment - size % kAlignment) % kAlignment; }

}  // namespace

void GgufMetadata::add(std::string_view key, GgufType type) {
  bytes_ += raw_text(key) + raw(type);
  ++size_;
}
void GgufMetadata::add_text(std::string_view key, std::string_view value) {
  add(key, GgufType::kString);
  bytes_ += raw_text(value);
}
void GgufMetadata::add_u32(std::string_view key, uint32_t value) {
  add(key, GgufType::kU32);
  bytes_ += raw(value);
}
void GgufMetadata::add_f32(std::string_view key, float value) {
  add(key, GgufType::kF32);
  bytes_ += raw(value);
}
void GgufMetadata::add_flag(std::string_view key, bool value) {
  add(key, GgufType::kBool);
  bytes_ += raw(static_cast<uint8_t>(value));
}
void GgufMetadata::add_texts(std::string_view key, std::span<const std::string> values) {
  add(key, GgufType::kArray);
  bytes_ += raw(GgufType::kString) + raw(uint64_t{values.size()});
  for (const std::string& value : values) bytes_ += raw_text(value);
}
void GgufMetadata::add_i32s(std::string_view key, std::span<const int32_t> values) {
  add(key, GgufType::kArray);
  bytes_ += raw(GgufType::kI32) + raw(uint64_t{values.size()});
  for (const int32_t value : values) bytes_ += raw(value);
}

uint64_t GgufTensorEntry::num_bytes() const {
  uint64_t values = 1;
  for (const uint64_t dim : shape) values *= dim;
  return values / ggml_layout(type).block_values * ggml_layout(type).block_bytes;
}

GgufFileWriter::GgufFileWriter(const std::string& path, const GgufMetadata& metadata,
                               std::vector<GgufTensorEntry> tensors)
    : file_(path), tensors_(std::move(tensors)) {
  std::string head = "GGUF" + raw(kVersion) + raw(uint64_t{tensors_.size()}) + raw(metadata.size()) + metadata.bytes();
  uint64_t offset = 0;
  for (const GgufTensorEntry& tensor : tensors_) {
    head += raw_text(tensor.name) + raw(static_cast<uint32_t>(tensor.shape.size()));
    for (auto dim = tensor.shape.rbegin(); dim != tensor.shape.rend(); ++dim) head += raw(*dim);
    head += raw(tensor.type) + raw(offset);
    offset += tensor.num_bytes();
    offset += padding(offset);
  }
  head.append(padding(head.size()), '\0');
  file_.write(head);
}

void GgufFileWriter::pad() {
  const uint64_t bytes = padding(position_);
  file_.write(std::string(bytes, '\0'));
  position_ += bytes;
}

void GgufFileWriter::write(std::span<const std::byte> data) {
  if (tensor_ == tensors_.size() || tensor_bytes_ + data.size() > tensors_[tensor_].num_bytes()) {
    fail(ErrorKind::kInternal, "{}: more data than tensors", file_.path());
  }
  file_.write({reinterpret_cast<const char*>(data.data()), data.size()});
  position_ += data.size();
  tensor_bytes_ += data.size();
  if (tensor_bytes_ < tensors_[tensor_].num_bytes()) return;
  ++tensor_;
  tensor_bytes_ = 0;
  pad();
}

void GgufFileWriter::commit() {
  if (tensor_ < tensors_.size()) {
    fail(ErrorKind::kInternal, "{}: the data of \"{}\" is missing", file_.path(), tensors_[tensor_].name);
  }
  file_.commit();
}

}  // namespace manyshot
