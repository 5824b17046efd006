#include "train/device/kernel_compiler.h"

#include <dlfcn.h>

#include <array>
#include <cstddef>

#include "core/error.h"

namespace manyshot::train {
namespace {

// libtorch's own door to NVRTC, whose folder it knows; else an NVRTC that the system finds.
constexpr std::array kLibraries = {"libcaffe2_nvrtc.so", "libnvrtc.so.13", "libnvrtc.so"};

// The part of nvrtc.h that is used here, which a machine without CUDA lacks.
using Program = void*;
struct Nvrtc {
  int (*create)(Program*, const char* source, const char* name, int, const char* const*, const char* const*);
  int (*compile)(Program, int, const char* const* options);
  int (*log_size)(Program, size_t*);
  int (*log)(Program, char*);
  int (*cubin_size)(Program, size_t*);
  int (*cubin)(Program, char*);
  int (*ptx_size)(Program, size_t*);
  int (*ptx)(Program, char*);
  int (*destroy)(Program*);
  const char* (*error_text)(int);
};

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

bool find_all(void* library, Nvrtc& nvrtc) {
  return find(library, "nvrtcCreateProgram", nvrtc.create) && find(library, "nvrtcCompileProgram", nvrtc.compile) &&
         find(library, "nvrtcGetProgramLogSize", nvrtc.log_size) && find(library, "nvrtcGetProgramLog", nvrtc.log) &&
         find(library, "nvrtcGetCUBINSize", nvrtc.cubin_size) && find(library, "nvrtcGetCUBIN", nvrtc.cubin) &&
         find(library, "nvrtcGetPTXSize", nvrtc.ptx_size) && find(library, "nvrtcGetPTX", nvrtc.ptx) &&
         find(library, "nvrtcDestroyProgram", nvrtc.destroy) && find(library, "nvrtcGetErrorString", nvrtc.error_text);
}

Nvrtc open_nvrtc() {
  Nvrtc nvrtc{};
  for (const char* name : kLibraries) {
    void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (library != nullptr && find_all(library, nvrtc)) return nvrtc;
  }
  fail(ErrorKind::kUnsupported, "there is no NVRTC library ({})", kLibraries.back());
}

const Nvrtc& nvrtc() {
  static const Nvrtc opened = open_nvrtc();
  return opened;
}

class Compilation {
 public:
  explicit Compilation(const std::string& source) {
    check(nvrtc().create(&program_, source.c_str(), "kernels.cu", 0, nullptr, nullptr));
  }
  ~Compilation() { nvrtc().destroy(&program_); }
  Compilation(const Compilation&) = delete;
  Compilation& operator=(const Compilation&) = delete;

  void compile(const std::vector<std::string>& options) {
    std::vector<const char*> texts;
    for (const std::string& option : options) texts.push_back(option.c_str());
    if (nvrtc().compile(program_, static_cast<int>(texts.size()), texts.data()) == 0) return;
    fail(ErrorKind::kInternal, "kernels do not compile: {}", text(nvrtc().log_size, nvrtc().log));
  }
  std::string cubin() { return text(nvrtc().cubin_size, nvrtc().cubin); }
  std::string ptx() { return text(nvrtc().ptx_size, nvrtc().ptx); }

 private:
  static void check(int result) {
    if (result != 0) fail(ErrorKind::kInternal, "NVRTC: {}", nvrtc().error_text(result));
  }
  std::string text(int (*size_of)(Program, size_t*), int (*get)(Program, char*)) {
    size_t size = 0;
    check(size_of(program_, &size));
    std::string result(size, '\0');
    check(get(program_, result.data()));
    return result;
  }

  Program program_ = nullptr;
};

}  // namespace

std::string compile_kernels(const std::string& source, const std::string& architecture,
                            const std::vector<std::string>& definitions) {
  std::vector<std::string> options{"--gpu-architecture=" + architecture, "--std=c++17", "--use_fast_math"};
  for (const std::string& definition : definitions) options.push_back("--define-macro=" + definition);
  Compilation compilation(source);
  compilation.compile(options);
  return architecture.starts_with("sm_") ? compilation.cubin() : compilation.ptx();
}

}  // namespace manyshot::train
