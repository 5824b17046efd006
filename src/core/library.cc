#include "core/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>

#include "core/error.h"

namespace manyshot {
namespace fs = std::filesystem;
namespace {

[[noreturn]] void refuse_to_open(const LibraryFunction& function, const std::string& path, const std::string& reason) {
  if (!fs::exists(path)) {
    fail(ErrorKind::kUnsupported, "{} {}, which this build or installation lacks; {}", function.needed_for,
         function.file, function.instead);
  }
  fail(ErrorKind::kUnsupported,
       "{} {}, which does not open here ({}); {}, or name the folder of the libraries that it needs in LD_LIBRARY_PATH",
       function.needed_for, function.file, reason, function.instead);
}

}  // namespace

std::string library_folder() {
  Dl_info here{};
  if (dladdr(reinterpret_cast<void*>(&library_folder), &here) == 0)
    fail(ErrorKind::kInternal, "dladdr finds no library");
  return fs::weakly_canonical(here.dli_fname).parent_path().string();
}

void* open_library(const LibraryFunction& function) {
  const std::string path = (fs::path(library_folder()) / function.file).string();
  // An idle OpenMP thread that spins takes the core another one needs. libgomp reads this once, when it is loaded.
  setenv("OMP_WAIT_POLICY", "PASSIVE", /*overwrite=*/0);
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) refuse_to_open(function, path, dlerror());
  void* symbol = dlsym(library, function.symbol);
  if (symbol == nullptr) fail(ErrorKind::kInternal, "{} has no {}: it is of another version", path, function.symbol);
  return symbol;
}

}  // namespace manyshot
