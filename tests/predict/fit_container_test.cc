#include "predict/fit_container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/rng.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {

std::string bytes_of(const Json& about, const FitParts& parts) {
  const TemporaryFolder folder;
  OutputFile out(folder / "m.msfit");
  write_fit_container(out, about, parts);
  out.commit();
  return content_of(folder / "m.msfit");
}

std::string example() {
  FitParts parts;
  parts.add("rows", "some rows");
  parts.add("fit/member-0", std::string(1000, 'x'));
  parts.add("fit/none", "");
  return bytes_of({{"format", "msfit"}, {"target", "größe"}}, parts);
}

TEST(FitContainer, IsReadAsItWasWritten) {
  const std::string bytes = example();
  const FitContainer read = parse_fit_container(bytes, "m.msfit");
  EXPECT_EQ(read.about["target"], "größe");
  ASSERT_EQ(read.parts.by_name.size(), 3u);
  EXPECT_EQ(read.parts.by_name.at("rows"), "some rows");
  EXPECT_EQ(read.parts.by_name.at("fit/member-0"), std::string(1000, 'x'));
  EXPECT_EQ(read.parts.by_name.at("fit/none"), "");
}

TEST(FitContainer, NamesWhatIsWrong) {
  const std::string bytes = example();
  const auto expect = [](std::string changed, ErrorKind kind, const std::string& message) {
    EXPECT_ERROR(parse_fit_container(changed, "m.msfit"), kind, message);
  };
  expect("row,label\n1,a\n", ErrorKind::kBadInput, "m.msfit: this is no file of manyshot fit");
  expect(bytes.substr(0, 20), ErrorKind::kCorruptFile, "m.msfit: the file is cut short");
  expect(bytes.substr(0, 60), ErrorKind::kCorruptFile, "the file is cut short");
  expect(bytes.substr(0, bytes.size() - 1), ErrorKind::kCorruptFile, "cut short in part \"rows\"");
  expect(bytes + "12", ErrorKind::kCorruptFile, "the file has 2 bytes behind its end");
  std::string later = bytes;
  later[8] = 2;
  expect(later, ErrorKind::kUnsupported, "version 2 of the format");
  std::string damaged = bytes;
  damaged.back() = '!';
  expect(damaged, ErrorKind::kCorruptFile, "part \"rows\" does not have its checksum");
  std::string huge = bytes;
  huge[23] = '\x7f';  // of the description's size
  expect(huge, ErrorKind::kCorruptFile, "the file is cut short");
}

// No change of a byte and no other length goes unnoticed.
TEST(FitContainer, EveryMutationIsRefused) {
  const std::string bytes = example();
  const auto is_refused = [](const std::string& changed) {
    try {
      parse_fit_container(changed, "m.msfit");
      return false;
    } catch (const Error&) {
      return true;
    }
  };
  const Rng rng(1);
  for (size_t i = 0; i < bytes.size(); ++i) {
    std::string changed = bytes;
    changed[i] = static_cast<char>(changed[i] ^ (1 + rng.below(i, 255)));
    EXPECT_TRUE(is_refused(changed)) << "byte " << i;
    EXPECT_TRUE(is_refused(bytes.substr(0, i))) << "cut at " << i;
  }
}

}  // namespace
}  // namespace manyshot
