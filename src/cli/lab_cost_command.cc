#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>

#include "cli/command.h"
#include "core/files.h"
#include "core/log.h"
#include "core/text.h"
#include "encoding/tokenizer/tokenizer.h"
#include "lab/cost/cost_model.h"
#include "lab/data/lab_data.h"
#include "lab/report/lab_report.h"
#include "model/language/facts.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

struct LabCostOptions {
  std::string data;
  std::string model;
  lab::CostSizes sizes;
  lab::CostPrices prices;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Where sizes come from");
    v("data", self.data, any_value(),
      "Folder of lab make, whose tokens are counted with --model's tokenizer; nothing: the sizes below.");
    v("model", self.model, any_value(), "Language model whose sizes are taken; nothing: the sizes below.");
    lab::CostSizes::visit(self.sizes, v);
    lab::CostPrices::visit(self.prices, v);
    option_heading(v, "Output");
    v("out", self.out, any_value(), "HTML page with the costs by the number of questions.");
  }
};

class LabCostCommand : public Command {
 public:
  std::string name() const override { return "lab cost"; }
  std::string summary() const override { return "what fine-tuning and prompting cost, before anything is run"; }
  std::string details() const override {
    return "Says from sizes alone what training on documents, and reading them with every question, cost in "
           "computation and, with prices, in money; from how many questions on training is cheaper; and what to take "
           "for --questions. lab run says the same from measured times.";
  }
  std::string examples() const override {
    return "    manyshot lab cost --parameters 7e9 --layers 28 --hidden-size 3584 --document-tokens 200000 --questions "
           "5000\n"
           "    manyshot lab cost --data data/reversals --model smollm2 --out cost.html\n"
           "    manyshot lab cost --document-tokens 115000 --price-input 0.15 --price-cached 0.04 --price-output 0.6 "
           "--price-training 3 --questions 2000 --revisions 4\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    if (!options_.model.empty()) take_model_sizes();
    if (!options_.data.empty()) count_tokens();
    std::vector<lab::CostTable> costs{lab::flop_costs(options_.sizes)};
    if (options_.prices.any()) costs.push_back(lab::money_costs(options_.sizes, options_.prices));
    const double revisions = options_.prices.revisions;
    const double questions = revisions > 0 ? options_.prices.questions / revisions : options_.prices.questions;
    if (!options_.out.empty()) {
      write_file(options_.out, report::html_document({.title = "What fine-tuning and prompting cost",
                                                      .sections = {lab::cost_section(costs, questions)}}));
    }
    if (common.json) {
      Json tables = Json::array();
      for (const lab::CostTable& table : costs) tables.push_back(to_json(table));
      return print_summary(*this, {{"costs", tables}, {"cache_bytes", lab::cache_bytes(options_.sizes)}});
    }
    for (const lab::CostTable& table : costs) {
      fmt::print("{}\n", cost_text(table));
      for (const std::string& sentence : recommendation(table, questions)) fmt::print("  {}\n", sentence);
      fmt::print("\n");
    }
    fmt::print("A kept prompt takes {} of keys and values at two bytes a number.\n",
               format_bytes(static_cast<unsigned long long>(lab::cache_bytes(options_.sizes))));
    std::fflush(stdout);
    if (!options_.out.empty()) log::info("lab: {}", options_.out);
  }

 private:
  std::string model_path() const {
    const auto path = language_model_path(resolve_model(options_.model));
    if (!path) refuse_option("model", "{} reads table rows only; give a Llama or Qwen2 language model", options_.model);
    return *path;
  }

  void take_model_sizes() {
    const LanguageModelFacts facts = read_language_model_facts(model_path());
    options_.sizes.parameters = static_cast<double>(facts.parameters);
    options_.sizes.layers = facts.config.num_hidden_layers;
    options_.sizes.hidden_size = facts.config.hidden_size;
    options_.sizes.key_value_size = facts.config.num_key_value_heads * facts.config.head_dim;
  }

  void count_tokens() {
    if (options_.model.empty()) refuse_option("data", "counting its tokens takes a tokenizer; give a model too");
    const Tokenizer tokenizer(read_model_tokenizer(model_path()));
    const lab::DataTokens tokens = lab::count_tokens(lab::read_lab_data(options_.data), [&](const std::string& text) {
      return tokenizer.encode(text, /*parse_special=*/false).size();
    });
    options_.sizes.document_tokens = tokens.documents;
    if (tokens.question > 0) options_.sizes.question_tokens = tokens.question;
  }

  LabCostOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_cost_command() { return std::make_unique<LabCostCommand>(); }

}  // namespace manyshot
