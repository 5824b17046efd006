// Corpora on disk: the same bytes for any threads, shards and restarts, and nothing lost.
#include "corpus/write_corpus.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "corpus/token_shard.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class WriteCorpus : public ::testing::Test {
 protected:
  ~WriteCorpus() override { set_num_threads(0); }
  static CorpusOptions options() {
    CorpusOptions options;
    options.shots = IntRange{16, 48};
    options.queries = 20;
    options.prior.prior = "graph";
    options.prior.features = IntRange{4, 6};
    options.prior.classes = IntRange{2, 3};
    return options;
  }
  CorpusFiles files(const std::string& name, uint64_t tasks = 40) const {
    return {.out = folder_ / name, .tasks = tasks, .part_tasks = 10, .version = "1", .options = Json{{"seed", 0}}};
  }
  // Name -> bytes of all files, manifests left out.
  static std::map<std::string, std::string> contents(const std::string& folder) {
    std::map<std::string, std::string> result;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string name = fs::relative(entry.path(), folder).string();
      if (entry.is_regular_file() && !name.starts_with("manifest")) result[name] = read_file(entry.path().string());
    }
    return result;
  }
  const TemporaryFolder folder_;
  const Sampler sampler_{options(), nullptr};
};

TEST_F(WriteCorpus, SameBytesForAnyThreadsShardsAndRestarts) {
  set_num_threads(1);
  const CorpusReport whole = write_corpus(sampler_, files("one"));
  const auto expected = contents(folder_ / "one");
  ASSERT_EQ(expected.size(), 5u) << "four parts and dataset_info.json";
  EXPECT_EQ(whole.drawn, 40u);
  EXPECT_GT(whole.kept, 5u);
  set_num_threads(7);
  write_corpus(sampler_, files("seven"));
  EXPECT_EQ(contents(folder_ / "seven"), expected);

  for (const uint64_t index : {2, 0, 1}) {
    CorpusFiles shard = files("shards");
    shard.shard = {.index = index, .count = 3};
    write_corpus(sampler_, shard);
  }
  EXPECT_EQ(contents(folder_ / "shards"), expected);

  write_corpus(sampler_, files("grown", 20));
  const CorpusReport grown = write_corpus(sampler_, files("grown"));
  EXPECT_EQ(contents(folder_ / "grown"), expected);
  EXPECT_EQ(grown.parts_before, 2u);
  EXPECT_EQ(to_json(grown)["rejections"], to_json(whole)["rejections"]) << "the report counts earlier runs too";
  EXPECT_EQ(grown.kept, whole.kept);
}

TEST(CorpusCounts, AreSortedAsNumbers) {
  const CorpusCounts counts{{"10", 1}, {"2", 1}, {"128-255", 1}, {"16-31", 1}, {"guard.kappa", 1}, {"excluded", 1}};
  std::vector<std::string> names;
  for (const auto& [name, count] : counts) names.push_back(name);
  EXPECT_EQ(names, (std::vector<std::string>{"excluded", "guard.kappa", "2", "10", "16-31", "128-255"}));
}

TEST_F(WriteCorpus, GoesOnAfterACrash) {
  write_corpus(sampler_, files("whole"));
  write_corpus(sampler_, files("cut", 30));
  const std::string manifest = folder_ / "cut/manifest.jsonl";
  // The crash: the last line is half written, and so is a part that no line speaks of.
  const std::string text = read_file(manifest);
  std::ofstream(manifest, std::ios::binary) << text.substr(0, text.size() - 20);
  std::ofstream(folder_ / "cut/alpaca/part-000002.jsonl") << "{\"instr";
  const CorpusReport report = write_corpus(sampler_, files("cut"));
  EXPECT_EQ(report.parts_before, 2u);
  EXPECT_EQ(contents(folder_ / "cut"), contents(folder_ / "whole"));
}

TEST_F(WriteCorpus, LayoutsHoldTheSameSamples) {
  CorpusFiles alpaca = files("alpaca"), zstd = files("zstd"), parquet = files("parquet");
  zstd.compress = true;
  parquet.layout = CorpusLayout::kParquet;
  const CorpusReport report = write_corpus(sampler_, alpaca);
  write_corpus(sampler_, zstd);
  EXPECT_EQ(write_corpus(sampler_, parquet).kept, report.kept);
  const std::string plain = read_file(alpaca.out + "/alpaca/part-000001.jsonl"),
                    packed = read_file(zstd.out + "/alpaca/part-000001.jsonl.zst");
  std::string unpacked(plain.size(), '\0');
  EXPECT_EQ(ZSTD_decompress(unpacked.data(), unpacked.size(), packed.data(), packed.size()), plain.size());
  EXPECT_EQ(unpacked, plain);
  EXPECT_EQ(read_file(parquet.out + "/parquet/part-000000.parquet").substr(0, 4), "PAR1");

  CorpusOptions compact = options();
  compact.format = PromptStyle::kCompact;
  CorpusFiles tokens = files("tokens");
  tokens.layout = CorpusLayout::kTokens;
  write_corpus(Sampler(compact, nullptr), tokens);
  const TokenShard shard(tokens.out + "/tokens/part-000000.tokens");
  ASSERT_GT(shard.size(), 0u);
  EXPECT_GT(shard.sample(0).num_features, 0u);
}

// LLaMA-Factory takes every file of the folder that it is told of and judges it by its extension; a column that a line
// lacks is an error there.
TEST_F(WriteCorpus, LlamaFactoryCanReadTheFolder) {
  const CorpusFiles alpaca = files("alpaca");
  ASSERT_GT(write_corpus(sampler_, alpaca).kept, 0u);
  const Json info = Json::parse(read_file(alpaca.out + "/dataset_info.json"));
  ASSERT_EQ(info.size(), 1u);
  const Json dataset = info.at("manyshot");
  EXPECT_EQ(dataset.at("formatting"), "alpaca");
  std::set<std::string> columns;
  for (const auto& [role, column] : dataset.at("columns").items()) columns.insert(column.get<std::string>());
  size_t num_lines = 0;
  for (const auto& entry : fs::directory_iterator(folder_ / ("alpaca/" + dataset.at("file_name").get<std::string>()))) {
    EXPECT_EQ(entry.path().extension(), ".jsonl");
    std::ifstream lines(entry.path());
    for (std::string line; std::getline(lines, line); ++num_lines) {
      const Json record = Json::parse(line);
      std::set<std::string> keys;
      for (const auto& [key, value] : record.items()) keys.insert(key);
      EXPECT_EQ(keys, columns);
    }
  }
  EXPECT_GT(num_lines, 0u);

  write_corpus(sampler_, files("none", 0));
  EXPECT_TRUE(fs::exists(folder_ / "none/dataset_info.json")) << "it is there before the first part is";
  CorpusFiles zstd = files("zstd");
  zstd.compress = true;
  write_corpus(sampler_, zstd);
  EXPECT_FALSE(fs::exists(zstd.out + "/dataset_info.json")) << "LLaMA-Factory does not read .zst";
}

TEST_F(WriteCorpus, OtherOptionsVersionsAndDamageAreErrors) {
  const auto refusal = [&](const CorpusFiles& wanted) -> std::string {
    return error_of([&] { write_corpus(sampler_, wanted); }).what();
  };
  const CorpusFiles first = files("folder");
  write_corpus(sampler_, first);
  const auto before = contents(first.out);
  CorpusFiles other = first;
  other.options["seed"] = 1;
  EXPECT_THAT(refusal(other), HasSubstr("made with seed 0, now 1"));
  other = first;
  other.version = "2";
  EXPECT_THAT(refusal(other), HasSubstr("version"));
  EXPECT_EQ(contents(first.out), before) << "nothing lost";
  fs::resize_file(first.out + "/alpaca/part-000001.jsonl", 10);
  EXPECT_THAT(refusal(first), ::testing::AllOf(HasSubstr("manifest.jsonl:3"), HasSubstr("10 bytes")));
  fs::remove(first.out + "/alpaca/part-000001.jsonl");
  EXPECT_THAT(refusal(first), HasSubstr("gone"));
  std::ofstream(first.out + "/manifest.jsonl") << "something else\n";
  EXPECT_THAT(refusal(first), HasSubstr("manyshot corpus 1"));
}

}  // namespace
}  // namespace manyshot
