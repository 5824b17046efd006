// Help texts: golden. `./run docs` renews docs/options.md; the help texts are renewed by
//   MANYSHOT_RENEW_GOLDEN=1 ctest -R cli_test
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

void expect_golden(const std::vector<std::string>& arguments, const std::string& file) {
  const ProgramResult result = run_manyshot(arguments);
  EXPECT_EQ(result.exit_code, 0);
  const std::string path = source_path("tests/data/help/" + file);
  if (std::getenv("MANYSHOT_RENEW_GOLDEN") != nullptr) std::ofstream(path) << result.out;
  EXPECT_EQ(result.out, content_of(path)) << "renew with MANYSHOT_RENEW_GOLDEN=1 if the change is meant";
}

TEST(Help, Program) { expect_golden({"help"}, "manyshot.txt"); }
TEST(Help, Predict) { expect_golden({"predict", "--help"}, "predict.txt"); }
TEST(Help, Info) { expect_golden({"info", "--help"}, "info.txt"); }

TEST(Help, HelpCommandIsCommandHelp) {
  for (const char* command : {"predict", "tokenize", "evaluate"}) {
    const ProgramResult result = run_manyshot({"help", command});
    EXPECT_EQ(result.exit_code, 0);
    EXPECT_EQ(result.out, run_manyshot({command, "--help"}).out);
  }
  const ProgramResult unknown = run_manyshot({"help", "evalute"});
  EXPECT_EQ(unknown.exit_code, 2);
  EXPECT_THAT(unknown.err, HasSubstr("no command \"evalute\"; did you mean \"evaluate\"?"));
}

// The longest line of a text.
size_t width_of(const std::string& text) {
  std::istringstream lines(text);
  size_t width = 0;
  for (std::string line; std::getline(lines, line);) width = std::max(width, line.size());
  return width;
}

TEST(Help, IsAsWideAsTheTerminalWithinBounds) {
  const auto shown = [](unsigned short columns) {
    return run_manyshot({"help", "evaluate"}, {.terminal_columns = columns}).out;
  };
  const std::string at_100 = shown(100);
  EXPECT_THAT(at_100, AllOf(HasSubstr("\nInput:\n  --tables"), HasSubstr("\nEndpoint:\n  --base-url")));
  // Examples are never broken, so only the paragraph and the options count.
  const auto options_of = [](const std::string& text) { return text.substr(text.find("\nInput:")); };
  EXPECT_LE(width_of(options_of(at_100)), 100u);
  EXPECT_GT(width_of(options_of(at_100)), 90u);
  EXPECT_EQ(shown(20), shown(80));
  EXPECT_EQ(shown(500), shown(120));
  EXPECT_NE(shown(80), shown(120));
}

TEST(Help, RequiredOptionsAreMarked) {
  const std::string help = run_manyshot({"help", "merge"}).out;
  EXPECT_THAT(help, HasSubstr("manyshot merge --model TEXT --adapter TEXT --out TEXT [OPTIONS]"));
  EXPECT_THAT(help, HasSubstr("(required) Folder for the merged model"));
  EXPECT_THAT(run_manyshot({"help", "tokenize"}).out, HasSubstr("manyshot tokenize --model TEXT [OPTIONS] [FILE]\n"));
}

TEST(Help, OptionsDocumentIsUpToDate) {
  EXPECT_EQ(run_manyshot({"help", "--markdown"}).out, content_of(source_path("docs/options.md"))) << "run ./run docs";
}

}  // namespace
}  // namespace manyshot
