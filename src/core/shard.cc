#include "core/shard.h"

#include <charconv>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

Shard parse_shard(std::string_view text) {
  Shard shard;
  const size_t slash = text.find('/');
  const auto read = [](std::string_view part, uint64_t& value) {
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    return !part.empty() && error == std::errc() && end == part.data() + part.size();
  };
  if (slash == std::string_view::npos || !read(text.substr(0, slash), shard.index) ||
      !read(text.substr(slash + 1), shard.count) || shard.count == 0 || shard.count > 1'000'000 ||
      shard.index >= shard.count) {
    fail(ErrorKind::kBadInput, "--shard: expected I/N with I from 0 to N - 1, such as 0/8 to 7/8, got \"{}\"",
         excerpt(text));
  }
  return shard;
}

}  // namespace manyshot
