#include "encoding/text/chat_wrapping.h"

#include <fmt/format.h>

#include "core/error.h"

namespace manyshot {

Wrapping wrapping_text(ChatWrapping wrapping) {
  constexpr std::string_view kBefore = "<|im_start|>system\n{}<|im_end|>\n<|im_start|>";
  constexpr std::string_view kAfter = "<|im_end|>\n<|im_start|>assistant\n";
  switch (wrapping) {
    case ChatWrapping::kRaw:
      return {.lead = fmt::format("{}\n", kSystemText)};
    case ChatWrapping::kChatMl:
      return {.before = fmt::format(kBefore, kSystemText), .lead = "user\n", .after = std::string(kAfter)};
    case ChatWrapping::kTrained:
      return {.before = fmt::format(kBefore, kQwenSystemText),
              .lead = fmt::format("user\n{}\n", kSystemText),
              .after = std::string(kAfter)};
    case ChatWrapping::kLlama3:
      break;
  }
  fail(ErrorKind::kInternal, "no text prompt is wrapped as {}", name_of(wrapping));
}

}  // namespace manyshot
