// `manyshot prompt` shows what `manyshot predict` gives the model: the same rows, views and refusals.
#include "predict/show_prompt.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/error.h"
#include "predict/baselines.h"

namespace manyshot {
namespace {

TEST(ShowPrompt, ABaselineHasNoPrompt) {
  PromptOptions options;
  for (const std::string& name : baseline_names()) {
    options.model = name;
    EXPECT_ERROR(
        show_prompt(options), ErrorKind::kBadInput,
        fmt::format("--model {}: a baseline reads tables, not prompts; give a model: \"default\"", name).c_str());
  }
}

}  // namespace
}  // namespace manyshot
