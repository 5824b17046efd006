#include "model/files/gguf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>
#include <type_traits>

#include "core/error.h"
#include "core/text.h"
#include "model/files/safetensors.h"

namespace manyshot {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "GGUF";
constexpr uint64_t kDefaultAlignment = 32;
constexpr uint64_t kMaxAlignment = 1 << 20;
constexpr uint32_t kMaxDimensions = 4;
constexpr int kMaxArrayDepth = 4;
constexpr uint64_t kMinStringBytes = 8;                       // its length
constexpr uint64_t kMinEntryBytes = kMinStringBytes + 4 + 1;  // key, type, value
constexpr uint64_t kMinTensorBytes = kMinStringBytes + 4 + 4 + 8;

constexpr const char* kCopyAgain = "the file is damaged or incomplete: copy or download it again";

// Bytes of a value of a fixed size; 0 for strings, arrays and unknown types.
uint64_t fixed_bytes(GgufType type) {
  switch (type) {
    case GgufType::kU8:
    case GgufType::kI8:
    case GgufType::kBool:
      return 1;
    case GgufType::kU16:
    case GgufType::kI16:
      return 2;
    case GgufType::kU32:
    case GgufType::kI32:
    case GgufType::kF32:
      return 4;
    case GgufType::kU64:
    case GgufType::kI64:
    case GgufType::kF64:
      return 8;
    default:
      return 0;
  }
}

template <class T>
T load(const std::byte* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

// Walks through the file; each failure says where it happened.
class Parser {
 public:
  Parser(std::span<const std::byte> bytes, const std::string& source) : bytes_(bytes), source_(source) {}

  uint64_t position() const { return position_; }
  uint64_t remaining() const { return bytes_.size() - position_; }

  // Names what is being read, for messages.
  void enter(std::string what) { what_ = std::move(what); }

  template <class... Args>
  [[noreturn]] void corrupt(fmt::format_string<Args...> format, Args&&... args) const {
    fail(ErrorKind::kCorruptFile, "{}: {} {}; {}", source_, what_, fmt::format(format, std::forward<Args>(args)...),
         kCopyAgain);
  }

  std::span<const std::byte> take(uint64_t size) {
    if (size > remaining()) corrupt("needs {} bytes at {}, but the file ends after {}", size, position_, remaining());
    const auto part = bytes_.subspan(position_, size);
    position_ += size;
    return part;
  }
  template <class T>
  T number() {
    return load<T>(take(sizeof(T)).data());
  }
  std::string_view text() {
    const auto part = take(number<uint64_t>());
    return {reinterpret_cast<const char*>(part.data()), part.size()};
  }
  // A number of things of at least `least_bytes` each, which must fit into the rest of the file.
  uint64_t count(uint64_t least_bytes) {
    const uint64_t claimed = number<uint64_t>();
    if (claimed > remaining() / least_bytes) {
      corrupt("claims {} elements, more than the remaining {} bytes can hold", claimed, remaining());
    }
    return claimed;
  }

  GgufValue value(GgufType type) {
    switch (type) {
      case GgufType::kU8:
        return uint64_t{number<uint8_t>()};
      case GgufType::kI8:
        return int64_t{number<int8_t>()};
      case GgufType::kU16:
        return uint64_t{number<uint16_t>()};
      case GgufType::kI16:
        return int64_t{number<int16_t>()};
      case GgufType::kU32:
        return uint64_t{number<uint32_t>()};
      case GgufType::kI32:
        return int64_t{number<int32_t>()};
      case GgufType::kF32:
        return double{number<float>()};
      case GgufType::kBool:
        return flag();
      case GgufType::kString:
        return text();
      case GgufType::kArray:
        return array(/*depth=*/1);
      case GgufType::kU64:
        return number<uint64_t>();
      case GgufType::kI64:
        return number<int64_t>();
      case GgufType::kF64:
        return number<double>();
    }
    corrupt("has value type {}, which no version defines", static_cast<uint32_t>(type));
  }

 private:
  bool flag() {
    const uint8_t byte = number<uint8_t>();
    if (byte > 1) corrupt("is a truth value of {}, not 0 or 1", byte);
    return byte == 1;
  }

  GgufArray array(int depth) {
    if (depth > kMaxArrayDepth) corrupt("has arrays in arrays deeper than {}", kMaxArrayDepth);
    GgufArray array;
    array.element_type = static_cast<GgufType>(number<uint32_t>());
    if (const uint64_t bytes = fixed_bytes(array.element_type); bytes > 0) {
      array.size = count(bytes);
      array.bytes = take(array.size * bytes);
    } else if (array.element_type == GgufType::kString) {
      array.size = count(kMinStringBytes);
      array.texts.reserve(array.size);
      for (uint64_t i = 0; i < array.size; ++i) array.texts.push_back(text());
    } else if (array.element_type == GgufType::kArray) {
      array.size = count(/*least_bytes=*/4 + 8);
      for (uint64_t i = 0; i < array.size; ++i) this->array(depth + 1);
    } else {
      corrupt("is an array of type {}, which no version defines", static_cast<uint32_t>(array.element_type));
    }
    return array;
  }

  std::span<const std::byte> bytes_;
  const std::string& source_;
  uint64_t position_ = 0;
  std::string what_ = "the header";
};

uint32_t read_version(Parser& parser, const std::string& source) {
  if (parser.remaining() < kMagic.size() ||
      std::memcmp(parser.take(kMagic.size()).data(), kMagic.data(), kMagic.size()) != 0) {
    fail(ErrorKind::kCorruptFile, "{}: is not a GGUF file: it does not start with \"GGUF\"; check the path", source);
  }
  const uint32_t version = parser.number<uint32_t>();
  if (version != 0 && (version & 0xFFFF) == 0) {
    fail(ErrorKind::kUnsupported, "{}: is a big-endian GGUF file; convert it to little-endian", source);
  }
  if (version != 2 && version != 3) {
    fail(ErrorKind::kUnsupported, "{}: is GGUF version {}; versions 2 and 3 can be read: convert the model again",
         source, version);
  }
  return version;
}

struct TensorEntry {
  GgufTensor tensor;
  uint64_t offset = 0, bytes = 0;  // in the data section
};

uint64_t tensor_bytes(const Parser& parser, const GgmlLayout& layout, const GgufTensor& tensor) {
  if (tensor.num_columns() % layout.block_values != 0) {
    parser.corrupt("is {} with rows of {} values, not a multiple of {}", layout.name, tensor.num_columns(),
                   layout.block_values);
  }
  uint64_t bytes = layout.block_bytes;
  bool overflow = false;
  for (size_t i = 0; i < tensor.shape.size(); ++i) {
    const bool is_column = i + 1 == tensor.shape.size();
    overflow |=
        __builtin_mul_overflow(bytes, is_column ? tensor.shape[i] / layout.block_values : tensor.shape[i], &bytes);
  }
  if (overflow) parser.corrupt("has shape {}, larger than any memory", shape_text(tensor.shape));
  return bytes;
}

TensorEntry read_tensor(Parser& parser, const std::string& source) {
  TensorEntry entry;
  parser.enter("the table of tensors");
  entry.tensor.name = parser.text();
  parser.enter(fmt::format("tensor \"{}\"", excerpt(entry.tensor.name)));
  const uint32_t num_dimensions = parser.number<uint32_t>();
  if (num_dimensions > kMaxDimensions)
    parser.corrupt("has {} dimensions, more than {}", num_dimensions, kMaxDimensions);
  for (uint32_t i = 0; i < num_dimensions; ++i) entry.tensor.shape.push_back(parser.number<uint64_t>());
  std::reverse(entry.tensor.shape.begin(), entry.tensor.shape.end());
  const uint32_t type = parser.number<uint32_t>();
  const GgmlLayout* layout = find_ggml_layout(type);
  if (layout == nullptr) {
    fail(ErrorKind::kUnsupported,
         "{}: tensor \"{}\" is of type {}; this build reads {}: quantise the model to one of these", source,
         excerpt(entry.tensor.name), ggml_type_text(type), readable_ggml_types());
  }
  entry.tensor.type = layout->type;
  entry.bytes = tensor_bytes(parser, *layout, entry.tensor);
  entry.offset = parser.number<uint64_t>();
  return entry;
}

void place_tensors(std::vector<TensorEntry>& entries, std::span<const std::byte> data, uint64_t alignment,
                   Parser& parser) {
  for (TensorEntry& entry : entries) {
    parser.enter(fmt::format("tensor \"{}\"", excerpt(entry.tensor.name)));
    if (entry.offset % alignment != 0) {
      parser.corrupt("starts at byte {} of the data, not at a multiple of the alignment {}", entry.offset, alignment);
    }
    if (entry.offset > data.size() || entry.bytes > data.size() - entry.offset) {
      parser.corrupt("has {} bytes at {} of the data, but the data ends at {}", entry.bytes, entry.offset, data.size());
    }
    entry.tensor.data = data.subspan(entry.offset, entry.bytes);
  }
}

void check_overlap(const std::vector<TensorEntry>& entries, Parser& parser) {
  std::vector<const TensorEntry*> sorted;
  for (const TensorEntry& entry : entries) {
    if (entry.bytes > 0) sorted.push_back(&entry);
  }
  std::sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->offset < b->offset; });
  for (size_t i = 1; i < sorted.size(); ++i) {
    if (sorted[i]->offset - sorted[i - 1]->offset < sorted[i - 1]->bytes) {
      parser.enter(fmt::format("tensor \"{}\"", excerpt(sorted[i]->tensor.name)));
      parser.corrupt("overlaps tensor \"{}\"", excerpt(sorted[i - 1]->tensor.name));
    }
  }
}

uint64_t read_alignment(const GgufFile& file) {
  const uint64_t alignment = file.find_unsigned("general.alignment").value_or(kDefaultAlignment);
  if (!std::has_single_bit(alignment) || alignment > kMaxAlignment) {
    fail(ErrorKind::kCorruptFile, "{}: general.alignment is {}, not a power of two up to {}; {}", file.source(),
         alignment, kMaxAlignment, kCopyAgain);
  }
  return alignment;
}

void refuse_adapter(const GgufFile& file) {
  if (file.find_text("general.type").value_or("model") != "adapter") return;
  fail(
      ErrorKind::kUnsupported,
      "{}: is a LoRA adapter in a GGUF file (general.type adapter), not a model; give the model it was trained on with "
      "--model, and with --adapter the PEFT folder (adapter_config.json, adapter_model.safetensors) that it was "
      "converted from",
      file.source());
}

void refuse_part_of_split(const GgufFile& file) {
  const uint64_t parts = file.find_unsigned("split.count").value_or(1);
  if (parts > 1) {
    fail(ErrorKind::kUnsupported, "{}: is part {} of a model split into {} files; merge them (gguf-split --merge)",
         file.source(), file.find_unsigned("split.no").value_or(0) + 1, parts);
  }
}

}  // namespace

GgufFile::GgufFile(std::span<const std::byte> bytes, std::string source) : source_(std::move(source)) {
  Parser parser(bytes, source_);
  version_ = read_version(parser, source_);
  const uint64_t num_tensors = parser.number<uint64_t>();
  const uint64_t num_entries = parser.count(kMinEntryBytes);
  for (uint64_t i = 0; i < num_entries; ++i) {
    parser.enter("the metadata");
    const std::string_view key = parser.text();
    parser.enter(fmt::format("metadata \"{}\"", excerpt(key)));
    GgufValue value = parser.value(static_cast<GgufType>(parser.number<uint32_t>()));
    if (!metadata_.emplace(key, std::move(value)).second) parser.corrupt("comes twice");
  }
  refuse_part_of_split(*this);
  refuse_adapter(*this);
  const uint64_t alignment = read_alignment(*this);

  parser.enter("the table of tensors");
  if (num_tensors > parser.remaining() / kMinTensorBytes) {
    parser.corrupt("claims {} tensors, more than the remaining {} bytes can hold", num_tensors, parser.remaining());
  }
  std::vector<TensorEntry> entries;
  std::set<std::string_view> names;
  for (uint64_t i = 0; i < num_tensors; ++i) {
    entries.push_back(read_tensor(parser, source_));
    if (!names.insert(entries.back().tensor.name).second) parser.corrupt("comes twice");
  }
  const uint64_t data_begin =
      std::min<uint64_t>((parser.position() + alignment - 1) / alignment * alignment, bytes.size());
  place_tensors(entries, bytes.subspan(data_begin), alignment, parser);
  check_overlap(entries, parser);
  for (TensorEntry& entry : entries) tensors_.push_back(std::move(entry.tensor));
}

const GgufValue* GgufFile::find(std::string_view key) const {
  const auto found = metadata_.find(key);
  return found == metadata_.end() ? nullptr : &found->second;
}

void GgufFile::fail_wrong_kind(std::string_view key, const char* expected) const {
  fail(ErrorKind::kCorruptFile, "{}: metadata \"{}\" is not {}; convert the model again", source_, excerpt(key),
       expected);
}

std::optional<uint64_t> GgufFile::find_unsigned(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<uint64_t>(value)) return *number;
  if (const auto* number = std::get_if<int64_t>(value); number != nullptr && *number >= 0) return *number;
  fail_wrong_kind(key, "a whole number of at least 0");
}

std::optional<double> GgufFile::find_number(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* number = std::get_if<double>(value)) return *number;
  if (const auto* number = std::get_if<uint64_t>(value)) return static_cast<double>(*number);
  if (const auto* number = std::get_if<int64_t>(value)) return static_cast<double>(*number);
  fail_wrong_kind(key, "a number");
}

std::optional<bool> GgufFile::find_flag(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* flag = std::get_if<bool>(value)) return *flag;
  fail_wrong_kind(key, "true or false");
}

std::optional<std::string_view> GgufFile::find_text(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = std::get_if<std::string_view>(value)) return *text;
  fail_wrong_kind(key, "a text");
}

const std::vector<std::string_view>* GgufFile::find_texts(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return nullptr;
  const auto* array = std::get_if<GgufArray>(value);
  if (array == nullptr || array->element_type != GgufType::kString) fail_wrong_kind(key, "an array of texts");
  return &array->texts;
}

std::optional<std::vector<int64_t>> GgufFile::find_integers(std::string_view key) const {
  const GgufValue* value = find(key);
  if (value == nullptr) return std::nullopt;
  const auto* array = std::get_if<GgufArray>(value);
  if (array == nullptr) fail_wrong_kind(key, "an array of whole numbers");
  std::vector<int64_t> integers(array->size);
  const auto convert = [&]<class T>(T) {
    for (uint64_t i = 0; i < array->size; ++i) integers[i] = load<T>(array->bytes.data() + i * sizeof(T));
  };
  switch (array->element_type) {
    case GgufType::kU8:
      convert(uint8_t{});
      break;
    case GgufType::kI8:
      convert(int8_t{});
      break;
    case GgufType::kU16:
      convert(uint16_t{});
      break;
    case GgufType::kI16:
      convert(int16_t{});
      break;
    case GgufType::kU32:
      convert(uint32_t{});
      break;
    case GgufType::kI32:
      convert(int32_t{});
      break;
    default:
      fail_wrong_kind(key, "an array of whole numbers of up to 32 bits");
  }
  return integers;
}

}  // namespace manyshot
