// Messages of one thread kept in a list instead of printed: for whoever asked, not for the program's own log.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/log.h"

namespace manyshot::log {

// From when it is made until it is gone, what the thread that made it would print is kept here. The innermost one
// keeps. Messages of other threads are printed as ever. REQUIRES: it ends in its own thread.
class Capture {
 public:
  Capture();
  ~Capture();
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // In their order, without level.
  std::vector<std::string> take() { return std::exchange(messages_, {}); }
  void add(std::string_view message) { messages_.emplace_back(message); }

 private:
  Capture* outer_;
  std::vector<std::string> messages_;
};

}  // namespace manyshot::log
