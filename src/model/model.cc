#include "model/model.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/text.h"

namespace manyshot {

std::unique_ptr<EncodedContext> Model::restore(const Prompt&, ByteReader&) const {
  fail(ErrorKind::kUnsupported, "{}: {} cannot begin from contexts that were kept; use --engine auto on the CPU",
       info().path, info().engine);
}

Json to_json(const ModelInfo& info) {
  return {{"path", info.path},
          {"architecture", info.architecture},
          {"engine", info.engine},
          {"parameters", info.num_parameters},
          {"layers", info.num_layers},
          {"hidden_size", info.hidden_size},
          {"vocabulary", info.vocab_size},
          {"max_classes", info.max_classes},
          {"max_features", info.max_features},
          {"trained_features", info.trained_features},
          {"trained_shots", info.trained_shots},
          {"max_shots", info.max_shots}};
}

std::string describe(const ModelInfo& info) {
  return fmt::format(
      "{}\n  architecture  {}, {} layers, width {}, {} parameters, {} tokens\n  engine        {}\n"
      "  tasks         up to {} classes, {} columns (trained with {}), {} labelled rows (trained with {})\n",
      info.path, info.architecture, info.num_layers, info.hidden_size, with_thousands(info.num_parameters),
      info.vocab_size, info.engine, info.max_classes, info.max_features, info.trained_features, info.max_shots,
      info.trained_shots);
}

}  // namespace manyshot
