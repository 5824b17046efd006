// What a run leaves: checkpoints, TensorBoard events, logs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "support/error.h"
#include "support/temporary_folder.h"
#include "train/record/ability_record.h"
#include "train/record/checkpoint.h"
#include "train/record/metrics_log.h"
#include "train/record/tensorboard.h"

namespace manyshot::train {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(TensorBoard, ChecksumsAreCastagnolis) {
  EXPECT_EQ(crc32c_of("123456789"), 0xe3069283u);  // RFC 3720, appendix B.4
  EXPECT_EQ(crc32c_of(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(crc32c_of(std::string(32, '\xff')), 0x62a8ab43u);
}

// Takes a file's records apart and checks their checksums.
std::vector<std::string> records_of(const std::string& bytes) {
  std::vector<std::string> records;
  const auto masked = [](std::string_view text) {
    const uint32_t crc = crc32c_of(text);
    return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
  };
  for (size_t at = 0; at < bytes.size();) {
    uint64_t length = 0;
    uint32_t head = 0, tail = 0;
    std::memcpy(&length, bytes.data() + at, 8);
    std::memcpy(&head, bytes.data() + at + 8, 4);
    EXPECT_EQ(head, masked(std::string_view(bytes).substr(at, 8)));
    records.push_back(bytes.substr(at + 12, length));
    std::memcpy(&tail, bytes.data() + at + 12 + length, 4);
    EXPECT_EQ(tail, masked(records.back()));
    at += 16 + length;
  }
  return records;
}

TEST(TensorBoard, EventsCarryStepTagAndValue) {
  const TemporaryFolder folder;
  EventWriter writer(folder.path(), 0);
  writer.add(300, {{"train/loss", 0.5f}, {"train/accuracy", 0.25f}});
  const std::vector<std::string> records = records_of(content_of(writer.path()));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[0], HasSubstr("brain.Event:2"));
  // step 300 as a varint behind the key of field 2; the value 0.5 behind tag and key of field 2.
  EXPECT_THAT(records[1], HasSubstr(std::string("\x10\xac\x02", 3)));
  EXPECT_THAT(records[1], HasSubstr("train/loss" + std::string("\x15\x00\x00\x00\x3f", 5)));
  EXPECT_THAT(records[1], HasSubstr("train/accuracy" + std::string("\x15\x00\x00\x80\x3e", 5)));
}

TEST(TensorBoard, AResumedRunHidesWhatItRepeats) {
  const TemporaryFolder folder;
  const EventWriter writer(folder.path(), 5);
  const std::vector<std::string> records = records_of(content_of(writer.path()));
  ASSERT_EQ(records.size(), 2u);
  EXPECT_THAT(records[1], ::testing::EndsWith(std::string("\x10\x05\x3a\x02\x08\x01", 6))) << "SessionLog START at 5";
}

TEST(JsonLinesLog, CutsWhatAResumedRunRepeats) {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("m.jsonl", "{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"eval_loss\":1}\n{\"step\":3}\n{\"st");
  JsonLinesLog log(path, 2);
  log.add({{"step", 3}, {"loss", 7}});
  EXPECT_EQ(content_of(path), "{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"eval_loss\":1}\n{\"step\":3,\"loss\":7}\n");
  JsonLinesLog fresh(path, 0);
  EXPECT_EQ(content_of(path), "");
}

TEST(Checkpoint, StateComesBack) {
  const TemporaryFolder folder;
  std::vector<float> a = {1, 2, 3}, b = {4};
  const std::vector<StateTensor> tensors = {{"a", a}, {"b", b}};
  write_state(tensors, folder.path());
  a = {0, 0, 0};
  read_state(tensors, folder.path());
  EXPECT_THAT(a, ElementsAre(1, 2, 3));
  std::vector<float> other(2);
  const std::vector<StateTensor> wrong = {{"b", other}};
  EXPECT_EQ(error_of([&] { read_state(wrong, folder.path()); }).kind(), ErrorKind::kCorruptFile);
}

TEST(Checkpoint, TrainerStateHoldsCounts) {
  const TemporaryFolder folder;
  const TrainerState state{
      .step = 12, .seconds = 1.5, .tokens = 4000, .samples = 48, .best_metric = 0.5, .best_step = 10};
  const Json written = to_json(state);
  folder.write("trainer_state.json", written.dump());
  EXPECT_EQ(to_json(read_trainer_state(folder.path())), written);
  for (const char* change :
       {R"({"global_step": -1})", R"({"best_global_step": 1e300})", R"({"num_input_tokens_seen": "many"})",
        R"({"manyshot": {"world_size": 0}})", R"({"manyshot": {"samples": 18446744073709551615}})"}) {
    Json changed = written;
    changed.merge_patch(Json::parse(change));
    folder.write("trainer_state.json", changed.dump());
    EXPECT_ERROR(read_trainer_state(folder.path()), ErrorKind::kCorruptFile, "expected a count") << change;
  }
}

TEST(Checkpoint, AppearsWholeOrNotAtAll) {
  const TemporaryFolder folder;
  const CheckpointFolders checkpoints(folder.path());
  const auto fill = [](const std::string& text) {
    return [text](const std::string& inside) { std::ofstream(inside + "/file") << text; };
  };
  checkpoints.write(5, fill("a"));
  EXPECT_ANY_THROW(checkpoints.write(5, [&](const std::string& inside) {
    fill("half")(inside);
    fail(ErrorKind::kBadInput, "disk full");
  }));
  EXPECT_EQ(content_of(folder / "checkpoint-5/file"), "a");
  checkpoints.write(5, fill("b"));
  EXPECT_EQ(content_of(folder / "checkpoint-5/file"), "b");
  EXPECT_THAT(folder.names(), ElementsAre("checkpoint-5"));
  std::filesystem::create_directory(folder / ".checkpoint-7.part");
  checkpoints.remove_unfinished();
  EXPECT_THAT(folder.names(), ElementsAre("checkpoint-5"));
  for (const int64_t step : {10, 15, 20}) checkpoints.write(step, fill("c"));
  checkpoints.prune(2, 5);
  EXPECT_THAT(checkpoints.steps(), ElementsAre(5, 15, 20));
}

TEST(AbilityRecord, TextSaysWhatWasMeasured) {
  const Json numbers{{"knowledge_accuracy", 0.25},
                     {"knowledge_standard_error", 0.014},
                     {"knowledge_questions", 1000},
                     {"perplexity", 12.5}};
  EXPECT_EQ(ability_text({}), "");
  EXPECT_EQ(ability_text({.before = numbers}),
            "knowledge 25.0 % before (± 1.4, 1,000 questions); perplexity 12.5 before");
  EXPECT_EQ(ability_text({.before = numbers, .after = numbers}),
            "knowledge 25.0 % before, 25.0 % after (± 1.4, 1,000 questions); perplexity 12.5 before, 12.5 after");
}

}  // namespace
}  // namespace manyshot::train
