#include "cli/command.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/text.h"
#include "predict/fit_file.h"

namespace manyshot {
namespace {

class FitCommand : public Command {
 public:
  std::string name() const override { return "fit"; }
  std::string summary() const override {
    return "labelled rows and model as one file, from which predict starts at once";
  }
  std::string details() const override {
    return "Fits a model to labelled rows as predict does, and writes what that took (encoded contexts, boosted trees) "
           "beside the rows and the options to one file (docs/formats/msfit.md). manyshot predict --fit reads it in "
           "place of --train, --target and the model's options, and answers with the same bits. The model's weights "
           "are "
           "not in the file, only their name and SHA-256; other weights are refused. --fit and --append fit again, to "
           "the rows of a file and further ones. The file holds the labelled rows as the table spells them: keep it as "
           "you keep them, or leave them out with --with-data no where the model allows.";
  }
  std::string examples() const override {
    return "    manyshot fit --train train.csv --target species --out species.msfit\n"
           "    manyshot predict --fit species.msfit --test test.csv --out predictions.csv\n"
           "    manyshot fit --train train.csv --target species --model default --ensemble 4 --out small.msfit\n"
           "    manyshot fit --fit species.msfit --append more.csv --out larger.msfit\n"
           "    manyshot info species.msfit\n";
  }
  OptionList options() override { return options_of(options_); }
  bool uses_device() const override { return true; }

  void run(const CommonOptions& common) override {
    options_.predict.method.device = parse_device(common.device);
    const FitReport report = fit_file(options_);
    if (common.json) return print_summary(*this, to_json(report), summary_stream(options_.out));
    log::info("{} fitted to {} of {} labelled rows of {} columns: {}, written to {} ({}) in {:.2f} s; peak memory {}",
              report.model, with_thousands(report.labelled_rows), with_thousands(report.train_rows), report.features,
              report.is_number ? fmt::format("\"{}\" is a number", report.target)
                               : fmt::format("{} classes of \"{}\"", report.classes.size(), report.target),
              options_.out, format_bytes(report.file_bytes), report.seconds, format_bytes(peak_memory_bytes()));
  }

 private:
  static Json to_json(const FitReport& report) {
    return {{"target", report.target},     {"model", report.model},           {"is_number", report.is_number},
            {"classes", report.classes},   {"train_rows", report.train_rows}, {"labelled_rows", report.labelled_rows},
            {"features", report.features}, {"file_bytes", report.file_bytes}, {"seconds", report.seconds}};
  }

  FitOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_fit_command() { return std::make_unique<FitCommand>(); }

}  // namespace manyshot
