#include <algorithm>
#include <cstdio>
#include <optional>

#include "cli/command.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/shard.h"
#include "core/stopwatch.h"
#include "core/text.h"
#include "core/version.h"
#include "corpus/report.h"
#include "corpus/write_corpus.h"
#include "encoding/tokenizer/tokenizer.h"
#include "model/language/text_model.h"
#include "predict/model_store.h"

namespace manyshot {
namespace {

struct CorpusCommandOptions {
  CorpusOptions corpus;
  int64_t tasks = 0;
  std::string out;
  CorpusLayout layout = CorpusLayout::kAlpaca;
  std::string model;
  std::string shard = "0/1";
  int64_t part_tasks = 1000;
  bool compress = false;
  std::string exclude;
  std::string report;

  template <class Self, class Visitor>
  static void visit(Self& self, Visitor& v) {
    option_heading(v, "Output");
    v("tasks", self.tasks, between(0, 1e12).required(), "Tasks to draw; those that pass the filter are written.");
    v("out", self.out, any_value().required(), "Folder for the corpus; made when it does not exist.");
    v("layout", self.layout, any_value(),
      "alpaca: JSON lines with instruction, input, output, for LLaMA-Factory and others; tokens: for manyshot train; "
      "parquet: the raw rows; hdf5: the raw rows as nanoTabPFN reads them.");
    v("shard", self.shard, any_value(),
      "I/N: only the parts whose number leaves I when divided by N. I counts from 0. auto: as Slurm, Kubernetes, "
      "torchrun or srun "
      "say (docs/scaling.md).");
    v("part_tasks", self.part_tasks, between(1, 1e6), "Draws of one file.");
    v("compress", self.compress, any_value(), "Alpaca layout: compress with zstd.");
    v("report", self.report, any_value(),
      "Write a page about the corpus: what was kept, what was not and why, and how long, many-classed and hard it is.");
    option_heading(v, "Samples");
    v("model", self.model, any_value(),
      "Language model whose tokenizer counts and makes tokens: a name, a folder, or a .gguf file.");
    option_heading(v, "Filter");
    v("exclude", self.exclude, any_value(), "Folder of evaluation tables: no task with one of their rows is written.");
    CorpusOptions::visit(self.corpus, v);
  }
};

class CorpusCommand : public Command {
 public:
  std::string name() const override { return "corpus"; }
  std::string summary() const override { return "training text from tasks that a random forest has judged"; }
  std::string details() const override {
    return "Draws tasks from a prior, keeps those that a forest of 30 trees finds learnable, and writes them as "
           "prompts with their answers. A sample is a function of the options, the seed and its number, so threads, "
           "shards and restarts change nothing; the same command goes on where an interrupted one ended, and with more "
           "--tasks it adds to the folder. The folder's manifest counts what was drawn, kept and thrown away, and why.";
  }
  std::string examples() const override {
    return "    manyshot corpus --tasks 100000 --seed 1 --stage warmup --out warmup --model smollm2\n"
           "    manyshot corpus --tasks 1000000 --seed 2 --layout tokens --model ./Qwen2.5-0.5B --out main --shard "
           "3/8\n"
           "    manyshot corpus --tasks 100000 --seed 1 --format compact --layout tokens --out compact --prior "
           "mix:0.4,graph:0.6 --shots 8:256\n"
           "    manyshot corpus --tasks 300000 --seed 1 --layout hdf5 --out dump --shots 100 --features 5 --classes 2\n"
           "    manyshot corpus --tasks 1000 --seed 1 --out check --exclude tables\n";
  }
  OptionList options() override { return options_of(options_); }

  void run(const CommonOptions& common) override {
    const bool is_compact = options_.corpus.format == PromptStyle::kCompact;
    if (is_compact && options_.layout == CorpusLayout::kAlpaca) {
      fail(ErrorKind::kBadInput,
           "--layout alpaca is text, --format compact is tokens; take --layout tokens, or --format concat");
    }
    if (options_.corpus.format == PromptStyle::kLines && options_.layout == CorpusLayout::kAlpaca) {
      fail(ErrorKind::kBadInput,
           "--layout alpaca would have answers learned whole, and in --format lines they are rows; take --layout "
           "tokens");
    }
    if (!is_compact && options_.layout == CorpusLayout::kTokens && options_.model.empty()) {
      fail(ErrorKind::kBadInput, "--layout tokens needs --model, whose tokenizer makes the tokens");
    }
    if (options_.corpus.prior.number_share > 0 && options_.layout != CorpusLayout::kTokens) {
      fail(ErrorKind::kBadInput, "--number-share {}: --layout {} holds classes alone; take --layout tokens",
           options_.corpus.prior.number_share, name_of(options_.layout));
    }
    if (options_.compress && options_.layout != CorpusLayout::kAlpaca)
      fail(ErrorKind::kBadInput, "--compress is for --layout alpaca");
    const bool has_prompts = options_.layout != CorpusLayout::kHdf5;
    if (!has_prompts && !options_.model.empty())
      fail(ErrorKind::kBadInput, "--layout hdf5 has no prompts, so --model is of no use; leave it out");
    std::optional<Tokenizer> tokenizer;
    if (!options_.model.empty()) {
      const std::string path = resolve_model(options_.model);
      tokenizer.emplace(read_model_tokenizer(language_model_path(path).value_or(path)));
    }
    const Stopwatch watch;
    const Sampler sampler(options_.corpus, tokenizer ? &*tokenizer : nullptr,
                          options_.exclude.empty() ? ExcludedRows() : ExcludedRows::read(options_.exclude),
                          has_prompts ? SampleContent::kPrompt : SampleContent::kRows);
    Json kept = values_of(options_);
    for (const char* name : {"tasks", "out", "report"}) kept.erase(name);
    const CorpusFiles files{.out = options_.out,
                            .layout = options_.layout,
                            .tasks = static_cast<uint64_t>(options_.tasks),
                            .shard = parse_shard(options_.shard),
                            .part_tasks = static_cast<uint64_t>(options_.part_tasks),
                            .compress = options_.compress,
                            .version = program_version(),
                            .options = kept};
    const CorpusReport report = write_corpus(sampler, files);
    if (!options_.report.empty()) write_file(options_.report, corpus_report_page(report, files));
    const double seconds = watch.seconds();
    if (common.json) {
      Json json = to_json(report);
      json["seconds"] = seconds;
      return print_summary(*this, json);
    }
    print(report, sampler.excluded(), seconds);
  }

 private:
  // Shares are of the threads' time.
  static std::string speed_text(const CorpusReport& report, double seconds) {
    const DrawSeconds& spent = report.spent;
    const auto percent = [&](double part) { return 100 * part / std::max(spent.all, 1e-9); };
    return fmt::format(
        "{:.1f} tasks a second drawn, {:.1f} kept; {:.0f} % of the time for tasks, {:.0f} % for the forest's "
        "judgement, "
        "{:.0f} % for choosing and encoding rows",
        static_cast<double>(report.drawn_now) / seconds, static_cast<double>(report.kept_now) / seconds,
        percent(spent.task), percent(spent.guard), percent(spent.all - spent.task - spent.guard));
  }

  void print(const CorpusReport& report, const ExcludedRows& excluded, double seconds) const {
    log::info("{}: {} of {} tasks kept ({:.1f} %), {}{} in {} parts{}; {:.1f} s, peak memory {}", options_.out,
              with_thousands(report.kept), with_thousands(report.drawn),
              100.0 * static_cast<double>(report.kept) / static_cast<double>(std::max<uint64_t>(report.drawn, 1)),
              report.tokens > 0 ? with_thousands(report.tokens) + " tokens, " : "", format_bytes(report.bytes),
              report.parts, report.parts_before > 0 ? fmt::format(" ({} were there)", report.parts_before) : "",
              seconds, format_bytes(peak_memory_bytes()));
    if (report.drawn_now > 0) log::info("  {:<20} {}", "speed", speed_text(report, seconds));
    for (const auto& [title, counts] : {std::pair{"thrown away", &report.rejections},
                                        {"classes", &report.classes},
                                        {"labelled rows", &report.shots},
                                        {"tokens", &report.lengths},
                                        {"most frequent class", &report.imbalance},
                                        {"forest accuracy", &report.accuracy}}) {
      std::string text;
      for (const auto& [name, number] : *counts)
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, with_thousands(number));
      if (!text.empty()) log::info("  {:<20} {}", title, text);
    }
    if (!excluded.empty()) {
      const auto found = report.rejections.find("excluded");
      log::info("  {:<20} {} tasks had a row of the {} rows of {} tables, and were thrown away", "excluded",
                found == report.rejections.end() ? 0 : found->second, with_thousands(excluded.num_rows()),
                excluded.num_tables());
    }
  }

  CorpusCommandOptions options_;
};

}  // namespace

std::unique_ptr<Command> make_corpus_command() { return std::make_unique<CorpusCommand>(); }

}  // namespace manyshot
