#include <cstdio>

#include "cli/command.h"
#include "core/error.h"
#include "model/files/adapter_facts.h"
#include "model/files/other_kinds.h"
#include "model/language/facts.h"
#include "model/language/text_model.h"
#include "model/model.h"
#include "predict/fit_file.h"
#include "predict/model_store.h"
#include "table/describe.h"
#include "table/schema.h"

namespace manyshot {
namespace {

struct InfoOptions {
  std::string table;
  std::string model;
  std::string fit;
  std::string encoding = "auto";
  std::string delimiter = "auto";
  bool no_header = false;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Input");
    v("table", self.table, any_value(), "Table to describe (CSV or Parquet).");
    v("model", self.model, any_value(), "Model or adapter to describe: a name, a folder, or a .gguf file.");
    v("fit", self.fit, any_value(), "File of manyshot fit to describe; --fit may be left out.");
    option_heading(v, "Reading a table");
    v("encoding", self.encoding, any_value(), "Character encoding of the table; auto: UTF-8, or UTF-16 by its mark.");
    v("delimiter", self.delimiter, any_value(),
      "Delimiter of a CSV table: one character, tab, or space; auto finds it.");
    v("no_header", self.no_header, any_value(),
      "The CSV table has no header line: columns are called column_1, column_2, and so on.");
  }
};

class InfoCommand : public Command {
 public:
  std::string name() const override { return "info"; }
  std::string summary() const override { return "what was understood of a table, what a model is, or what was fitted"; }
  std::string details() const override {
    return "For a table: format, delimiter and encoding, and each column's type, missing cells, distinct values and "
           "range. For a model: architecture, size, limits, and the engine that would run it here; for a language "
           "model tokenizer, quantisation and the memory it needs. For a LoRA adapter: its base, rank and modules. For "
           "a "
           "file of manyshot fit: target, columns, labelled rows, and the model it needs.";
  }
  std::string examples() const override {
    return "    manyshot info --table data.csv\n"
           "    manyshot info --table data.csv --json\n"
           "    manyshot info --model default\n"
           "    manyshot info --model ./Qwen2.5-0.5B\n"
           "    manyshot info --model runs/a/checkpoint-400\n"
           "    manyshot info species.msfit\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "fit"; }

  void run(const CommonOptions& common) override {
    if (!options_.table.empty() + !options_.model.empty() + !options_.fit.empty() != 1)
      fail(ErrorKind::kBadInput, "give manyshot info one of --table FILE, --model NAME and --fit FILE");
    if (!options_.fit.empty()) {
      const SavedFit fit = read_saved_fit(options_.fit);
      fmt::print("{}", common.json ? to_json(fit).dump() + "\n" : describe(fit));
      return;
    }
    if (!options_.table.empty()) {
      const TableFile file = TableFile::open(
          options_.table,
          {.encoding = options_.encoding, .delimiter = options_.delimiter, .has_header = !options_.no_header});
      const Schema schema = infer_schema(file);
      fmt::print("{}", common.json ? table_to_json(file, schema).dump() + "\n" : describe_table(file, schema));
      return;
    }
    const std::string path = resolve_model(options_.model);
    if (is_adapter_folder(path)) {
      const AdapterFacts facts = read_adapter_facts(path);
      fmt::print("{}", common.json ? to_json(facts).dump() + "\n" : describe(facts));
      return;
    }
    if (const auto text_path = language_model_path(path)) {
      const LanguageModelFacts facts = read_language_model_facts(*text_path);
      fmt::print("{}", common.json ? to_json(facts).dump() + "\n" : describe(facts));
      return;
    }
    const auto model = load_model(path);
    fmt::print("{}", common.json ? to_json(model->info()).dump() + "\n" : describe(model->info()));
  }

 private:
  InfoOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_info_command() { return std::make_unique<InfoCommand>(); }

}  // namespace manyshot
