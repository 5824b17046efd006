#include <cstdio>

#include "cli/command.h"
#include "core/error.h"
#include "core/text.h"
#include "model/model.h"
#include "predict/model_store.h"
#include "table/describe.h"
#include "table/schema.h"

namespace manyshot {
namespace {

struct InfoOptions {
  std::string table;
  std::string model;
  std::string encoding = "auto";
  std::string delimiter = "auto";

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("table", self.table, any_value(), "Table to describe (CSV or Parquet).");
    v("model", self.model, any_value(), "Model to describe: a name or a folder.");
    v("encoding", self.encoding, any_value(), "Character encoding of the table; auto: UTF-8, or UTF-16 by its mark.");
    v("delimiter", self.delimiter, any_value(), "Delimiter of a CSV table: one character, or tab; auto finds it.");
  }
};

Json model_json(const ModelInfo& info) {
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

std::string model_text(const ModelInfo& info) {
  return fmt::format(
      "{}\n  architecture  {}, {} layers, width {}, {} parameters, {} tokens\n  engine        {}\n"
      "  tasks         up to {} classes, {} columns (trained with {}), {} labelled rows (trained with {})\n",
      info.path, info.architecture, info.num_layers, info.hidden_size, with_thousands(info.num_parameters), info.vocab_size, info.engine,
      info.max_classes, info.max_features, info.trained_features, info.max_shots, info.trained_shots);
}

class InfoCommand : public Command {
 public:
  std::string name() const override { return "info"; }
  std::string summary() const override { return "what was understood of a table, or what a model is"; }
  std::string details() const override {
    return "For a table: format, delimiter and encoding, and each column's type, missing cells, distinct values and range. For a model: "
           "architecture, size, limits, and the engine that would run it here.";
  }
  std::string examples() const override {
    return "    manyshot info --table data.csv\n"
           "    manyshot info --table data.csv --json\n"
           "    manyshot info --model default\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    if (options_.table.empty() == options_.model.empty()) {
      fail(ErrorKind::kBadInput, "give manyshot info either --table FILE or --model NAME");
    }
    if (!options_.table.empty()) {
      const TableFile file = TableFile::open(options_.table, {.encoding = options_.encoding, .delimiter = options_.delimiter});
      const Schema schema = infer_schema(file);
      fmt::print("{}", common.json ? table_to_json(file, schema).dump() + "\n" : describe_table(file, schema));
      return;
    }
    const auto model = load_model(resolve_model(options_.model));
    fmt::print("{}", common.json ? model_json(model->info()).dump() + "\n" : model_text(model->info()));
  }

 private:
  InfoOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_info_command() { return std::make_unique<InfoCommand>(); }

}  // namespace manyshot
