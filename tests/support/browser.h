// A headless Chromium that a test drives over the DevTools protocol, by pipes.
#pragma once

#include <sys/types.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "support/temporary_folder.h"

namespace manyshot {

class Browser {
 public:
  // The program to start (MANYSHOT_CHROMIUM, or the one on the path); nothing where there is none.
  static std::optional<std::string> program();

  explicit Browser(const std::string& program);
  ~Browser();
  Browser(const Browser&) = delete;

  // The size of the window in CSS pixels, and whether pages are asked to be dark.
  void show_as(int width, int height, bool is_dark);
  void open(const std::string& url);
  // The value of a JavaScript expression, of what it promises. Throws std::runtime_error with what it threw.
  nlohmann::json evaluate(const std::string& expression);
  // Whether the expression becomes true within the time.
  bool comes_true(const std::string& expression, int seconds = 60);
  // Chooses a file in the input of the selector.
  void choose_file(const std::string& selector, const std::string& path);
  // A key, as a keyboard sends it: "Tab", "Enter", " ", "ArrowDown".
  void press(const std::string& key);
  // Files that the page hands out are saved to `folder`.
  void save_downloads_to(const std::string& folder);
  // The whole page as a PNG file.
  void save_picture(const std::string& path);

 private:
  nlohmann::json call(const std::string& method, nlohmann::json parameters = nlohmann::json::object());
  nlohmann::json read_message();

  TemporaryFolder profile_;
  pid_t process_ = -1;
  int to_ = -1, from_ = -1;
  int last_id_ = 0;
  std::string session_, received_;
};

}  // namespace manyshot
