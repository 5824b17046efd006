#include "core/library.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

constexpr LibraryFunction kAnswer{"libmanyshot_library_test.so", "manyshot_library_test_answer", "the test needs",
                                  "build all"};

TEST(Library, FunctionsOfALibraryBesideOursAreFound) {
  EXPECT_TRUE(std::filesystem::exists(library_folder() + "/libmanyshot_core.so")) << library_folder();
  EXPECT_EQ(reinterpret_cast<int (*)()>(open_library(kAnswer))(), 42);
}

TEST(Library, MissingLibrariesAndFunctionsAreNamed) {
  LibraryFunction function = kAnswer;
  function.symbol = "manyshot_no_such_function";
  EXPECT_ERROR(open_library(function), ErrorKind::kInternal,
               ::testing::StrEq(library_folder() +
                                "/libmanyshot_library_test.so has no manyshot_no_such_function: it is of another "
                                "version"));
  function.file = "libmanyshot_none.so";
  EXPECT_ERROR(
      open_library(function), ErrorKind::kUnsupported,
      ::testing::StrEq("the test needs libmanyshot_none.so, which this build or installation lacks; build all"));
}

TEST(Library, ALibraryThatDoesNotOpenIsNamedWithTheReason) {
  const TemporaryFolder folder;
  LibraryFunction function = kAnswer;
  const std::string path = folder.write("libmanyshot_no_elf.so", std::string(1000, 'x'));
  function.file = path.c_str();
  EXPECT_ERROR(
      open_library(function), ErrorKind::kUnsupported,
      ::testing::AllOf(::testing::StartsWith("the test needs " + path + ", which does not open here ("),
                       ::testing::HasSubstr("invalid ELF header"),
                       ::testing::EndsWith("); build all, or name the folder of the libraries that it needs in "
                                           "LD_LIBRARY_PATH")));
}

}  // namespace
}  // namespace manyshot
