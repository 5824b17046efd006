#include "mcp/line_reader.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace manyshot::mcp {
namespace {

// All lines of what is written to a pipe in these pieces; of those that are too long "!" and their length.
std::vector<std::string> lines_of_pieces(const std::vector<std::string>& pieces, size_t max_bytes = 1000) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  std::thread writer([&] {
    for (const std::string& piece : pieces)
      EXPECT_EQ(write(ends[1], piece.data(), piece.size()), ssize_t(piece.size()));
    close(ends[1]);
  });
  LineReader reader(ends[0], max_bytes);
  std::vector<std::string> lines;
  while (const auto line = reader.next()) lines.push_back(line->is_too_long ? "!" : line->text);
  writer.join();
  close(ends[0]);
  return lines;
}

using Lines = std::vector<std::string>;

TEST(LineReader, GivesLinesWithoutTheirEnds) {
  EXPECT_EQ(lines_of_pieces({}), Lines{});
  EXPECT_EQ(lines_of_pieces({"a\nb\r\n\nc"}), (Lines{"a", "b", "", "c"}));
  EXPECT_EQ(lines_of_pieces({"on", "e\nt", "wo\n"}), (Lines{"one", "two"}));
}

TEST(LineReader, PassesOverLinesThatAreTooLong) {
  EXPECT_EQ(lines_of_pieces({"1234\n12345\n1234\n"}, 4), (Lines{"1234", "!", "1234"}));
  EXPECT_EQ(lines_of_pieces({std::string(5000, 'x'), std::string(5000, 'y'), "\nab\n"}, 4), (Lines{"!", "ab"}));
  EXPECT_EQ(lines_of_pieces({std::string(5000, 'x')}, 4), Lines{"!"});
}

}  // namespace
}  // namespace manyshot::mcp
