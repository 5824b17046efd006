#include "predict/predictor.h"

#include "core/error.h"
#include "core/log.h"
#include "model/model.h"
#include "predict/auto_method.h"
#include "predict/baselines.h"
#include "predict/in_context.h"
#include "predict/model_store.h"
#include "predict/parts_method.h"
#include "predict/taught_method.h"
#include "table/take_rows.h"

namespace manyshot {

std::vector<uint32_t> LabelledTable::class_counts() const {
  std::vector<uint32_t> counts(classes.size());
  for (const int32_t label : labels) ++counts[label];
  return counts;
}

LabelledTable LabelledTable::at(std::span<const uint64_t> rows) const {
  LabelledTable part{.features = take_rows(features, rows), .classes = classes};
  for (const uint64_t row : rows) part.labels.push_back(labels[row]);
  return part;
}

std::unique_ptr<Predictor> Method::restore(size_t /*num_columns*/, ByteReader& state) const {
  state.refuse("is of another method");
}

std::vector<std::string> method_names() {
  std::vector<std::string> names{std::string(kAuto)};
  names.insert(names.end(), baseline_names().begin(), baseline_names().end());
  return names;
}

namespace {

std::unique_ptr<Method> open_without_parts(const std::string& name, const MethodOptions& options, uint64_t seed) {
  if (name == kAuto) return open_auto_method(options, seed);
  const bool is_taught = options.teacher.teacher != Teacher::kNone;
  if (is_baseline(name)) {
    if (is_taught) {
      fail(ErrorKind::kBadInput,
           "--teacher {}: {} reads no prompt that could show the trees' columns; leave --teacher out, or choose "
           "--model default",
           name_of(options.teacher.teacher), name);
    }
    return open_baseline(name, seed);
  }
  const std::string folder = resolve_model(name, method_names());
  MethodOptions settled = options;
  settled.adapter = adapter_of(folder, options.adapter);
  if (options.adapter.empty() && !settled.adapter.empty())
    log::info("note: tables are read with the adapter {}; --adapter none leaves it out", settled.adapter);
  auto method = std::make_unique<InContextMethod>(load_model_for(folder, settled), settled, seed);
  if (!is_taught) return method;
  return std::make_unique<TaughtMethod>(std::move(method), options.teacher, seed);
}

}  // namespace

std::unique_ptr<Method> open_method(const std::string& name, const MethodOptions& options, uint64_t seed) {
  return with_parts(open_without_parts(name, options, seed));
}

}  // namespace manyshot
