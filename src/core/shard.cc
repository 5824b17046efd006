#include "core/shard.h"

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

Shard parse_shard(std::string_view text) {
  const size_t slash = text.find('/');
  const auto index = parse_exact<uint64_t>(text.substr(0, slash));
  const auto count = slash == std::string_view::npos ? std::nullopt : parse_exact<uint64_t>(text.substr(slash + 1));
  if (!index || !count || *count == 0 || *count > 1'000'000 || *index >= *count) {
    fail(ErrorKind::kBadInput, "--shard: expected I/N with I from 0 to N - 1, such as 0/8 to 7/8, got \"{}\"",
         excerpt(text));
  }
  return {*index, *count};
}

std::string shard_file(const Shard& shard, std::string_view stem, std::string_view extension) {
  return shard.count == 1 ? fmt::format("{}{}", stem, extension)
                          : fmt::format("{}-{}-of-{}{}", stem, shard.index, shard.count, extension);
}

}  // namespace manyshot
