// Text -> tokenizer.json reader: either Error, or a tokenizer that gives every byte it has a token for back.
// The bytes behind the first zero byte are the text to encode.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/error.h"
#include "encoding/tokenizer/tokenizer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace manyshot;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string_view file = input.substr(0, input.find('\0'));
  const std::string_view text = input.substr(std::min(size, file.size() + 1));
  try {
    TokenizerSpec spec = parse_tokenizer_json(file, "", "input");
    const bool exact = !spec.nfc && !spec.unknown &&
                       std::none_of(spec.added_tokens.begin(), spec.added_tokens.end(),
                                    [](const AddedToken& token) { return token.lstrip || token.rstrip; });
    const Tokenizer tokenizer(std::move(spec));
    const auto lacks = [&](char byte) {
      const auto& missing = tokenizer.missing_bytes();
      return std::find(missing.begin(), missing.end(), static_cast<uint8_t>(byte)) != missing.end();
    };
    const std::string decoded = tokenizer.decode(tokenizer.encode(text, /*parse_special=*/true));
    if (exact && std::none_of(text.begin(), text.end(), lacks) && decoded != text) std::abort();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInternal) std::abort();
  }
  return 0;
}
