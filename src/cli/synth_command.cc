#include <algorithm>
#include <array>
#include <cstdio>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/names.h"
#include "core/shard.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "core/version.h"
#include "prior/explain.h"
#include "prior/gallery.h"
#include "prior/prior.h"
#include "prior/write_tasks.h"

namespace manyshot {
namespace {

enum class ExplainFormat { kJson, kDot };
constexpr auto names_of(ExplainFormat) {
  return std::to_array<Named<ExplainFormat>>({{ExplainFormat::kJson, "json"}, {ExplainFormat::kDot, "dot"}});
}

struct SynthOptions {
  prior::PriorOptions prior;
  int64_t tasks = 0;
  std::string out;
  std::string shard = "0/1";
  prior::TaskLayout layout = prior::TaskLayout::kCsv;
  std::optional<int64_t> explain;
  ExplainFormat explain_format = ExplainFormat::kJson;
  std::string gallery;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Output");
    v("tasks", self.tasks, between(0, 1e12), "How many tasks: 0, 1, … of this seed.");
    v("out", self.out, any_value(), "Folder for one file a task and tasks.jsonl; made when it does not exist.");
    prior::PriorOptions::visit(self.prior, v);
    option_heading(v, "Output");
    v("shard", self.shard, any_value(),
      "I/N: only the tasks whose number leaves I when divided by N. I counts from 0. auto: as Slurm, Kubernetes, "
      "torchrun or srun "
      "say (docs/scaling.md).");
    v("layout", self.layout, any_value(), "Format of the tables.");
    option_heading(v, "Looking at tasks");
    v("explain", self.explain, at_least(0), "Print how this task comes about, and write nothing.");
    v("gallery", self.gallery, any_value(),
      "Write a page that shows the first --tasks tasks (12 without it): graph, columns, correlations, classes.");
    v("explain_format", self.explain_format, any_value(), "JSON, or a graph for Graphviz.");
  }
};

class SynthCommand : public Command {
 public:
  std::string name() const override { return "synth"; }
  std::string summary() const override { return "tables with a class or a number to predict, drawn from a prior"; }
  std::string details() const override {
    return "Draws tasks from a prior over tables (docs/prior.md) and writes one table for each, the target last, with "
           "a "
           "manifest tasks.jsonl. A task is a function of the options, the seed and its number: threads, shards and "
           "restarts change nothing. The same command goes on where an interrupted one ended, and with more --tasks it "
           "adds to a folder. --explain shows the graph and the equations behind a task.";
  }
  std::string examples() const override {
    return "    manyshot synth --tasks 1000 --seed 1 --out tasks\n"
           "    manyshot synth --tasks 1000 --seed 1 --out tasks --prior mix:0.4,graph:0.6 --rows 256:2048 --features "
           "3:20 --classes 2:5\n"
           "    manyshot synth --tasks 1000 --seed 1 --out tasks --prior effects --number-share 0.5\n"
           "    manyshot synth --tasks 1000000 --seed 1 --out tasks --layout parquet --shard 3/8\n"
           "    manyshot synth --seed 1 --prior graph --gallery tasks.html\n"
           "    manyshot synth --seed 1 --prior graph --explain 7\n"
           "    manyshot synth --seed 1 --prior graph --explain 7 --explain-format dot | dot -Tsvg > task.svg\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    const prior::Prior prior(options_.prior);
    if (options_.explain) {
      prior::PriorScratch scratch;
      const Json explanation = prior.explain(static_cast<uint64_t>(*options_.explain), scratch);
      fmt::print("{}", options_.explain_format == ExplainFormat::kDot ? prior::explanation_dot(explanation)
                                                                      : explanation.dump(2) + "\n");
      if (common.json) print_summary(*this, {{"explained", *options_.explain}}, stderr);
      return;
    }
    if (!options_.gallery.empty()) {
      write_gallery(prior, common);
      return;
    }
    if (options_.tasks == 0 || options_.out.empty()) {
      fail(ErrorKind::kBadInput,
           "--tasks and --out are needed (or --explain, or --gallery); see manyshot synth --help");
    }
    write(prior, common);
  }

 private:
  void write_gallery(const prior::Prior& prior, const CommonOptions& common) {
    constexpr int64_t kDefaultTasks = 12, kMostTasks = 200;
    const int64_t count = options_.tasks == 0 ? kDefaultTasks : options_.tasks;
    if (count > kMostTasks) {
      fail(ErrorKind::kBadInput, "--gallery: a page of {} tasks is too long to read; ask for --tasks {} at most", count,
           kMostTasks);
    }
    OutputFile out(options_.gallery);
    prior::PriorScratch scratch;
    std::vector<prior::Task> tasks;
    std::vector<Json> explanations;
    for (int64_t index = 0; index < count; ++index) {
      check_interrupted();
      tasks.push_back(prior.draw(static_cast<uint64_t>(index), scratch));
      explanations.push_back(prior.explain(static_cast<uint64_t>(index), scratch));
    }
    out.write(prior::gallery_page(tasks, explanations, options_.prior));
    out.commit();
    if (common.json) {
      print_summary(*this, {{"tasks", count}, {"gallery", options_.gallery}});
    } else {
      log::info("{} tasks to look at: {}", count, options_.gallery);
    }
  }

  void write(const prior::Prior& prior, const CommonOptions& common) {
    const Stopwatch watch;
    Json kept = values_of(options_.prior);
    kept["layout"] = name_of(options_.layout);
    const Shard shard = parse_shard(options_.shard);
    kept["shard"] = to_text(shard);
    const prior::TaskFilesReport report = prior::write_tasks(prior, {.out = options_.out,
                                                                     .layout = options_.layout,
                                                                     .tasks = static_cast<uint64_t>(options_.tasks),
                                                                     .shard = shard,
                                                                     .version = program_version(),
                                                                     .options = kept});
    const double seconds = watch.seconds();
    Json rejections = Json::object();
    for (size_t reason = 0; reason < prior::kNumRejections; ++reason) {
      rejections[std::string(name_of(static_cast<prior::Rejection>(reason)))] = report.rejections[reason];
    }
    if (common.json) {
      return print_summary(
          *this,
          {{"tasks", report.tasks}, {"written", report.written}, {"rejections", rejections}, {"seconds", seconds}});
    }
    const uint64_t already = report.tasks - report.written;
    log::info("{} tasks written to {}{}; draws thrown away: {}; {:.1f} s, {:.0f} tasks/s, peak memory {}",
              with_thousands(static_cast<long long>(report.written)), options_.out,
              already > 0 ? fmt::format(", {} were there", with_thousands(static_cast<long long>(already))) : "",
              rejections.dump(), seconds, static_cast<double>(report.written) / std::max(seconds, 1e-9),
              format_bytes(peak_memory_bytes()));
  }

  SynthOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_synth_command() { return std::make_unique<SynthCommand>(); }

}  // namespace manyshot
