#include "model/device/torch_installation.h"

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <optional>
#include <sstream>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/text.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

constexpr const char* kVariable = "MANYSHOT_TORCH";
constexpr const char* kDriver = "libcuda.so.1";
constexpr uint64_t kMostVersionBytes = 1 << 16;
// In the order in which they need each other.
constexpr std::array kLibraries = {"libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so"};
// Brings the compiler of kernels along (train/device/kernel_compiler.h), which does without where it is missing.
constexpr const char* kCompiler = "libcaffe2_nvrtc.so";

bool has_file(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// "2.11.0" of version.py's __version__ = '2.11.0+cu130'; nothing when the folder holds no torch.
std::optional<std::string> version_of(const fs::path& folder) {
  const fs::path file = folder / "version.py";
  if (!has_file(file)) return std::nullopt;
  std::istringstream text(read_file(file.string(), kMostVersionBytes));
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("__version__")) continue;
    const size_t first = line.find_first_of("'\""), last = line.find_last_of("'\"");
    if (first != std::string::npos && last > first) return line.substr(first + 1, last - first - 1);
  }
  return std::nullopt;
}

bool is_version(const std::string& version) { return version.substr(0, version.find('+')) == kTorchVersion; }

bool has_cuda(const fs::path& folder) { return has_file(folder / "lib" / kLibraries.back()); }

std::string named_torch(const std::string& value) {
  for (const fs::path& folder : {fs::path(value), fs::path(value) / "torch"}) {
    const std::optional<std::string> version = version_of(folder);
    if (!version) continue;
    if (!is_version(*version)) {
      fail(ErrorKind::kUnsupported, "{}={} is torch {}; a GPU needs torch {} with CUDA (pip install torch=={})",
           kVariable, value, *version, kTorchVersion, kTorchVersion);
    }
    if (!has_cuda(folder)) {
      fail(ErrorKind::kUnsupported, "{}={} is a torch without CUDA: there is no lib/{}; install the build with CUDA",
           kVariable, value, kLibraries.back());
    }
    return folder.string();
  }
  fail(ErrorKind::kUnsupported,
       "{}={}: there is no torch in this folder (no version.py); give the folder that "
       "python -c \"import torch; print(torch.__path__[0])\" prints",
       kVariable, value);
}

// Where Python would import torch from, without importing it; empty where it has none.
std::string torch_of_python(const std::string& python) {
  const std::string command = fmt::format(
      "{} -c \"import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else "
      "'')\" "
      "2>/dev/null",
      python);
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string path;
  std::array<char, 4096> buffer{};
  while (fgets(buffer.data(), buffer.size(), pipe) != nullptr) path += buffer.data();
  pclose(pipe);
  while (!path.empty() && (path.back() == '\n' || path.back() == '\r')) path.pop_back();
  return path;
}

std::vector<std::string> pythons_on_path() {
  std::vector<std::string> pythons;
  const char* variable = std::getenv("PATH");
  std::istringstream folders(variable == nullptr ? "" : variable);
  for (std::string folder; std::getline(folders, folder, ':');) {
    for (const char* name : {"python3", "python"}) {
      if (!folder.empty() && has_file(fs::path(folder) / name)) pythons.push_back((fs::path(folder) / name).string());
    }
  }
  return pythons;
}

// For a shell.
std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return result + "'";
}

void load(const fs::path& library) {
  if (dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    fail(ErrorKind::kUnsupported, "{} cannot be loaded ({}); repair that torch installation, or name another in {}",
         library.string(), dlerror(), kVariable);
  }
}

}  // namespace

std::string find_cuda_torch() {
  const char* named = std::getenv(kVariable);
  if (named != nullptr && *named != '\0') return named_torch(named);
  std::string found_another;
  for (const std::string& python : pythons_on_path()) {
    const std::string folder = torch_of_python(quoted(python));
    if (folder.empty()) continue;
    const std::optional<std::string> version = version_of(folder);
    if (version && is_version(*version) && has_cuda(folder)) return folder;
    if (found_another.empty()) {
      found_another = fmt::format(" ({} has torch {}{})", python, version.value_or("of an unknown version"),
                                  has_cuda(folder) ? "" : ", without CUDA");
    }
  }
  fail(ErrorKind::kUnsupported,
       "--device cuda needs a torch {} installation with CUDA, and no Python on the PATH has one{}; install it (pip "
       "install "
       "torch=={}), or name its folder in {}",
       kTorchVersion, found_another, kTorchVersion, kVariable);
}

void load_cuda_torch() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (dlopen(kDriver, RTLD_NOW | RTLD_GLOBAL) == nullptr) {
      fail(ErrorKind::kUnsupported,
           "--device cuda needs a GPU with its driver, and this machine has none ({} is not found); leave it out",
           kDriver);
    }
    const fs::path folder = fs::path(find_cuda_torch()) / "lib";
    for (const char* library : kLibraries) load(folder / library);
    dlopen((folder / kCompiler).c_str(), RTLD_NOW | RTLD_GLOBAL);
  });
}

}  // namespace manyshot
