// Tasks as HDF5, read back with libhdf5 as the loaders of nanoTabPFN read them.
#include "corpus/task_dump.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"
#include "core/parallel.h"
#include "corpus/write_corpus.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

template <class Value>
struct Array {
  std::vector<hsize_t> shape;
  std::vector<Value> values;
};

// A data set of the file whole, converted to `type`.
template <class Value>
Array<Value> read_array(const std::string& path, const char* name, hid_t type) {
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
  EXPECT_GE(file, 0) << path;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT), space = H5Dget_space(set);
  Array<Value> array;
  array.shape.resize(static_cast<size_t>(H5Sget_simple_extent_ndims(space)));
  H5Sget_simple_extent_dims(space, array.shape.data(), nullptr);
  array.values.resize(static_cast<size_t>(H5Sget_simple_extent_npoints(space)));
  EXPECT_GE(H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, array.values.data()), 0) << name;
  H5Sclose(space);
  H5Dclose(set);
  H5Fclose(file);
  return array;
}
Array<float> floats(const std::string& path, const char* name) {
  return read_array<float>(path, name, H5T_NATIVE_FLOAT);
}
Array<int32_t> integers(const std::string& path, const char* name) {
  return read_array<int32_t>(path, name, H5T_NATIVE_INT32);
}
std::string text(const std::string& path, const char* name) {
  const hid_t type = H5Tcopy(H5T_C_S1);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  const Array<char*> array = read_array<char*>(path, name, type);
  std::string value = array.values.at(0);
  H5free_memory(array.values.at(0));
  H5Tclose(type);
  return value;
}

constexpr float kNone = std::numeric_limits<float>::quiet_NaN();

TEST(TaskDump, PadsFillsAndRepeats) {
  const DumpSizes sizes{.num_labelled = 2, .num_queries = 3, .num_features = 3, .num_classes = 4};
  // The first has a missing cell in a labelled row and one query too few; the second all that there can be.
  const std::vector<Sample> samples{{.num_labelled = 2,
                                     .num_queries = 2,
                                     .num_features = 2,
                                     .cells = {1, kNone, 3, 8, 5, 6, kNone, 7},
                                     .labels = {1, 0, 3, 1}},
                                    {.num_labelled = 2,
                                     .num_queries = 3,
                                     .num_features = 3,
                                     .cells = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                     .labels = {0, 1, 1, 0, 1}}};
  const TemporaryFolder folder;
  const std::string path = folder / "part.h5";
  write_file(path, task_dump_format().part(samples, sizes));
  const Array<float> X = floats(path, "X"), y = floats(path, "y");
  EXPECT_THAT(X.shape, ElementsAre(2, 5, 3));
  EXPECT_THAT(X.values, ElementsAre(1, 8, 0, 3, 8, 0, 5, 6, 0, 2, 7, 0, 5, 6, 0,  //
                                    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  EXPECT_THAT(y.shape, ElementsAre(2, 5));
  EXPECT_THAT(y.values, ElementsAre(1, 0, 3, 1, 3, 0, 1, 1, 0, 1));
  EXPECT_THAT(integers(path, "num_features").values, ElementsAre(2, 3));
  EXPECT_THAT(integers(path, "num_datapoints").values, ElementsAre(5, 5));
  EXPECT_THAT(integers(path, "single_eval_pos").values, ElementsAre(2, 2));
  EXPECT_THAT(integers(path, "max_num_classes").values, ElementsAre(4));
  EXPECT_THAT(integers(path, "original_batch_size").values, ElementsAre(1));
  EXPECT_EQ(text(path, "problem_type"), "classification");
}

// Chunks of whole tasks, of rows of one task, and of a row that is larger than a chunk should be.
TEST(TaskDump, TakesTasksOfAnySize) {
  const TemporaryFolder folder;
  for (const auto& [rows, features] : {std::pair<uint32_t, uint32_t>{4, 2}, {700, 500}, {3, 200'000}}) {
    const DumpSizes sizes{.num_labelled = rows - 1, .num_queries = 1, .num_features = features, .num_classes = 2};
    std::vector<Sample> samples;
    for (int task = 0; task < 3; ++task) {
      Sample sample{.num_labelled = rows - 1, .num_queries = 1, .num_features = features};
      for (size_t i = 0; i < size_t{rows} * features; ++i) sample.cells.push_back(static_cast<float>(i % 1009 + task));
      sample.labels.assign(rows, task % 2);
      samples.push_back(std::move(sample));
    }
    const std::string path = folder / "part.h5";
    write_file(path, task_dump_format().part(samples, sizes));
    std::vector<float> expected;
    for (const Sample& sample : samples) expected.insert(expected.end(), sample.cells.begin(), sample.cells.end());
    EXPECT_TRUE(floats(path, "X").values == expected) << rows << " x " << features;
  }
}

class WriteTaskDump : public ::testing::Test {
 protected:
  ~WriteTaskDump() override { set_num_threads(0); }
  static CorpusOptions options() {
    CorpusOptions options;
    options.shots = IntRange{32, 32};
    options.queries = 20;
    options.max_tokens = 64;  // no prompt is made that could be too long
    options.prior.prior = "graph";
    options.prior.features = IntRange{4, 6};
    options.prior.classes = IntRange{2, 3};
    return options;
  }
  CorpusFiles files(const std::string& name, uint64_t tasks = 40) const {
    return {.out = folder_ / name,
            .layout = CorpusLayout::kHdf5,
            .tasks = tasks,
            .part_tasks = 10,
            .version = "1",
            .options = Json{{"seed", 0}}};
  }
  const TemporaryFolder folder_;
  const Sampler sampler_{options(), nullptr, {}, SampleContent::kRows};
};

TEST_F(WriteTaskDump, AllPartsAreOneFile) {
  const CorpusReport report = write_corpus(sampler_, files("dump"));
  ASSERT_GT(report.kept, 3u);
  const std::string path = folder_ / "dump/tasks.h5";
  const Array<float> X = floats(path, "X"), y = floats(path, "y");
  EXPECT_THAT(X.shape, ElementsAre(report.kept, 52, 6));
  EXPECT_THAT(y.shape, ElementsAre(report.kept, 52));
  const std::vector<int32_t> num_features = integers(path, "num_features").values;
  SamplerScratch scratch;
  size_t task = 0;
  for (uint64_t index = 0; index < 40; ++index) {
    const Sample sample = sampler_.draw(index, scratch);
    if (sample.status != SampleStatus::kKept) continue;
    ASSERT_LT(task, report.kept);
    ASSERT_EQ(num_features[task], static_cast<int32_t>(sample.num_features));
    for (size_t row = 0; row < sample.num_labelled + sample.num_queries; ++row) {
      EXPECT_EQ(y.values[task * 52 + row], static_cast<float>(sample.labels[row]));
      for (size_t feature = 0; feature < sample.num_features; ++feature) {
        const float cell = sample.cells[row * sample.num_features + feature];
        if (std::isnan(cell)) continue;
        ASSERT_EQ(X.values[(task * 52 + row) * 6 + feature], cell);
      }
    }
    ++task;
  }
  EXPECT_EQ(task, report.kept);
  for (const float cell : X.values) ASSERT_FALSE(std::isnan(cell));
  EXPECT_EQ(text(path, "problem_type"), "classification");
  EXPECT_THAT(integers(path, "max_num_classes").values, ElementsAre(3));

  // The folder can be moved, and is read from anywhere.
  fs::rename(folder_ / "dump", folder_ / "moved");
  EXPECT_TRUE(floats(folder_ / "moved/tasks.h5", "X").values == X.values);
  // A part that is gone shows, rather than being read as zeros.
  fs::remove(folder_ / "moved/hdf5/part-000000.h5");
  EXPECT_TRUE(std::isnan(floats(folder_ / "moved/tasks.h5", "X").values.front()));
}

TEST_F(WriteTaskDump, SameBytesForAnyThreadsShardsAndRestarts) {
  const auto bytes = [&](const std::string& folder) {
    std::vector<std::string> contents{read_file(folder_ / (folder + "/tasks.h5"))};
    for (int part = 0; part < 4; ++part)
      contents.push_back(read_file(folder_ / fmt::format("{}/hdf5/part-{:06}.h5", folder, part)));
    return contents;
  };
  set_num_threads(1);
  write_corpus(sampler_, files("one"));
  const auto expected = bytes("one");
  set_num_threads(7);
  write_corpus(sampler_, files("grown", 20));
  EXPECT_NE(read_file(folder_ / "grown/tasks.h5"), expected[0]);
  write_corpus(sampler_, files("grown"));
  EXPECT_TRUE(bytes("grown") == expected);
  for (const uint64_t index : {2, 0, 1}) {
    CorpusFiles shard = files("shards");
    shard.shard = {.index = index, .count = 3};
    write_corpus(sampler_, shard);
  }
  EXPECT_TRUE(bytes("shards") == expected) << "the last shard lists the parts of all";
}

TEST_F(WriteTaskDump, EmptyDumpsAreFiles) {
  EXPECT_EQ(write_corpus(sampler_, files("none", 0)).kept, 0u);
  EXPECT_THAT(floats(folder_ / "none/tasks.h5", "X").shape, ElementsAre(0, 52, 6));
}

TEST_F(WriteTaskDump, ARangeOfShotsIsRefusedBeforeAnythingIsWritten) {
  CorpusOptions range = options();
  range.shots = IntRange{8, 32};
  const Sampler sampler(range, nullptr, {}, SampleContent::kRows);
  EXPECT_THAT(error_of([&] { write_corpus(sampler, files("range")); }).what(), HasSubstr("8:32 is a range"));
  EXPECT_FALSE(fs::exists(folder_ / "range"));
}

// Warm-up tasks have as many queries as they are resampled to.
TEST(DumpSizes, FollowTheStage) {
  CorpusOptions options;
  options.shots = IntRange{64, 64};
  EXPECT_EQ(dump_sizes(options, parse_corpus_options(options)).num_rows(), 114u);
  options.stage = CorpusStage::kWarmup;
  EXPECT_EQ(dump_sizes(options, parse_corpus_options(options)).num_rows(), 84u);
}

}  // namespace
}  // namespace manyshot
