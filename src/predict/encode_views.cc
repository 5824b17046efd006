#include "predict/encode_views.h"

#include <fmt/format.h>

#include "core/interrupt.h"
#include "core/progress.h"

namespace manyshot {

std::vector<std::unique_ptr<EncodedContext>> encode_views(const Model& model, const PromptFormat& format,
                                                          std::span<const TaskView> views, const FitStore& store) {
  std::vector<std::unique_ptr<EncodedContext>> contexts;
  Progress progress("context", views.size(), "members");
  for (size_t member = 0; member < views.size(); ++member) {
    check_interrupted();
    const Prompt prompt = format.prompt(views[member]);
    contexts.push_back(store.get_or_compute(
        fmt::format("member-{}/context/{}/{:016x}", member, model.info().engine,
                    checksum_of(std::span<const TokenId>(prompt.context))),
        [&] { return model.encode(prompt); },
        [](const std::unique_ptr<EncodedContext>& context) { return context->state(); },
        [&](ByteReader& state) { return model.restore(prompt, state); }));
    progress.add();
  }
  return contexts;
}

}  // namespace manyshot
