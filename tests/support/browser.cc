#include "support/browser.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace manyshot {
namespace {

using nlohmann::json;

// Chromium reads messages from file 3 and writes them to file 4, each with a zero byte behind it.
void become_browser(const std::string& program, const std::string& profile, int read_end, int write_end) {
  const int from = fcntl(read_end, F_DUPFD, 10), to = fcntl(write_end, F_DUPFD, 10);
  dup2(from, 3);
  dup2(to, 4);
  const int nowhere = ::open("/dev/null", O_WRONLY);
  dup2(nowhere, 1);
  dup2(nowhere, 2);
  const std::string folder = "--user-data-dir=" + profile;
  const std::vector<const char*> arguments{program.c_str(),
                                           "--headless=new",
                                           "--remote-debugging-pipe",
                                           "--no-sandbox",
                                           "--disable-gpu",
                                           "--disable-dev-shm-usage",
                                           "--disable-background-networking",
                                           "--disable-component-update",
                                           "--no-first-run",
                                           folder.c_str(),
                                           "about:blank",
                                           nullptr};
  execv(program.c_str(), const_cast<char* const*>(arguments.data()));
  _exit(127);
}

std::string decode_base64(const std::string& text) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const size_t digit = kDigits.find(c);
    if (digit == std::string_view::npos) break;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes += static_cast<char>(bits >> count & 255);
  }
  return bytes;
}

}  // namespace

std::optional<std::string> Browser::program() {
  if (const char* given = std::getenv("MANYSHOT_CHROMIUM"); given != nullptr) return given;
  const char* path = std::getenv("PATH");
  std::string folders = path != nullptr ? path : "";
  folders += ':';
  for (size_t begin = 0; begin < folders.size();) {
    const size_t end = folders.find(':', begin);
    for (const char* name : {"chromium", "chromium-browser", "google-chrome"}) {
      std::string file = folders.substr(begin, end - begin) + "/" + name;
      if (access(file.c_str(), X_OK) == 0) return file;
    }
    begin = end + 1;
  }
  return std::nullopt;
}

Browser::Browser(const std::string& program) {
  signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> there{}, back{};
  if (pipe2(there.data(), O_CLOEXEC) != 0 || pipe2(back.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
  process_ = fork();
  if (process_ == 0) {
    setpgid(0, 0);
    become_browser(program, profile_.path(), there[0], back[1]);
  }
  close(there[0]);
  close(back[1]);
  to_ = there[1];
  from_ = back[0];
  const json page = call("Target.createTarget", {{"url", "about:blank"}});
  session_ = call("Target.attachToTarget", {{"targetId", page["targetId"]}, {"flatten", true}})["sessionId"];
  for (const char* domain : {"Page.enable", "Runtime.enable", "DOM.enable"}) call(domain);
}

Browser::~Browser() {
  close(to_);
  close(from_);
  kill(-process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

json Browser::call(const std::string& method, json parameters) {
  const int id = ++last_id_;
  json message{{"id", id}, {"method", method}, {"params", std::move(parameters)}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump() + '\0';
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t count = write(to_, text.data() + sent, text.size() - sent);
    if (count <= 0) throw std::runtime_error("the browser has gone");
    sent += static_cast<size_t>(count);
  }
  for (;;) {
    json answer = read_message();
    if (answer.value("id", 0) != id) continue;  // an event
    if (answer.contains("error")) throw std::runtime_error(method + ": " + answer["error"].dump());
    return answer["result"];
  }
}

json Browser::read_message() {
  for (;;) {
    if (const size_t end = received_.find('\0'); end != std::string::npos) {
      json message = json::parse(received_.substr(0, end));
      received_.erase(0, end + 1);
      return message;
    }
    std::array<char, 65536> bytes;
    const ssize_t count = read(from_, bytes.data(), bytes.size());
    if (count <= 0) throw std::runtime_error("the browser has gone");
    received_.append(bytes.data(), static_cast<size_t>(count));
  }
}

void Browser::show_as(int width, int height, bool is_dark) {
  call("Emulation.setDeviceMetricsOverride",
       {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", false}});
  call("Emulation.setEmulatedMedia",
       {{"features", {{{"name", "prefers-color-scheme"}, {"value", is_dark ? "dark" : "light"}}}}});
}

void Browser::open(const std::string& url) {
  call("Page.navigate", {{"url", url}});
  if (!comes_true("document.readyState === 'complete' && location.href !== 'about:blank'"))
    throw std::runtime_error("the page is not loaded: " + url);
}

json Browser::evaluate(const std::string& expression) {
  const json answer =
      call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
  if (answer.contains("exceptionDetails")) throw std::runtime_error(answer["exceptionDetails"].dump());
  return answer["result"].value("value", json());
}

bool Browser::comes_true(const std::string& expression, int seconds) {
  for (int i = 0; i < 20 * seconds; ++i) {
    if (evaluate(expression) == true) return true;
    usleep(50'000);
  }
  return false;
}

void Browser::choose_file(const std::string& selector, const std::string& path) {
  const json input = call("Runtime.evaluate", {{"expression", "document.querySelector('" + selector + "')"}});
  call("DOM.setFileInputFiles", {{"files", {path}}, {"objectId", input["result"]["objectId"]}});
}

void Browser::press(const std::string& key) {
  json event{{"key", key}};
  event["windowsVirtualKeyCode"] = key == "Tab" ? 9 : key == "Enter" ? 13 : key == " " ? 32 : 40;
  event["code"] = key == " " ? "Space" : key;
  if (key == "Enter") event["text"] = "\r";
  if (key == " ") event["text"] = " ";
  event["type"] = event.contains("text") ? "keyDown" : "rawKeyDown";
  call("Input.dispatchKeyEvent", event);
  event["type"] = "keyUp";
  event.erase("text");
  call("Input.dispatchKeyEvent", event);
}

void Browser::save_downloads_to(const std::string& folder) {
  call("Page.setDownloadBehavior", {{"behavior", "allow"}, {"downloadPath", folder}});
}

void Browser::save_picture(const std::string& path) {
  const json picture = call("Page.captureScreenshot", {{"format", "png"}, {"captureBeyondViewport", true}});
  std::ofstream(path, std::ios::binary) << decode_base64(picture["data"]);
}

}  // namespace manyshot
