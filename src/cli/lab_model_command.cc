#include "cli/command.h"
#include "core/log.h"
#include "core/text.h"
#include "lab/run/word_model.h"

namespace manyshot {
namespace {

struct LabModelOptions {
  std::vector<std::string> data;
  lab::WordModelOptions model;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Data");
    v("data", self.data, any_value().required(), "Folders of lab make; may stand without the flag.");
    lab::WordModelOptions::visit(self.model, v);
    option_heading(v, "Output");
    v("out", self.out, any_value().required(), "Folder of the model; new or empty.");
  }
};

class LabModelCommand : public Command {
 public:
  std::string name() const override { return "lab model"; }
  std::string summary() const override { return "a small model that knows nothing, for the words of some data"; }
  std::string details() const override {
    return "Writes a Llama model with random weights whose tokens are the words of the data, as a Hugging Face folder. "
           "What lab run makes of it comes from the documents alone: the clean instrument for questions such as "
           "whether "
           "trained facts can be asked for in reverse, in minutes on two cores.";
  }
  std::string examples() const override {
    return "    manyshot lab make relations --entities 200 --out data/relations\n"
           "    manyshot lab model data/relations --out word-model\n"
           "    manyshot lab run data/relations --model word-model --tuning full --learning-rate 1e-3 --passes 40 "
           "--conditions none,finetune,augmented:augment=local --out results\n";
  }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "data"; }

  void run(const CommonOptions& common) override {
    std::vector<lab::LabData> data;
    for (const std::string& folder : options_.data) data.push_back(lab::read_lab_data(folder));
    const int64_t parameters = lab::write_word_model(data, options_.model, options_.out);
    const size_t words = lab::words_of(data).size();
    if (common.json) return print_summary(*this, {{"parameters", parameters}, {"words", words}});
    log::info("lab: {} parameters, {} words; {}", with_thousands(parameters),
              with_thousands(static_cast<long long>(words)), options_.out);
  }

 private:
  LabModelOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_model_command() { return std::make_unique<LabModelCommand>(); }

}  // namespace manyshot
