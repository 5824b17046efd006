// Bytes -> token file: either Error, or samples that are written again as they were read. The checksum is put right
// first, or nothing behind it would be reached.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "core/error.h"
#include "corpus/token_shard.h"
#include "support/temporary_folder.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  static const TemporaryFolder folder;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const uint32_t checksum = crc32_of(bytes);
  bytes.append(reinterpret_cast<const char*>(&checksum), sizeof checksum);
  try {
    const TokenShard shard(folder.write("input.tokens", bytes));
    std::vector<TokenSample> samples;
    for (size_t number = 0; number < shard.size(); ++number) {
      samples.push_back(shard.sample(number));
      if (samples.back().answer_begin > samples.back().tokens.size()) std::abort();
    }
    const TokenShard again(folder.write("again.tokens", write_token_shard(samples)));
    if (again.size() != samples.size()) std::abort();
    for (size_t number = 0; number < again.size(); ++number) {
      if (again.sample(number).tokens != samples[number].tokens) std::abort();
    }
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kCorruptFile && error.kind() != ErrorKind::kUnsupported) std::abort();
  }
  return 0;
}
