#include "model/files/safetensors.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <set>

#include "core/error.h"
#include "core/json.h"
#include "core/text.h"

namespace manyshot {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the limit of the reference reader
constexpr size_t kLengthBytes = 8;
constexpr int kHeaderDepth = 3;  // { tensor: { shape: [ … ] } }

struct Type {
  TensorType type;
  const char* name;
  size_t bytes;
};
constexpr Type kTypes[] = {
    {TensorType::kBool, "BOOL", 1},      {TensorType::kU8, "U8", 1},          {TensorType::kI8, "I8", 1},
    {TensorType::kF8E4M3, "F8_E4M3", 1}, {TensorType::kF8E5M2, "F8_E5M2", 1}, {TensorType::kI16, "I16", 2},
    {TensorType::kU16, "U16", 2},        {TensorType::kF16, "F16", 2},        {TensorType::kBF16, "BF16", 2},
    {TensorType::kI32, "I32", 4},        {TensorType::kU32, "U32", 4},        {TensorType::kF32, "F32", 4},
    {TensorType::kI64, "I64", 8},        {TensorType::kU64, "U64", 8},        {TensorType::kF64, "F64", 8},
};

const Type& type_of(TensorType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes), [&](const Type& t) { return t.type == type; });
}

// What a damaged file usually calls for.
constexpr const char* kCopyAgain = "the file is damaged or incomplete: copy or download it again";

// Parses the header, refusing a key that comes twice in one object and nesting no header has.
Json parse_json(std::string_view text, const std::string& source) {
  std::vector<std::set<std::string>> keys;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth >= kHeaderDepth &&
        (event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start)) {
      fail(ErrorKind::kCorruptFile, "{}: the header nests deeper than tensor entries do; {}", source, kCopyAgain);
    }
    if (event == Json::parse_event_t::object_start) keys.emplace_back();
    if (event == Json::parse_event_t::object_end) keys.pop_back();
    if (event == Json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) {
      fail(ErrorKind::kCorruptFile, "{}: the header names \"{}\" twice; {}", source, excerpt(value.get<std::string>()),
           kCopyAgain);
    }
    return true;
  };
  try {
    return Json::parse(text, check);
  } catch (const Json::exception& error) {
    fail(ErrorKind::kCorruptFile, "{}: the header is not valid JSON ({}); {}", source, excerpt(error.what(), 120),
         kCopyAgain);
  }
}

uint64_t unsigned_value(const Json& value, const std::string& where) {
  if (!value.is_number_unsigned()) {
    fail(ErrorKind::kCorruptFile, "{} is {}, not a whole number; {}", where, excerpt(value.dump()), kCopyAgain);
  }
  return value.get<uint64_t>();
}

TensorType parse_type(const Json& entry, const std::string& where) {
  const auto found = entry.find("dtype");
  if (found == entry.end() || !found->is_string()) {
    fail(ErrorKind::kCorruptFile, "{} has no \"dtype\" text; {}", where, kCopyAgain);
  }
  const std::string name = found->get<std::string>();
  for (const Type& type : kTypes) {
    if (name == type.name) return type.type;
  }
  fail(ErrorKind::kCorruptFile, "{}: unknown dtype \"{}\"; F32, BF16 and F16 can be read", where, excerpt(name));
}

const Json& array_of(const Json& entry, const char* key, const std::string& where) {
  const auto found = entry.find(key);
  if (found == entry.end() || !found->is_array()) {
    fail(ErrorKind::kCorruptFile, "{} has no \"{}\" list; {}", where, key, kCopyAgain);
  }
  return *found;
}

TensorInfo parse_tensor(const std::string& name, const Json& entry, uint64_t data_bytes, const std::string& source) {
  const std::string where = fmt::format("{}: tensor \"{}\"", source, excerpt(name));
  if (name.empty()) fail(ErrorKind::kCorruptFile, "{}: a tensor has an empty name; {}", source, kCopyAgain);
  if (!entry.is_object())
    fail(ErrorKind::kCorruptFile, "{} is described by {}, not by an object; {}", where, excerpt(entry.dump()),
         kCopyAgain);
  TensorInfo tensor{.name = name, .type = parse_type(entry, where)};
  uint64_t bytes = tensor_type_bytes(tensor.type);
  for (const Json& dim : array_of(entry, "shape", where)) {
    tensor.shape.push_back(unsigned_value(dim, where + ": a dimension"));
    if (__builtin_mul_overflow(bytes, tensor.shape.back(), &bytes)) {
      fail(ErrorKind::kCorruptFile, "{}: shape {} is larger than any memory; {}", where, shape_text(tensor.shape),
           kCopyAgain);
    }
  }
  const Json& offsets = array_of(entry, "data_offsets", where);
  if (offsets.size() != 2) {
    fail(ErrorKind::kCorruptFile, "{} has {} data offsets, not a begin and an end; {}", where, offsets.size(),
         kCopyAgain);
  }
  tensor.begin = unsigned_value(offsets[0], where + ": the begin of its data");
  tensor.end = unsigned_value(offsets[1], where + ": the end of its data");
  if (tensor.begin > tensor.end || tensor.end > data_bytes) {
    fail(ErrorKind::kCorruptFile, "{} has its data at bytes {}..{}, but the data section ends at {}; {}", where,
         tensor.begin, tensor.end, data_bytes, kCopyAgain);
  }
  if (tensor.end - tensor.begin != bytes) {
    fail(ErrorKind::kCorruptFile, "{}: {} values {} need {} bytes, the file gives them {}; {}", where,
         tensor_type_name(tensor.type), shape_text(tensor.shape), bytes, tensor.end - tensor.begin, kCopyAgain);
  }
  return tensor;
}

float half_to_float(uint16_t half) {
  const int exponent = half >> 10 & 31;
  const int fraction = half & 1023;
  const float sign = half & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction == 0 ? sign * INFINITY : NAN;
  return sign * (exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                               : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25));
}

}  // namespace

const char* tensor_type_name(TensorType type) { return type_of(type).name; }
size_t tensor_type_bytes(TensorType type) { return type_of(type).bytes; }

uint64_t TensorInfo::num_elements() const { return (end - begin) / tensor_type_bytes(type); }

std::string shape_text(std::span<const uint64_t> shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Safetensors::Safetensors(std::span<const std::byte> bytes, std::string source) : source_(std::move(source)) {
  if (bytes.size() < kLengthBytes) {
    fail(ErrorKind::kCorruptFile, "{}: {} bytes are too few for a safetensors file; {}", source_, bytes.size(),
         kCopyAgain);
  }
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, bytes.data(), kLengthBytes);
  if (header_bytes > kMaxHeaderBytes) {
    fail(ErrorKind::kCorruptFile,
         "{}: the header claims {} bytes, more than the {} a safetensors file may have; is it one?", source_,
         header_bytes, kMaxHeaderBytes);
  }
  if (header_bytes > bytes.size() - kLengthBytes) {
    fail(ErrorKind::kCorruptFile, "{}: the header claims {} bytes, the file ends after {}; {}", source_, header_bytes,
         bytes.size() - kLengthBytes, kCopyAgain);
  }
  data_ = bytes.subspan(kLengthBytes + header_bytes);
  parse_header({reinterpret_cast<const char*>(bytes.data()) + kLengthBytes, header_bytes});
  check_tiling();
}

void Safetensors::parse_header(std::string_view text) {
  const Json header = parse_json(text, source_);
  if (!header.is_object()) {
    fail(ErrorKind::kCorruptFile, "{}: the header is {}, not an object of tensors; {}", source_, excerpt(header.dump()),
         kCopyAgain);
  }
  for (const auto& [name, entry] : header.items()) {
    if (name != "__metadata__") {
      tensors_.push_back(parse_tensor(name, entry, data_.size(), source_));
      continue;
    }
    if (!entry.is_object()) fail(ErrorKind::kCorruptFile, "{}: __metadata__ is not an object; {}", source_, kCopyAgain);
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string()) {
        fail(ErrorKind::kCorruptFile, "{}: __metadata__ entry \"{}\" is not text; {}", source_, excerpt(key),
             kCopyAgain);
      }
      metadata_[key] = value.get<std::string>();
    }
  }
}

void Safetensors::check_tiling() {
  std::stable_sort(tensors_.begin(), tensors_.end(), [](const TensorInfo& a, const TensorInfo& b) {
    return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
  });
  uint64_t end = 0;
  for (size_t i = 0; i < tensors_.size(); ++i) {
    const TensorInfo& tensor = tensors_[i];
    if (tensor.begin < end) {
      fail(ErrorKind::kCorruptFile, "{}: tensors \"{}\" and \"{}\" overlap; {}", source_, excerpt(tensors_[i - 1].name),
           excerpt(tensor.name), kCopyAgain);
    }
    if (tensor.begin > end) {
      fail(ErrorKind::kCorruptFile, "{}: {} bytes before tensor \"{}\" belong to no tensor; {}", source_,
           tensor.begin - end, excerpt(tensor.name), kCopyAgain);
    }
    end = tensor.end;
    by_name_[tensor.name] = i;
  }
  if (end != data_.size()) {
    fail(ErrorKind::kCorruptFile, "{}: {} bytes at the end belong to no tensor; {}", source_, data_.size() - end,
         kCopyAgain);
  }
}

const TensorInfo* Safetensors::find(std::string_view name) const {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

std::vector<float> Safetensors::read_f32(const TensorInfo& tensor) const {
  const std::byte* bytes = data(tensor).data();
  std::vector<float> values(tensor.num_elements());
  const auto read_16 = [&](size_t i) {
    uint16_t bits;
    std::memcpy(&bits, bytes + i * sizeof bits, sizeof bits);
    return bits;
  };
  switch (tensor.type) {
    case TensorType::kF32:
      if (!values.empty()) std::memcpy(values.data(), bytes, values.size() * sizeof(float));
      return values;
    case TensorType::kBF16:
      for (size_t i = 0; i < values.size(); ++i)
        values[i] = std::bit_cast<float>(static_cast<uint32_t>(read_16(i)) << 16);
      return values;
    case TensorType::kF16:
      for (size_t i = 0; i < values.size(); ++i) values[i] = half_to_float(read_16(i));
      return values;
    default:
      fail(ErrorKind::kUnsupported,
           "{}: tensor \"{}\" is {}; weights must be F32, BF16 or F16: save the model in one of these", source_,
           excerpt(tensor.name), tensor_type_name(tensor.type));
  }
}

}  // namespace manyshot
