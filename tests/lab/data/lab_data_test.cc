#include "lab/data/lab_data.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/rng.h"
#include "lab/world/world_json.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

LabData small_data() {
  WorldParts parts{.entities = {{"glon", "glons", ""}, {"femp", "femps", ""}},
                   .relations = {{.name = "likes", .forms = {"{subjects} like {objects}"}}},
                   .facts = {{"f1", {"glon", "likes", "femp"}}}};
  return {.kind = "reversals",
          .seed = 7,
          .options = {{"facts", 1}},
          .world = World(std::move(parts)),
          .documents = {{.id = "d1",
                         .text = "Glons like femps.",
                         .prompt_bytes = 10,
                         .style = "article",
                         .facts = {"f1"},
                         .group = "f1"}},
          .questions = {{.id = "q1",
                         .split = "forward",
                         .kind = "object",
                         .prompt = "Glons like",
                         .alternatives = {" femps.", " trells.", " yomps.", " brasks."},
                         .gold = {0},
                         .facts = {"f1"},
                         .entities = {"glon"},
                         .hops = 1},
                        {.id = "q2",
                         .split = "reversal",
                         .kind = "subject",
                         .prompt = "Femps are liked by",
                         .alternatives = {" yomps.", " glons."},
                         .gold = {1},
                         .facts = {"f1"},
                         .entities = {"femp"},
                         .hops = 1}}};
}

TEST(LabData, IsReadAsItWasWritten) {
  const TemporaryFolder folder;
  const LabData data = small_data();
  write_lab_data(data, folder / "data");
  const LabData read = read_lab_data(folder / "data");
  EXPECT_EQ(read.kind, data.kind);
  EXPECT_EQ(read.seed, data.seed);
  EXPECT_EQ(read.options, data.options);
  EXPECT_EQ(to_json(read.world), to_json(data.world));
  ASSERT_EQ(read.documents.size(), 1u);
  EXPECT_EQ(read.documents[0].text, "Glons like femps.");
  EXPECT_EQ(read.documents[0].prompt_bytes, 10u);
  EXPECT_EQ(read.documents[0].style, "article");
  EXPECT_THAT(read.documents[0].facts, ElementsAre("f1"));
  EXPECT_EQ(read.documents[0].group, "f1");
  ASSERT_EQ(read.questions.size(), 2u);
  EXPECT_EQ(read.questions[1].split, "reversal");
  EXPECT_EQ(read.questions[1].prompt, "Femps are liked by");
  EXPECT_THAT(read.questions[1].alternatives, ElementsAre(" yomps.", " glons."));
  EXPECT_THAT(read.questions[1].gold, ElementsAre(1u));
  EXPECT_THAT(read.questions[1].entities, ElementsAre("femp"));
  // Written again: the same bytes.
  write_lab_data(read, folder / "again");
  EXPECT_EQ(content_of(folder / "again/lab.json"), content_of(folder / "data/lab.json"));
  EXPECT_EQ(lab_data_hash(folder / "again"), lab_data_hash(folder / "data"));
}

TEST(LabData, ChanceIsWhatGuessingGetsRight) {
  const LabData data = small_data();
  EXPECT_DOUBLE_EQ(chance(data, "forward"), 0.25);
  EXPECT_DOUBLE_EQ(chance(data, "reversal"), 0.5);
  EXPECT_DOUBLE_EQ(chance(data), 0.375);
  EXPECT_DOUBLE_EQ(chance(data, "holdout"), 0);
  EXPECT_THAT(splits_of(data), ElementsAre("forward", "reversal"));
}

// Refused before anything is written.
void expect_refused(const std::function<void(LabData&)>& change, const std::string& message) {
  const TemporaryFolder folder;
  LabData data = small_data();
  change(data);
  EXPECT_ERROR(write_lab_data(data, folder / "data"), ErrorKind::kBadInput, message);
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(LabData, RefusesQuestionsThatAreNone) {
  expect_refused([](LabData& data) { data.questions[0].alternatives[1] = " femps."; }, "question q1: two alternatives");
  expect_refused([](LabData& data) { data.questions[0].alternatives[1] = ""; }, "an alternative is empty");
  expect_refused([](LabData& data) { data.questions[0].prompt = "Glons, femps. Glons like femps."; },
                 "shows the alternative");
  expect_refused([](LabData& data) { data.questions[1].gold = {0, 1}; }, "question q2: gold names 2 of 2");
  expect_refused([](LabData& data) { data.questions[1].gold = {}; }, "gold names 0 of 2");
  expect_refused([](LabData& data) { data.questions[1].gold = {2}; }, "gold names 1 of 2");
  expect_refused([](LabData& data) { data.questions[1].gold = {1, 1}; }, "gold names");
  expect_refused([](LabData& data) { data.questions[1].id = "q1"; }, "the id \"q1\"");
  expect_refused([](LabData& data) { data.questions[1].facts = {"f2"}; }, "no fact \"f2\"");
  expect_refused([](LabData& data) { data.questions[1].hops = 0; }, "hops is 0");
  expect_refused([](LabData& data) { data.documents[0].text = ""; }, "the text is empty");
  expect_refused([](LabData& data) { data.documents[0].prompt_bytes = 17; }, "leaves nothing");
}

TEST(LabData, RefusesAFolderWithSomethingInIt) {
  const TemporaryFolder folder;
  folder.write("data/note.txt", "mine");
  EXPECT_ERROR(write_lab_data(small_data(), folder / "data"), ErrorKind::kBadInput, "not an empty folder");
  EXPECT_EQ(content_of(folder / "data/note.txt"), "mine");
}

TEST(LabData, NamesFileAndLineOfWhatIsBroken) {
  const TemporaryFolder folder;
  int number = 0;
  const auto expect_broken = [&](const std::string& file, const std::string& bytes, ErrorKind kind,
                                 const auto& message) {
    const std::string name = "data" + std::to_string(number++);
    write_lab_data(small_data(), folder / name);
    folder.write(name + "/" + file, bytes);
    EXPECT_ERROR(read_lab_data(folder / name), kind, message);
  };
  expect_broken("questions.jsonl", "{\"id\":\"q1\"\n", ErrorKind::kCorruptFile, "questions.jsonl:1: this is no JSON");
  expect_broken("questions.jsonl", "{\"id\":\"q1\"}\n", ErrorKind::kCorruptFile,
                "questions.jsonl:1: there is no \"split\"");
  expect_broken("documents.jsonl", "{\"id\":\"d1\",\"text\":3}\n", ErrorKind::kCorruptFile,
                "documents.jsonl:1: \"text\" is 3, expected a text");
  expect_broken("documents.jsonl", "[]\n", ErrorKind::kCorruptFile, "documents.jsonl:1: expected an object");
  expect_broken("documents.jsonl", "", ErrorKind::kCorruptFile,
                AllOf(HasSubstr("documents.jsonl: its SHA-256"), HasSubstr("make the data again")));
  expect_broken("questions.jsonl",
                "{\"id\":\"q1\",\"split\":\"a\",\"kind\":\"b\",\"prompt\":\"P\",\"alternatives\":[\" x\",\" x\"],"
                "\"gold\":[0],\"facts\":[],\"entities\":[],\"hops\":1}\n",
                ErrorKind::kCorruptFile, "questions.jsonl:1: two alternatives are \" x\"");
  expect_broken("world.json", "{}", ErrorKind::kCorruptFile, "world.json: there is no \"format\"");
  expect_broken("lab.json", "{\"format\":\"other\"}", ErrorKind::kCorruptFile, "lab.json: expected format");
  expect_broken("lab.json", "{\"format\":\"manyshot lab data\",\"version\":9}", ErrorKind::kUnsupported, "version 9");
  EXPECT_ERROR(read_lab_data(folder / "none"), ErrorKind::kNotFound, "none");
  EXPECT_ERROR(read_lab_data(folder.path()), ErrorKind::kNotFound, "no lab.json");
}

TEST(LabData, DamagedFoldersAreRefusedAndNothingWorse) {
  const TemporaryFolder folder;
  write_lab_data(small_data(), folder / "data");
  const Rng rng(11);
  for (const std::string file : {"world.json", "documents.jsonl", "questions.jsonl", "lab.json"}) {
    const std::string good = content_of(folder / ("data/" + file));
    for (uint64_t trial = 0; trial < 150; ++trial) {
      const Rng own = rng.child(file, trial);
      std::string bytes = good;
      const size_t place = own.below(0, bytes.size());
      const size_t length = std::min<size_t>(own.below(1, 40) + 1, bytes.size() - place);
      switch (own.below(2, 4)) {
        case 0:
          bytes[place] = static_cast<char>(own.below(3, 256));
          break;
        case 1:
          bytes.erase(place, length);
          break;
        case 2:
          bytes.insert(own.below(4, bytes.size()), bytes.substr(place, length));
          break;
        default:
          bytes.resize(place);
      }
      if (bytes == good) continue;
      folder.write("data/" + file, bytes);
      try {
        read_lab_data(folder / "data");
        EXPECT_EQ(file, "lab.json") << "only there nothing is hashed: " << bytes;
      } catch (const Error& error) {
        EXPECT_TRUE(error.kind() == ErrorKind::kCorruptFile || error.kind() == ErrorKind::kUnsupported) << error.what();
        EXPECT_THAT(error.what(), HasSubstr(folder / "data/")) << "names a file";
      }
    }
    folder.write("data/" + file, good);
  }
  EXPECT_EQ(read_lab_data(folder / "data").documents.size(), 1u);
  folder.write("data/world.json", std::string(100000, '['));
  EXPECT_ERROR(read_lab_data(folder / "data"), ErrorKind::kCorruptFile, "deep in one another");
}

}  // namespace
}  // namespace manyshot::lab
