// What a user is told whose machine has no GPU, or a torch of another kind.
#include "model/device/torch_installation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "model/device/device.h"
#include "support/error.h"
#include "support/temporary_folder.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Device, NamesAreParsed) {
  EXPECT_TRUE(parse_device("auto").is_cpu());
  EXPECT_TRUE(parse_device("cpu").is_cpu());
  EXPECT_EQ(parse_device("torch-cpu").kind, DeviceKind::kTorchCpu);
  EXPECT_EQ(to_text(parse_device("cuda")), "cuda:0");
  EXPECT_EQ(to_text(parse_device("cuda:3")), "cuda:3");
  for (const char* wrong : {"", "gpu", "cuda:", "cuda:-1", "cuda:x", "cuda:99999", "cuda:1 ", "CUDA"}) {
    const Error error = error_of([&] { parse_device(wrong); });
    EXPECT_EQ(error.kind(), ErrorKind::kBadInput) << wrong;
    EXPECT_THAT(error.what(), HasSubstr("expected cpu, cuda, or cuda:N")) << wrong;
  }
}

class TorchInstallation : public ::testing::Test {
 protected:
  ~TorchInstallation() override {
    unsetenv("MANYSHOT_TORCH");
    setenv("PATH", path_.c_str(), 1);
  }
  // A folder like that of a torch.
  std::string write_torch(const std::string& name, const std::string& version, bool has_cuda) {
    folder_.write(name + "/version.py", "from typing import Optional\n\n__version__ = '" + version + "'\n");
    if (has_cuda) folder_.write(name + "/lib/libtorch_cuda.so", "");
    return folder_ / name;
  }
  static std::string refusal() {
    const Error error = error_of([] { find_cuda_torch(); });
    EXPECT_EQ(error.kind(), ErrorKind::kUnsupported);
    return error.what();
  }

  TemporaryFolder folder_;
  std::string path_ = std::getenv("PATH");
};

TEST_F(TorchInstallation, TheVariableNamesIt) {
  const std::string torch = write_torch("site/torch", std::string(kTorchVersion) + "+cu130", true);
  setenv("MANYSHOT_TORCH", torch.c_str(), 1);
  EXPECT_EQ(find_cuda_torch(), torch);
  setenv("MANYSHOT_TORCH", (folder_ / "site").c_str(), 1);
  EXPECT_EQ(find_cuda_torch(), torch) << "the folder that holds it does too";

  setenv("MANYSHOT_TORCH", write_torch("old", "2.1.0", true).c_str(), 1);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("is torch 2.1.0"), HasSubstr(kTorchVersion)));
  setenv("MANYSHOT_TORCH", write_torch("cpu", std::string(kTorchVersion) + "+cpu", false).c_str(), 1);
  EXPECT_THAT(refusal(), HasSubstr("without CUDA"));
  setenv("MANYSHOT_TORCH", (folder_ / "nothing").c_str(), 1);
  EXPECT_THAT(refusal(), HasSubstr("no torch in this folder"));
}

// Pythons that print where torch would be, in place of real ones.
TEST_F(TorchInstallation, ElseThePythonsOnThePathAreAsked) {
  const auto write_python = [&](const std::string& folder, const std::string& prints) {
    const std::string python = folder_.write(folder + "/python3", "#!/bin/sh\necho '" + prints + "'\n");
    fs::permissions(python, fs::perms::owner_all);
    return folder_ / folder;
  };
  const std::string none = write_python("none", ""),
                    old = write_python("old-bin", write_torch("old", "2.4.0+cu121", true)),
                    right = write_python("it's right", write_torch("new", std::string(kTorchVersion) + "+cu130", true));
  setenv("PATH", (none + ":" + old + ":" + right).c_str(), 1);
  EXPECT_EQ(find_cuda_torch(), folder_ / "new");
  setenv("PATH", (none + ":" + old).c_str(), 1);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no Python on the PATH"), HasSubstr("old-bin/python3 has torch 2.4.0")));
  setenv("PATH", none.c_str(), 1);
  EXPECT_THAT(refusal(), HasSubstr("pip install torch=="));
}

}  // namespace
}  // namespace manyshot
