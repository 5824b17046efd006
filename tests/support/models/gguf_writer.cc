#include "support/models/gguf_writer.h"

namespace manyshot {
namespace {

void pad(std::string& bytes, uint64_t alignment) {
  bytes.append((alignment - bytes.size() % alignment) % alignment, '\0');
}

}  // namespace

std::string raw_text(std::string_view text) { return raw(uint64_t{text.size()}).append(text); }

std::string raw_array(GgufType element_type, uint64_t size, const std::string& elements) {
  return raw(element_type) + raw(size) + elements;
}

void GgufWriter::add(std::string_view key, GgufType type, const std::string& value) {
  metadata += raw_text(key) + raw(type) + value;
  ++num_entries;
}

void GgufWriter::add_texts(std::string_view key, const std::vector<std::string>& values) {
  std::string elements;
  for (const std::string& value : values) elements += raw_text(value);
  add(key, GgufType::kArray, raw_array(GgufType::kString, values.size(), elements));
}

void GgufWriter::add_tensor(std::string_view name, uint32_t type, const std::vector<uint64_t>& shape,
                            const std::string& bytes) {
  pad(data, alignment);
  add_tensor_at(name, type, shape, data.size());
  data += bytes;
}

void GgufWriter::add_f32_tensor(std::string_view name, const std::vector<uint64_t>& shape,
                                const std::vector<float>& values) {
  add_tensor(name, static_cast<uint32_t>(GgmlType::kF32), shape,
             std::string(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)));
}

void GgufWriter::add_tensor_at(std::string_view name, uint32_t type, const std::vector<uint64_t>& shape,
                               uint64_t offset) {
  table += raw_text(name) + raw(static_cast<uint32_t>(shape.size()));
  for (auto dimension = shape.rbegin(); dimension != shape.rend(); ++dimension) table += raw(*dimension);
  table += raw(type) + raw(offset);
  ++num_tensors;
}

std::string GgufWriter::bytes() const {
  std::string file = "GGUF" + raw(version) + raw(num_tensors) + raw(num_entries) + metadata + table;
  pad(file, alignment);
  return file + data;
}

}  // namespace manyshot
