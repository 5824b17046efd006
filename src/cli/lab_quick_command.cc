#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stopwatch.h"
#include "core/version.h"
#include "lab/make/make.h"
#include "lab/report/lab_report.h"
#include "lab/run/lab_run.h"
#include "train/display/status_line.h"

namespace manyshot {
namespace {
namespace fs = std::filesystem;

struct LabQuickOptions {
  std::string model = "smollm2";
  uint64_t seed = 1;
  std::string out;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("model", self.model, any_value(), "A language model: an installed name, a folder, a .gguf file.");
    v("seed", self.seed, any_value(), "Of the data and of training.");
    v("out", self.out, any_value().required(), "Folder of the data and the results; may stand without the flag.");
  }
};

// Sets that are small enough for a quarter of an hour on two cores, and still show what large ones show.
std::vector<lab::MakeOptions> quick_data(uint64_t seed) {
  using enum lab::DataKind;
  return {{.kind = kReversals, .seed = seed, .sizes = {.facts = 20, .articles = 8}},
          {.kind = kSyllogisms, .seed = seed, .sizes = {.articles = 10, .examples = 22}},
          {.kind = kCelebrities, .seed = seed, .sizes = {.people = 6, .templates = 8, .test_templates = 3}}};
}

class LabQuickCommand : public Command {
 public:
  std::string name() const override { return "lab quick"; }
  std::string summary() const override { return "a small version of the whole laboratory, with its page"; }
  std::string details() const override {
    return "Makes small sets of reversals, syllogisms and invented celebrities, gives them to the model by "
           "fine-tuning, "
           "in its prompt, and by fine-tuning on texts that rules add, and writes the page: about a quarter of an hour "
           "on two cores with SmolLM2-135M. The same command goes on where it was stopped.";
  }
  std::string examples() const override { return "    manyshot lab quick lab-quick\n"; }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "out"; }

  void run(const CommonOptions& common) override {
    const Stopwatch watch;
    lab::LabOptions options;
    options.model = options_.model;
    options.conditions = {"none", "finetune", "context", "augmented"};
    options.seeds = {options_.seed};
    options.tuning.steps = 150;
    options.tuning.curve_points = 3;
    options.out = (fs::path(options_.out) / "results").string();
    for (const lab::MakeOptions& make : quick_data(options_.seed)) options.data.push_back(data_folder(make));
    lab::LabRun run(options, {}, program_version());
    run.run();
    const lab::LabSummary summary = summarise(run);
    write_lab_report(summary, options.out);
    if (common.json)
      return print_summary(*this, {{"seconds", watch.seconds()}, {"results", to_json(summary)["tasks"]}});
    for (const lab::TaskSummary& task : summary.tasks) fmt::print("{}\n\n", accuracy_text(task));
    std::fflush(stdout);
    log::info("lab: done in {}; {}/report.html", train::duration_text(watch.seconds()), options.out);
  }

 private:
  // Made unless it is there.
  std::string data_folder(const lab::MakeOptions& make) const {
    const std::string folder = (fs::path(options_.out) / "data" / name_of(*make.kind)).string();
    if (!fs::exists(fs::path(folder) / "lab.json")) write_lab_data(make_lab_data(make), folder);
    return folder;
  }

  LabQuickOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_quick_command() { return std::make_unique<LabQuickCommand>(); }

}  // namespace manyshot
