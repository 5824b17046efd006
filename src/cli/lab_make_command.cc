// manyshot lab make
#include <optional>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "encoding/tokenizer/tokenizer.h"
#include "lab/data/lab_data.h"
#include "lab/make/make.h"
#include "lab/make/overview.h"
#include "lab/make/public_celebrities.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

enum class LabLayout { kFolder, kReversalCurse };
constexpr auto names_of(LabLayout) {
  return std::to_array<Named<LabLayout>>(
      {{LabLayout::kFolder, "folder"}, {LabLayout::kReversalCurse, "reversal-curse"}});
}

struct LabMakeOptions {
  lab::MakeOptions make;
  std::string out;
  std::string model;
  LabLayout layout = LabLayout::kFolder;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Output");
    v("out", self.out, any_value().required(),
      "Folder for the data; made when it does not exist, else it must be empty.");
    v("layout", self.layout, any_value(),
      "folder: for manyshot lab (docs/formats/lab-data.md); reversal-curse: celebrities in the files of the public "
      "set.");
    option_heading(v, "Data");
    v("model", self.model, any_value(),
      "Language model whose tokenizer the words are chosen for, so that answers to one question have one token count: "
      "a "
      "name, a folder, or a .gguf file. Without it they have one number of letters.");
    lab::MakeOptions::visit(self.make, v);
  }
};

class LabMakeCommand : public Command {
 public:
  std::string name() const override { return "lab make"; }
  std::string summary() const override { return "facts, texts that state them and questions that they answer"; }
  std::string details() const override {
    return "Makes the data of a study that compares fine-tuning with prompting: a closed world of invented facts, "
           "documents that state them, and questions by likelihood whose answers follow from them: stated as they were "
           "told, reversed, or joined. Kinds: reversals, syllogisms, celebrities, semantic, family, process, "
           "relations, "
           "and documents, from texts and triples of your own. The same options and seed give the same bytes.";
  }
  std::string examples() const override {
    return "    manyshot lab make reversals --seed 1 --out reversals --model smollm2\n"
           "    manyshot lab make reversals --seed 1 --out small --facts 20 --articles 5 --trained-reverses 0.4\n"
           "    manyshot lab make semantic --seed 1 --out semantic --documents 275\n"
           "    manyshot lab make documents --in examples/documents/notes.jsonl --out notes\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "kind"; }

  void run(const CommonOptions& common) override {
    if (options_.layout == LabLayout::kReversalCurse && options_.make.kind != lab::DataKind::kCelebrities) {
      refuse_option("layout", "{} is for celebrities alone; leave it out", name_of(options_.layout));
    }
    const lab::TokenCounter count_tokens = token_counter();
    lab::LabData data = lab::make_lab_data(options_.make, count_tokens);
    if (!options_.model.empty()) data.options["model"] = options_.model;
    if (options_.layout == LabLayout::kReversalCurse) {
      lab::write_public_celebrities(data, options_.out);
    } else {
      lab::write_lab_data(data, options_.out);
    }
    if (common.json) return print_summary(*this, lab::overview_json(data, count_tokens));
    log::info("{}: {}", options_.out, lab::overview_text(data, count_tokens));
  }

 private:
  lab::TokenCounter token_counter() {
    if (options_.model.empty()) return {};
    const std::string path = resolve_model(options_.model);
    tokenizer_.emplace(read_model_tokenizer(language_model_path(path).value_or(path)));
    return [this](std::string_view text) { return tokenizer_->encode(text, /*parse_special=*/false).size(); };
  }

  LabMakeOptions options_;
  std::optional<Tokenizer> tokenizer_;
};

}  // namespace

std::unique_ptr<Command> make_lab_make_command() { return std::make_unique<LabMakeCommand>(); }

}  // namespace manyshot
