#include "corpus/token_shard.h"

#include <zlib.h>

#include <cstring>

#include "core/error.h"

namespace manyshot {
namespace {

// Little-endian, no padding: header, records, tokens, CRC-32 of all before it.
constexpr char kMagic[8] = {'M', 'S', 'T', 'O', 'K', 'E', 'N', 'S'};
constexpr uint32_t kVersion = 1;
struct Header {
  char magic[8];
  uint32_t version;
  uint32_t num_samples;
  uint64_t num_tokens;
};
struct Record {
  uint64_t index;
  uint64_t first_token;
  uint64_t num_tokens;
  uint64_t answer_begin;
  uint32_t num_features;
  uint32_t num_labelled;
  uint32_t num_queries;
  uint32_t reserved;
};
static_assert(sizeof(Header) == 24 && sizeof(Record) == 48);

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(T));
}

template <class T>
T read(std::span<const std::byte> bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

}  // namespace

uint32_t crc32_of(std::string_view bytes) {
  uLong crc = ::crc32(0, nullptr, 0);
  for (size_t begin = 0; begin < bytes.size(); begin += 1u << 30) {
    const std::string_view part = bytes.substr(begin, 1u << 30);
    crc = ::crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
  }
  return static_cast<uint32_t>(crc);
}

std::string write_token_shard(std::span<const TokenSample> samples) {
  Header header{.version = kVersion, .num_samples = static_cast<uint32_t>(samples.size())};
  std::memcpy(header.magic, kMagic, sizeof(kMagic));
  std::string records;
  for (const TokenSample& sample : samples) {
    append(records, Record{.index = sample.index,
                           .first_token = header.num_tokens,
                           .num_tokens = sample.tokens.size(),
                           .answer_begin = sample.answer_begin,
                           .num_features = sample.num_features,
                           .num_labelled = sample.num_labelled,
                           .num_queries = sample.num_queries});
    header.num_tokens += sample.tokens.size();
  }
  std::string bytes;
  append(bytes, header);
  bytes += records;
  for (const TokenSample& sample : samples) {
    bytes.append(reinterpret_cast<const char*>(sample.tokens.data()), sample.tokens.size() * sizeof(TokenId));
  }
  append(bytes, crc32_of(bytes));
  return bytes;
}

TokenShard::TokenShard(const std::string& path) : file_(path) {
  const auto bytes = file_.bytes();
  const auto corrupt = [&](const std::string& what) {
    fail(ErrorKind::kCorruptFile,
         "{}: {}; make this part of the corpus again: remove the file and its line of the manifest", path, what);
  };
  if (bytes.size() < sizeof(Header) + sizeof(uint32_t))
    corrupt(fmt::format("{} bytes are no token file", bytes.size()));
  const auto header = read<Header>(bytes, 0);
  if (std::memcmp(header.magic, kMagic, sizeof(kMagic)) != 0) corrupt("does not begin as a token file (MSTOKENS)");
  if (header.version != kVersion) {
    fail(ErrorKind::kUnsupported, "{}: token file of version {}, this program reads {}; make the corpus again", path,
         header.version, kVersion);
  }
  const size_t body = bytes.size() - sizeof(Header) - sizeof(uint32_t);
  const uint64_t records = uint64_t{header.num_samples} * sizeof(Record);
  if (records > body || header.num_tokens > (body - records) / sizeof(TokenId) ||
      records + header.num_tokens * sizeof(TokenId) != body) {
    corrupt(fmt::format("has {} bytes, its header says {} samples and {} tokens", bytes.size(), header.num_samples,
                        header.num_tokens));
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size() - sizeof(uint32_t));
  if (const auto stored = read<uint32_t>(bytes, text.size()); stored != crc32_of(text)) {
    corrupt(fmt::format("checksum {:08x}, the file says {:08x}", crc32_of(text), stored));
  }
  num_samples_ = header.num_samples;
  uint64_t next = 0;
  for (size_t number = 0; number < num_samples_; ++number) {
    const auto record = read<Record>(bytes, sizeof(Header) + number * sizeof(Record));
    if (record.first_token != next || record.num_tokens > header.num_tokens - next ||
        record.answer_begin > record.num_tokens) {
      corrupt(fmt::format("sample {} has tokens {} + {}, answers from {}", number, record.first_token,
                          record.num_tokens, record.answer_begin));
    }
    next += record.num_tokens;
  }
}

TokenSample TokenShard::sample(size_t number) const {
  const auto record = read<Record>(file_.bytes(), sizeof(Header) + number * sizeof(Record));
  TokenSample sample{.index = record.index,
                     .num_features = record.num_features,
                     .num_labelled = record.num_labelled,
                     .num_queries = record.num_queries,
                     .answer_begin = record.answer_begin};
  sample.tokens.resize(record.num_tokens);
  const size_t first = sizeof(Header) + num_samples_ * sizeof(Record) + record.first_token * sizeof(TokenId);
  if (!sample.tokens.empty())
    std::memcpy(sample.tokens.data(), file_.bytes().data() + first, record.num_tokens * sizeof(TokenId));
  return sample;
}

}  // namespace manyshot
