// SHA-256 (FIPS 180-4), so that a report names the bytes it was made from; `sha256sum` gives the same.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace manyshot {

class Sha256 {
 public:
  void add(std::string_view bytes);
  std::string hex();  // 64 digits; nothing may be added after

 private:
  void take_block(const unsigned char* block);

  std::array<uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::string pending_;  // less than a block
  uint64_t num_bytes_ = 0;
};

// Of a file's bytes. Throws what MappedFile does.
std::string sha256_of_file(const std::string& path);

}  // namespace manyshot
