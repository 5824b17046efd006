// Help texts: golden. `./run docs` renews docs/options.md; the help texts are renewed by
//   MANYSHOT_RENEW_GOLDEN=1 ctest -R cli_test
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>

#include "support/program.h"
#include "support/source_path.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

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

TEST(Help, OptionsDocumentIsUpToDate) {
  EXPECT_EQ(run_manyshot({"help", "--markdown"}).out, content_of(source_path("docs/options.md"))) << "run ./run docs";
}

}  // namespace
}  // namespace manyshot
