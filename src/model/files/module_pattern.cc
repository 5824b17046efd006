#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/files/module_pattern.h"

#include <pcre2.h>

#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {
namespace {

constexpr uint32_t kMaxSteps = 1 << 20;
constexpr uint32_t kMaxHeapKib = 16 << 10;

[[noreturn]] void fail_unusable(const std::string& pattern, const std::string& where, int error) {
  PCRE2_UCHAR text[256] = {};
  pcre2_get_error_message(error, text, sizeof(text));
  fail(ErrorKind::kUnsupported,
       "{}: cannot use \"{}\" as a regular expression: {}; write the names of modules instead, or merge the adapter "
       "into its base with PEFT",
       where, excerpt(pattern, 200), reinterpret_cast<const char*>(text));
}

std::string expression(const std::string& pattern, ModulePattern::Fit fit) {
  switch (fit) {
    case ModulePattern::Fit::kWhole:
      return "(?:" + pattern + ")\\z";
    case ModulePattern::Fit::kTail:
      return "(.*\\.)?(" + pattern + ")$";
    case ModulePattern::Fit::kHead:
      break;
  }
  return pattern;
}

}  // namespace

struct ModulePattern::Compiled {
  pcre2_code* code = nullptr;
  pcre2_match_context* limits = pcre2_match_context_create(nullptr);
  pcre2_match_data* found = pcre2_match_data_create(/*ovecsize=*/1, nullptr);

  ~Compiled() {
    pcre2_match_data_free(found);
    pcre2_match_context_free(limits);
    pcre2_code_free(code);
  }
};

ModulePattern::ModulePattern(const std::string& pattern, Fit fit, std::string where)
    : pattern_(pattern), where_(std::move(where)), compiled_(std::make_unique<Compiled>()) {
  if (compiled_->limits == nullptr || compiled_->found == nullptr) {
    fail(ErrorKind::kOutOfMemory, "no memory to match names of modules");
  }
  pcre2_set_match_limit(compiled_->limits, kMaxSteps);
  pcre2_set_heap_limit(compiled_->limits, kMaxHeapKib);
  const std::string text = expression(pattern, fit);
  int error = 0;
  size_t offset = 0;
  compiled_->code =
      pcre2_compile(reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(),
                    PCRE2_ANCHORED | PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C, &error, &offset, nullptr);
  if (compiled_->code == nullptr) fail_unusable(pattern_, where_, error);
}
ModulePattern::~ModulePattern() = default;
ModulePattern::ModulePattern(ModulePattern&&) noexcept = default;

bool ModulePattern::matches(std::string_view name) const {
  const int result = pcre2_match(compiled_->code, reinterpret_cast<PCRE2_SPTR>(name.data()), name.size(), 0, 0,
                                 compiled_->found, compiled_->limits);
  if (result < 0 && result != PCRE2_ERROR_NOMATCH) fail_unusable(pattern_, where_, result);
  return result >= 0;
}

}  // namespace manyshot
