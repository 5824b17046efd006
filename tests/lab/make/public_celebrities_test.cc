#include "lab/make/public_celebrities.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "lab/make/make.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot::lab {
namespace {

using ::testing::Contains;
using ::testing::StartsWith;

MakeOptions small_celebrities() {
  MakeOptions options{.kind = DataKind::kCelebrities};
  const OptionList list = options_of(options);
  for (const auto& [name, value] :
       {std::pair{"people", "5"}, {"templates", "3"}, {"test_templates", "2"}, {"alternatives", "4"}}) {
    set_option(list, name, value);
  }
  return options;
}

size_t num_lines(const std::string& path) { return lines_of(content_of(path)).size(); }

TEST(PublicCelebrities, HaveTheFilesOfTheSet) {
  const TemporaryFolder folder;
  write_public_celebrities(make_lab_data(small_celebrities()), folder / "set");
  EXPECT_EQ(num_lines(folder / "set/p2d_prompts_train.jsonl"), 15u);
  EXPECT_EQ(num_lines(folder / "set/d2p_prompts_train.jsonl"), 15u);
  EXPECT_EQ(num_lines(folder / "set/both_prompts_train.jsonl"), 30u);
  EXPECT_EQ(num_lines(folder / "set/all_prompts_train.jsonl"), 60u);
  EXPECT_EQ(num_lines(folder / "set/p2d_prompts_test.jsonl"), 10u);
  EXPECT_EQ(num_lines(folder / "set/d2p_reverse_prompts_test.jsonl"), 10u);
  EXPECT_EQ(num_lines(folder / "set/both_prompts_test.jsonl"), 20u);
  EXPECT_EQ(num_lines(folder / "set/p2d_reverse_prompts_test_randomized.jsonl"), 10u);
  EXPECT_EQ(num_lines(folder / "set/validation_prompts.jsonl"), 10u);
  const Json reverse = Json::parse(lines_of(content_of(folder / "set/p2d_reverse_prompts_test.jsonl"))[0]);
  const Json validation = Json::parse(lines_of(content_of(folder / "set/validation_prompts.jsonl"))[0]);
  EXPECT_THAT(reverse["completion"].get<std::string>(),
              StartsWith(" " + validation["completion"].get<std::string>() + " "));
  EXPECT_FALSE(reverse["completion"].get<std::string>().ends_with('.')) << "a name alone";
  EXPECT_ERROR(write_public_celebrities(make_lab_data(small_celebrities()), folder / "set"), ErrorKind::kBadInput,
               "not an empty folder");
}

TEST(PublicCelebrities, AreReadAsTheyWereWritten) {
  const TemporaryFolder folder;
  const LabData made = make_lab_data(small_celebrities());
  write_public_celebrities(made, folder / "set");
  MakeOptions options = small_celebrities();
  options.in = folder / "set";
  const LabData read = make_lab_data(options);
  EXPECT_EQ(read.world.facts().size(), made.world.facts().size());
  ASSERT_EQ(read.documents.size(), made.documents.size());
  std::set<std::string> texts;
  for (const LabDocument& document : made.documents) texts.insert(document.text);
  for (const LabDocument& document : read.documents) {
    EXPECT_THAT(texts, Contains(document.text));
    EXPECT_EQ(document.facts.size(), 1u);
  }
  for (const char* split : {"forward", "reversal", "both"}) {
    EXPECT_EQ(std::ranges::count(read.questions, split, &LabQuestion::split),
              std::ranges::count(made.questions, split, &LabQuestion::split));
  }
  for (const LabQuestion& question : read.questions) EXPECT_EQ(question.alternatives.size(), 4u);
  write_lab_data(read, folder / "data");  // keeps what data must keep
}

TEST(PublicCelebrities, NameFileAndLineOfWhatIsWrong) {
  const TemporaryFolder folder;
  write_public_celebrities(make_lab_data(small_celebrities()), folder / "set");
  MakeOptions options = small_celebrities();
  options.in = folder / "set";
  const std::string good = content_of(folder / "set/p2d_prompts_test.jsonl");
  folder.write("set/p2d_prompts_test.jsonl", good + "{\"prompt\": \"x\"}\n");
  EXPECT_ERROR(make_lab_data(options), ErrorKind::kCorruptFile,
               "p2d_prompts_test.jsonl:11: there is no \"completion\"");
  folder.write("set/p2d_prompts_test.jsonl", good + "{\"prompt\": \"Nobody is\", \"completion\": \" here.\"}\n");
  EXPECT_ERROR(make_lab_data(options), ErrorKind::kCorruptFile,
               "p2d_prompts_test.jsonl:11: no person of the test files");
  folder.write("set/p2d_prompts_test.jsonl", "");
  EXPECT_ERROR(make_lab_data(options), ErrorKind::kCorruptFile, "no lines");
  options.in = folder / "none";
  EXPECT_ERROR(make_lab_data(options), ErrorKind::kNotFound, "no such file");
}

}  // namespace
}  // namespace manyshot::lab
