#include <fmt/format.h>

#include <cstdio>

#include "cli/command.h"
#include "core/error.h"
#include "core/log.h"
#include "core/stopwatch.h"
#include "core/version.h"
#include "lab/report/lab_report.h"
#include "lab/run/lab_run.h"

namespace manyshot {
namespace {

struct LabRunCommandOptions {
  lab::LabOptions lab;
  EndpointOptions endpoint;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    lab::LabOptions::visit(self.lab, v);
    EndpointOptions::visit(self.endpoint, v);
  }
};

class LabRunCommand : public Command {
 public:
  std::string name() const override { return "lab run"; }
  std::string summary() const override { return "fine-tuning against prompting, on documents with questions"; }
  std::string details() const override {
    return "Gives a language model the documents of each data set in each of the conditions (nothing, in its prompt, "
           "by training, by training with texts that were made of them, and controls), asks it the questions, and says "
           "what each way found and cost (arXiv 2505.00661). Answers are chosen by likelihood; the alternatives are "
           "never shown. Every (data, condition, seed) is a unit that stands in --out as soon as it is finished: a run "
           "that was stopped or killed goes on with the same command, and more data, conditions and seeds add to it. "
           "The results are report.html (to be opened in a browser), report.md, report.csv and summary.json.";
  }
  std::string examples() const override {
    return "    manyshot lab make reversals --out data/reversals\n"
           "    manyshot lab run --data data/reversals --out results\n"
           "    manyshot lab run --data data/reversals,data/syllogisms --conditions none,finetune,context,augmented,"
           "reversed,shuffled --seeds 0,1,2 --passes 30 --out results\n"
           "    manyshot lab run --data data/mine --conditions none,finetune:split=independent,"
           "augmented:augment=local --augmenter smollm2 --out results\n"
           "    manyshot lab run --data data/mine --model openai:qwen2.5-7b --base-url http://localhost:8000/v1 "
           "--conditions none,context --out results\n";
  }
  bool uses_device() const override { return true; }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "data"; }

  void run(const CommonOptions& common) override {
    const Stopwatch watch;
    lab::LabRun run(options_.lab, options_.endpoint, program_version(), parse_device(common.device));
    const uint64_t done = run.run();
    const lab::LabSummary summary = summarise(run);
    write_lab_report(summary, options_.lab.out);
    if (common.json) {
      print_summary(*this, {{"done", done},
                            {"units", summary.units},
                            {"finished", summary.finished},
                            {"seconds", watch.seconds()},
                            {"results", to_json(summary)["tasks"]}});
      return;
    }
    for (const lab::TaskSummary& task : summary.tasks) fmt::print("{}\n\n", accuracy_text(task));
    std::fflush(stdout);
    log::info("lab: {} of {} units are finished, {} now; {}/report.html", summary.finished, summary.units, done,
              options_.lab.out);
  }

 private:
  LabRunCommandOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_run_command() { return std::make_unique<LabRunCommand>(); }

}  // namespace manyshot
