// A text while it is written: bytes of tokens come in, whole characters that no stop text can take back go out.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace manyshot {

class WrittenText {
 public:
  explicit WrittenText(std::vector<std::string> stop) : stop_(std::move(stop)) {}

  // Returns whether a stop text came; the text then ends before the first of them, and takes nothing more.
  bool append(std::string_view bytes);
  // What is certain by now and was not taken before. `is_end`: nothing follows, so everything is certain. Bytes that
  // are not UTF-8 become U+FFFD each.
  std::string take(bool is_end);

 private:
  std::vector<std::string> stop_;
  std::string waiting_;  // bytes behind those that were taken
  bool stopped_ = false;
};

}  // namespace manyshot
