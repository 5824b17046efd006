#include "cli/command.h"
#include "core/log.h"
#include "core/version.h"
#include "lab/report/lab_report.h"
#include "lab/run/lab_run.h"

namespace manyshot {
namespace {

struct LabReportOptions {
  std::string results;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    v("results", self.results, any_value().required(), "Folder of lab run; may stand without the flag.");
  }
};

class LabReportCommand : public Command {
 public:
  std::string name() const override { return "lab report"; }
  std::string summary() const override { return "the pages of a lab run again, from its results"; }
  std::string details() const override {
    return "Makes report.html, report.md, report.csv and summary.json in the folder of a lab run from what is finished "
           "there: after shards have run on several machines, or with another version of the program.";
  }
  std::string examples() const override { return "    manyshot lab report results\n"; }
  OptionList options() override { return options_of(options_); }
  std::string positional() const override { return "results"; }

  void run(const CommonOptions& common) override {
    const lab::LabRun run(lab::read_lab_options(options_.results), {}, program_version());
    const lab::LabSummary summary = summarise(run);
    write_lab_report(summary, options_.results);
    if (common.json) return print_summary(*this, {{"units", summary.units}, {"finished", summary.finished}});
    log::info("lab: {} of {} units are finished; {}/report.html", summary.finished, summary.units, options_.results);
  }

 private:
  LabReportOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_lab_report_command() { return std::make_unique<LabReportCommand>(); }

}  // namespace manyshot
