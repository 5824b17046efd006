// Token files: what is written is read, and damage is named.
#include "corpus/token_shard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::HasSubstr;

class TokenShardFile : public ::testing::Test {
 protected:
  TokenShardFile() { bytes_ = write_token_shard(samples_); }
  std::string refusal(const std::string& bytes) {
    write_file(path_, bytes);
    return error_of([&] { TokenShard shard(path_); }).what();
  }
  const TemporaryFolder folder_;
  const std::string path_ = folder_ / "shard.tokens";
  const std::vector<TokenSample> samples_{{.index = 7,
                                           .num_features = 0,
                                           .num_labelled = 3,
                                           .num_queries = 2,
                                           .answer_begin = 4,
                                           .tokens = {5, 6, 7, 8, 9}},
                                          {.index = 9,
                                           .num_features = 1,
                                           .num_labelled = 1,
                                           .num_queries = 1,
                                           .answer_begin = 3,
                                           .tokens = {1, 1010, 1000, 2, 1010, 1001}},
                                          {.index = 12}};
  std::string bytes_;
};

TEST_F(TokenShardFile, ReadsWhatWasWritten) {
  write_file(path_, bytes_);
  const TokenShard shard(path_);
  ASSERT_EQ(shard.size(), 3u);
  for (size_t number = 0; number < 3; ++number) {
    const TokenSample sample = shard.sample(number);
    EXPECT_EQ(sample.index, samples_[number].index);
    EXPECT_EQ(sample.num_features, samples_[number].num_features);
    EXPECT_EQ(sample.num_labelled, samples_[number].num_labelled);
    EXPECT_EQ(sample.num_queries, samples_[number].num_queries);
    EXPECT_EQ(sample.answer_begin, samples_[number].answer_begin);
    EXPECT_EQ(sample.tokens, samples_[number].tokens);
  }
}

TEST_F(TokenShardFile, EveryDamageIsNamed) {
  EXPECT_THAT(refusal(""), HasSubstr("no token file"));
  EXPECT_THAT(refusal("x" + bytes_.substr(1)), HasSubstr("MSTOKENS"));
  std::string version = bytes_;
  version[8] = 9;
  EXPECT_THAT(refusal(version), HasSubstr("version 9"));
  for (size_t size = 0; size < bytes_.size(); ++size) EXPECT_NE(refusal(bytes_.substr(0, size)), "") << size;
  for (size_t place = 0; place < bytes_.size(); ++place) {
    std::string damaged = bytes_;
    damaged[place] = static_cast<char>(damaged[place] ^ 0x10);
    EXPECT_NE(refusal(damaged), "") << place;
  }
}

TEST_F(TokenShardFile, ChecksumIsCrc32) { EXPECT_EQ(crc32_of("123456789"), 0xCBF43926u); }

}  // namespace
}  // namespace manyshot
