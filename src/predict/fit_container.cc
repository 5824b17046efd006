#include "predict/fit_container.h"

#include <utility>

#include "core/bytes.h"
#include "core/error.h"
#include "core/version.h"

namespace manyshot {
namespace {

// Like PNG's: no text, and changed by programs that change line ends.
constexpr std::string_view kMagic = "\x89MSFIT\r\n";
constexpr size_t kPreambleBytes = 8 + 4 + 4 + 8 + 8;  // magic, version, zero, size and checksum of the JSON

std::string hex(uint64_t sum) { return fmt::format("{:016x}", sum); }

[[noreturn]] void refuse(const std::string& path, std::string_view problem) {
  fail(ErrorKind::kCorruptFile, "{}: {}; fetch the file again, or fit again", path, problem);
}

// The JSON, whose place and sum the preamble says; `bytes` begins behind the preamble.
Json read_about(std::string_view text, uint64_t sum, const std::string& path) {
  if (checksum_of(text) != sum) refuse(path, "the file is damaged: its description does not have its checksum");
  Json about = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!about.is_object() || !about.contains("parts") || !about["parts"].is_array())
    refuse(path, "the file is damaged: its description is not what it should be");
  return about;
}

// Takes the part that `entry` describes off the front of `rest`.
void read_part(const Json& entry, std::string_view& rest, FitParts& parts) {
  if (!entry.is_object() || !entry.contains("name") || !entry["name"].is_string() || !entry.contains("bytes") ||
      !entry["bytes"].is_number_unsigned() || !entry.contains("checksum") || !entry["checksum"].is_string()) {
    refuse(parts.path, "the file is damaged: its description lists parts in another way");
  }
  const std::string name = entry["name"];
  const uint64_t size = entry["bytes"];
  if (size > rest.size()) refuse(parts.path, fmt::format("the file is cut short in part \"{}\"", name));
  const std::string_view bytes = rest.substr(0, size);
  rest.remove_prefix(size);
  if (hex(checksum_of(bytes)) != entry["checksum"])
    refuse(parts.path, fmt::format("the file is damaged: part \"{}\" does not have its checksum", name));
  if (!parts.by_name.emplace(name, bytes).second)
    refuse(parts.path, fmt::format("the file is damaged: it has part \"{}\" twice", name));
}

}  // namespace

void write_fit_container(OutputFile& out, const Json& about, const FitParts& parts) {
  Json json = about;
  json["parts"] = Json::array();
  for (const auto& [name, bytes] : parts.by_name)
    json["parts"].push_back({{"name", name}, {"bytes", bytes.size()}, {"checksum", hex(checksum_of(bytes))}});
  const std::string text = json.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace);
  ByteWriter preamble;
  preamble.numbers(std::span<const char>(kMagic.data(), kMagic.size()));
  preamble.number<uint32_t>(kFitVersion);
  preamble.number<uint32_t>(0);
  preamble.number<uint64_t>(text.size());
  preamble.number<uint64_t>(checksum_of(text));
  out.write(preamble.take());
  out.write(text);
  for (const auto& [name, bytes] : parts.by_name) out.write(bytes);
}

FitContainer parse_fit_container(std::string_view bytes, const std::string& path) {
  if (!bytes.starts_with(kMagic)) {
    fail(ErrorKind::kBadInput, "{}: this is no file of manyshot fit; give one that it wrote (--out M.msfit)", path);
  }
  if (bytes.size() < kPreambleBytes) refuse(path, "the file is cut short");
  ByteReader preamble(bytes.substr(kMagic.size(), kPreambleBytes - kMagic.size()), path);
  const auto version = preamble.number<uint32_t>(), zero = preamble.number<uint32_t>();
  const auto text_bytes = preamble.number<uint64_t>(), sum = preamble.number<uint64_t>();
  if (version != kFitVersion) {
    fail(ErrorKind::kUnsupported,
         "{}: version {} of the format, and this is manyshot {}, which reads version {}; fit "
         "again with this program, or use the one that wrote it",
         path, version, program_version(), kFitVersion);
  }
  if (zero != 0) refuse(path, "the file is damaged: its first bytes are not what they should be");
  std::string_view rest = bytes.substr(kPreambleBytes);
  if (text_bytes > rest.size()) refuse(path, "the file is cut short");
  FitContainer result{.about = read_about(rest.substr(0, text_bytes), sum, path)};
  result.parts.path = path;
  rest.remove_prefix(text_bytes);
  for (const Json& entry : result.about["parts"]) read_part(entry, rest, result.parts);
  if (!rest.empty()) refuse(path, fmt::format("the file has {} bytes behind its end", rest.size()));
  return result;
}

FitContainer read_fit_container(const std::string& path) {
  const auto file = std::make_shared<const MappedFile>(path);
  FitContainer result =
      parse_fit_container({reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size()}, path);
  result.parts.file = file;
  return result;
}

}  // namespace manyshot
