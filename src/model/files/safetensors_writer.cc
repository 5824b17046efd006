#include "model/files/safetensors_writer.h"

#include "core/error.h"
#include "core/json.h"

namespace manyshot {
namespace {

constexpr size_t kLengthBytes = 8;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

uint64_t TensorEntry::num_bytes() const {
  uint64_t bytes = tensor_type_bytes(type);
  for (const uint64_t dim : shape) bytes *= dim;
  return bytes;
}

std::string safetensors_header(std::span<const TensorEntry> tensors) {
  Json header = {{"__metadata__", {{"format", "pt"}}}};
  uint64_t end = 0;
  for (const TensorEntry& tensor : tensors) {
    if (header.contains(tensor.name)) fail(ErrorKind::kInternal, "tensor \"{}\" is written twice", tensor.name);
    const uint64_t begin = end;
    end += tensor.num_bytes();
    header[tensor.name] = {
        {"dtype", tensor_type_name(tensor.type)}, {"shape", tensor.shape}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.append((kLengthBytes - text.size() % kLengthBytes) % kLengthBytes, ' ');
  const uint64_t header_bytes = text.size();
  return std::string(reinterpret_cast<const char*>(&header_bytes), kLengthBytes) + text;
}

SafetensorsWriter::SafetensorsWriter(const std::string& path, std::span<const TensorEntry> tensors) : file_(path) {
  for (const TensorEntry& tensor : tensors) missing_bytes_ += tensor.num_bytes();
  file_.write(safetensors_header(tensors));
}

void SafetensorsWriter::write(std::span<const std::byte> values) {
  if (values.size() > missing_bytes_) fail(ErrorKind::kInternal, "{}: more values than tensors", file_.path());
  missing_bytes_ -= values.size();
  file_.write(text_of(values));
}

void SafetensorsWriter::commit() {
  if (missing_bytes_ > 0)
    fail(ErrorKind::kInternal, "{}: {} bytes of tensors are missing", file_.path(), missing_bytes_);
  file_.commit();
}

std::string write_safetensors(std::span<const NamedTensor> tensors) {
  std::vector<TensorEntry> entries;
  uint64_t total = 0;
  for (const NamedTensor& tensor : tensors) {
    entries.push_back({tensor.name, tensor.type, tensor.shape});
    const uint64_t bytes = entries.back().num_bytes();
    if (bytes != tensor.data.size()) {
      fail(ErrorKind::kInternal, "tensor \"{}\": {} values {} are {} bytes, not {}", tensor.name,
           tensor_type_name(tensor.type), shape_text(tensor.shape), bytes, tensor.data.size());
    }
    total += bytes;
  }
  std::string file = safetensors_header(entries);
  file.reserve(file.size() + total);
  for (const NamedTensor& tensor : tensors) file += text_of(tensor.data);
  return file;
}

}  // namespace manyshot
