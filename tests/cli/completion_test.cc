// Completions as the shells themselves make them, the manual page as man(1) reads it, and what version says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "support/program.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::Eq;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// What a command prints, errors too.
std::string output_of(const std::string& command) {
  std::FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  std::string text;
  char buffer[4096];
  while (std::fgets(buffer, sizeof buffer, pipe) != nullptr) text += buffer;
  pclose(pipe);
  return text;
}
bool has(const std::string& tool) { return std::system(("command -v " + tool + " >/dev/null").c_str()) == 0; }

class Completion : public ::testing::Test {
 protected:
  std::string script(const std::string& shell) {
    folder_.write(shell, run_manyshot({"completion", shell}).out);
    return folder_ / shell;
  }
  // The last word of `words` (as bash splits them) is the one to be completed.
  std::string bash(const std::string& words) {
    if (bash_script_.empty()) bash_script_ = script("bash");
    return output_of("bash -c 'source \"" + bash_script_ + "\"; COMP_WORDS=(" + words +
                     "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _manyshot; echo -n \"${COMPREPLY[*]}\"'");
  }
  TemporaryFolder folder_;
  std::string bash_script_;
};

TEST_F(Completion, Bash) {
  if (!has("bash")) GTEST_SKIP() << "there is no bash";
  EXPECT_EQ(bash("manyshot pre"), "predict");
  EXPECT_EQ(bash("manyshot help ver"), "version");
  EXPECT_EQ(bash("manyshot lab r"), "run report");
  EXPECT_EQ(bash("manyshot help lab q"), "quick");
  EXPECT_EQ(bash("manyshot predict --ta"), "--target --task");
  EXPECT_EQ(bash("manyshot predict --task \"\""), "auto classification regression");
  EXPECT_EQ(bash("manyshot predict --task = reg"), "regression") << "--task=reg";
  EXPECT_EQ(bash("manyshot lab run --tuning f"), "full");
  EXPECT_EQ(bash("manyshot lab make cel"), "celebrities") << "the argument without a flag";
  EXPECT_EQ(bash("manyshot predict --train \"\""), "") << "bash then offers files";
}

TEST_F(Completion, Fish) {
  if (!has("fish")) GTEST_SKIP() << "there is no fish";
  const std::string path = script("fish");
  const auto complete = [&](const std::string& line) {
    return output_of("HOME=" + folder_.path() + " fish -c 'source " + path + "; complete -C \"" + line + "\"'");
  };
  EXPECT_THAT(complete("manyshot predict --ta"), AllOf(HasSubstr("--target"), HasSubstr("--task")));
  EXPECT_THAT(complete("manyshot lab run --tuning "), AllOf(HasSubstr("full"), Not(HasSubstr("make"))));
  EXPECT_THAT(complete("manyshot lab "), AllOf(HasSubstr("make\t"), HasSubstr("quick\t")));
}

TEST_F(Completion, ZshReadsTheScript) {
  if (!has("zsh")) GTEST_SKIP() << "there is no zsh";
  EXPECT_EQ(output_of("zsh -n " + script("zsh")), "");
  EXPECT_THAT(run_manyshot({"completion", "zsh"}).out,
              AllOf(StartsWith("#compdef manyshot\n"), HasSubstr(":task:(auto classification regression)'")));
}

TEST_F(Completion, AnotherShellIsRefused) {
  const ProgramResult result = run_manyshot({"completion", "fisch"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("did you mean \"fish\"?"));
}

TEST(ManualPage, HasEveryCommandAndOption) {
  const std::string page = run_manyshot({"help", "--man"}).out;
  EXPECT_THAT(page, StartsWith(".TH MANYSHOT 1"));
  for (const char* part : {".SS manyshot predict\n", ".SS manyshot lab run\n", ".B \\-\\-teacher\\-seconds X\n"})
    EXPECT_THAT(page, HasSubstr(part));
  if (!has("mandoc")) GTEST_SKIP() << "there is no mandoc to check the macros";
  TemporaryFolder folder;
  folder.write("page", page);
  const std::string complaints =
      output_of("mandoc -T lint -W warning " + (folder / "page") + " | grep -v 'missing date'");
  EXPECT_EQ(complaints, "");
}

TEST(Version, NamesCommitKernelsAndModels) {
  for (const char* spelling : {"version", "--version"}) {
    EXPECT_THAT(
        run_manyshot({spelling}).out,
        AllOf(ContainsRegex("^manyshot [0-9]+\\.[0-9]+\\.[0-9]+\ncommit    ([0-9a-f]{12}(-changed)?|unknown)\n"),
              HasSubstr("\nkernels   "), HasSubstr("\nlibtorch  "), HasSubstr("\nmodels    default")));
  }
}

}  // namespace
}  // namespace manyshot
