// The functions of include/manyshot.h on evaluations.
#include <manyshot.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "c_api/border.h"
#include "core/version.h"
#include "evaluate/endpoint/endpoint_method.h"
#include "evaluate/evaluation.h"
#include "evaluate/summary/summary_json.h"

struct manyshot_evaluation {
  std::string summary;
};

namespace manyshot {
namespace {

[[noreturn]] void refuse_endpoint(const std::string& name) {
  fail(ErrorKind::kUnsupported,
       "models: \"{}\" is a model of an endpoint, and the library opens no connections; use "
       "the program: manyshot evaluate",
       name);
}

// Options of `manyshot evaluate` by name, those of files and endpoints excepted.
EvaluateOptions parse_evaluate_options(const char* text) {
  EvaluateOptions options;
  std::set<std::string> excepted{"tables", "out", "compare", "shard", "target"};
  for (const Option& option : named_by_keys(options_of(options.endpoint))) excepted.insert(option.name);
  OptionList list;
  for (const Option& option : named_by_keys(options_of(options))) {
    if (!excepted.contains(option.name)) list.push_back(option);
  }
  set_options(list, text);
  for (const std::string& model : options.models) {
    if (is_endpoint_model(model)) refuse_endpoint(model);
  }
  return options;
}

// A table of a call, as C hands it over.
struct GivenTable {
  const char* name;
  const char* target;  // NULL: the column "label", else the last
  const OwnedStream& stream;
};

EvaluationTables read_tables(const std::vector<GivenTable>& given, TaskKind kind) {
  EvaluationTables result;
  std::set<std::string> names;
  for (const GivenTable& table : given) {
    require(table.name, "the name of a table");
    if (!names.insert(table.name).second)
      fail(ErrorKind::kBadInput, "tables: two are called \"{}\"; results are kept by name: rename one", table.name);
    result.tables.push_back(make_evaluation_table(table.stream.read(table.name), table.name,
                                                  table.target == nullptr ? "" : table.target, kind));
  }
  return result;
}

std::unique_ptr<manyshot_evaluation> evaluate(const std::vector<GivenTable>& tables, const char* options_json) {
  const EvaluateOptions options = parse_evaluate_options(options_json);
  Evaluation evaluation(options, program_version(),
                        {.read_tables = [&] { return read_tables(tables, options.protocol.task); },
                         .open_units = [] { return std::make_unique<UnitsInMemory>(); }});
  evaluation.run();
  const Json summary = to_json(evaluation.summarise());
  return std::make_unique<manyshot_evaluation>(
      manyshot_evaluation{summary.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace)});
}

}  // namespace

// The program's stands in src/evaluate/endpoint, and libcurl with it.
std::unique_ptr<Method> open_endpoint_method(const std::string& name, const EndpointOptions&, const MethodOptions&,
                                             uint64_t) {
  refuse_endpoint(name);
}

}  // namespace manyshot

using namespace manyshot;  // NOLINT: the functions below are C's

manyshot_status manyshot_evaluate(int64_t num_tables, const char* const* names, ArrowArrayStream* const* tables,
                                  const char* const* targets, const char* options_json,
                                  manyshot_evaluation** evaluation) {
  return guarded([&] {
    std::deque<OwnedStream> streams;
    if (tables != nullptr) {
      for (int64_t place = 0; place < num_tables; ++place) streams.emplace_back(tables[place]);
    }
    require(names, "names");
    require(tables, "tables");
    require(evaluation, "evaluation");
    if (num_tables < 1) fail(ErrorKind::kBadInput, "num_tables: {}; give one table at least", num_tables);
    std::vector<GivenTable> given;
    for (size_t place = 0; place < streams.size(); ++place)
      given.push_back({names[place], targets == nullptr ? nullptr : targets[place], streams[place]});
    *evaluation = evaluate(given, options_json).release();
  });
}

void manyshot_evaluation_free(manyshot_evaluation* evaluation) { delete evaluation; }

const char* manyshot_evaluation_summary(const manyshot_evaluation* evaluation) {
  return evaluation == nullptr ? "" : evaluation->summary.c_str();
}
