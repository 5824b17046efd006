#include "lab/make/make.h"

#include <utility>

namespace manyshot::lab {
namespace {

DataBuilder make_kind(const MakeInput& input) {
  switch (*input.options.kind) {
    case DataKind::kReversals:
      return make_reversals(input);
    case DataKind::kSyllogisms:
      return make_syllogisms(input);
    case DataKind::kCelebrities:
      return make_celebrities(input);
    case DataKind::kSemantic:
      return make_semantic(input);
    case DataKind::kFamily:
      return make_family(input);
    case DataKind::kProcess:
      return make_process(input);
    case DataKind::kRelations:
      return make_relations(input);
    case DataKind::kDocuments:
      break;
  }
  return make_documents(input);
}

}  // namespace

LabData make_lab_data(const MakeOptions& options, const TokenCounter& count_tokens) {
  const MakeOptions all = resolved(options);
  const std::string kind(name_of(*all.kind));
  const MakeInput input{.options = all, .rng = Rng(all.seed).child(kind), .count_tokens = count_tokens};
  return make_kind(input).finish(kind, all.seed, kept_values(all));
}

}  // namespace manyshot::lab
