#include "train/display/run_page.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "core/text.h"
#include "train/display/loss_curve.h"
#include "train/display/run_charts.h"
#include "train/display/status_line.h"

namespace manyshot::train {
namespace {

using report::Chart;
using report::Document;
using report::Facts;
using report::facts_table;
using report::Fold;
using report::Paragraph;
using report::plain_text;
using report::Section;
using report::TextTable;

std::string count_text(const Json& report, const char* key) { return with_thousands(report.value(key, int64_t{0})); }

double number_of(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_number() ? json[key].get<double>() : std::nan("");
}

// A quantity at the beginning and now, and the difference.
struct Comparison {
  const char* name;
  const char* key;
  bool is_share = false;  // shown in percent
};

// Rows for what both sides have, or one of them.
void add_comparison(TextTable& table, const Json& before, const Json& after, const Comparison& what) {
  const double first = number_of(before, what.key), last = number_of(after, what.key), change = last - first;
  if (std::isnan(first) && std::isnan(last)) return;
  const auto text = what.is_share ? percent_text : metric_text;
  table.rows.push_back({{what.name}, {text(first)}, {text(last)}, {(change > 0 ? "+" : "") + text(change)}});
}

// Loss and share right, smoothed, of the first steps or the last.
Json training_numbers(const std::vector<Json>& metrics, bool is_last) {
  std::vector<CurvePoint> loss, accuracy;
  for (const Json& line : metrics) {
    if (std::isnan(number_of(line, "loss"))) continue;
    loss.push_back({line.value("step", 0.0), number_of(line, "loss")});
    accuracy.push_back({line.value("step", 0.0), number_of(line, "accuracy")});
  }
  if (loss.empty()) return Json::object();
  const std::vector<CurvePoint> smooth_loss = smoothed(loss), smooth_accuracy = smoothed(accuracy);
  const size_t place = is_last ? loss.size() - 1 : 0;
  return {{"loss", smooth_loss[place].loss}, {"accuracy", smooth_accuracy[place].loss}};
}

// The first line, or the last, that has the key.
Json line_with(const std::vector<Json>& metrics, const char* key, bool is_last) {
  Json found = Json::object();
  for (const Json& line : metrics) {
    if (!line.contains(key)) continue;
    found = line;
    if (!is_last) break;
  }
  return found;
}

Section result_section(const Json& report, const Json& run, const std::vector<Json>& metrics) {
  Section section{.title = "Result"};
  const bool is_finished = report.value("finished", false);
  section.blocks.emplace_back(Paragraph{
      fmt::format("{}. {} of {} steps, {} samples, {} tokens in {}{}", run.value("model", ""),
                  count_text(report, "steps"), count_text(report, "total_steps"), count_text(report, "samples"),
                  count_text(report, "tokens"), duration_text(report.value("seconds", 0.0)),
                  is_finished ? "." : "; the run is not at its end: this page was written at its last checkpoint.")});
  TextTable table{.columns = {"what", "at the beginning", is_finished ? "at the end" : "now", "change"}};
  const auto compare = [&](const Json& before, const Json& after, const Comparison& what) {
    add_comparison(table, before, after, what);
  };
  const Json first = training_numbers(metrics, false), last = training_numbers(metrics, true);
  compare(first, last, {"training: loss, nats a supervised token (smoothed)", "loss"});
  compare(first, last, {"training: supervised tokens right, % (smoothed)", "accuracy", true});
  for (const Comparison& what :
       {Comparison{"validation: loss, nats a supervised token", "validation_loss"},
        Comparison{"validation: supervised tokens right, %", "validation_accuracy", true},
        Comparison{"held-out tasks: accuracy, % (mean over shots)", "eval_accuracy", true},
        Comparison{"held-out tasks: loss, nats a label", "eval_loss"},
        Comparison{"tables: accuracy, % (mean over shots)", "table_accuracy", true},
        Comparison{"tables: the forest's accuracy, %", "table_forest_accuracy", true},
        Comparison{"tables: the majority's accuracy, %", "table_majority_accuracy", true},
        Comparison{"tables: log loss", "table_log_loss"}, Comparison{"tables: calibration error (ECE)", "table_ece"}}) {
    compare(line_with(metrics, what.key, false), line_with(metrics, what.key, true), what);
  }
  const Json ability = report.value("general_ability", Json::object());
  const Json before = ability.value("before", Json::object()), after = ability.value("after", Json::object());
  compare(before, after, {"general knowledge: questions right, %", "knowledge_accuracy", true});
  compare(before, after, {"perplexity of text", "perplexity"});
  section.blocks.emplace_back(std::move(table));
  section.blocks.emplace_back(
      Paragraph{"Validation, held-out tasks and tables: \"at the beginning\" is the first evaluation, which may be "
                "some steps into "
                "the run. Knowledge and perplexity are measured before the first step."});
  return section;
}

Section evaluation_section(const std::vector<Json>& metrics) {
  Section section{.title = "Evaluations by number of labelled rows"};
  if (auto chart =
          evaluation_chart(metrics, "eval", "Held-out synthetic tasks",
                           "Queries of tasks that no step trains on, behind exactly so many labelled rows. The "
                           "loss is that of the label alone.")) {
    section.blocks.emplace_back(std::move(*chart));
  }
  if (auto chart =
          evaluation_chart(metrics, "table", "Tables",
                           "The recipe's own tables (evaluate.tables): mean accuracy over the tables, beside that of a "
                           "random forest and of the labelled rows' most frequent class.")) {
    section.blocks.emplace_back(std::move(*chart));
  }
  return section;
}

Section ability_section(const Json& report) {
  Section section{.title = "General ability, before and after"};
  const Json ability = report.value("general_ability", Json::object());
  const Json before = ability.value("before", Json::object()), after = ability.value("after", Json::object());
  if (before.empty() && after.empty()) return section;
  TextTable table{.columns = {"what", "before the first step", "after the last", "change"}};
  for (const Comparison& what :
       {Comparison{"questions right, %", "knowledge_accuracy", true},
        Comparison{"questions right, %, mean of subjects", "knowledge_macro_accuracy", true},
        Comparison{"log loss of the answers", "knowledge_log_loss"}, Comparison{"perplexity", "perplexity"},
        Comparison{"nats a token", "nats_per_token"}, Comparison{"bits a byte", "bits_per_byte"}}) {
    add_comparison(table, before, after, what);
  }
  for (size_t side = 0; side < 2; ++side) {
    const Json& numbers = side == 0 ? before : after;
    if (!numbers.contains("knowledge_accuracy")) continue;
    const double error = 100 * number_of(numbers, "knowledge_standard_error");
    table.rows.front()[1 + side].note = fmt::format("± {:.1f}", error);
  }
  section.blocks.emplace_back(std::move(table));
  const Json& numbers = after.empty() ? before : after;
  std::string text;
  if (numbers.contains("knowledge_questions")) {
    text = fmt::format(
        "{} questions without demonstrations, answered by likelihood. ± is the standard error over the questions; "
        "before and after answer the same ones. ",
        count_text(numbers, "knowledge_questions"));
  }
  if (numbers.contains("perplexity_tokens")) {
    text += fmt::format("Perplexity over {} tokens of text.", count_text(numbers, "perplexity_tokens"));
  }
  if (!text.empty()) section.blocks.emplace_back(Paragraph{text});
  return section;
}

Section cost_section(const Json& report) {
  const double seconds = report.value("seconds", 0.0), tokens = report.value("tokens", 0.0);
  const Json utilisation = report.value("utilisation", Json());
  Section section{.title = "Cost"};
  section.blocks.emplace_back(facts_table(
      "", {{"training time (without evaluations and checkpoints)", duration_text(seconds)},
           {"processes x threads", fmt::format("{} x {}", report.value("processes", 1), report.value("threads", 1))},
           {"core-hours (time x processes x threads)", metric_text(report.value("core_hours", Json()))},
           {"steps", count_text(report, "steps")},
           {"samples", count_text(report, "samples")},
           {"tokens", count_text(report, "tokens")},
           {"tokens a second", seconds > 0 ? metric_text(tokens / seconds) : "–"},
           {"floating-point operations the network calls for", fmt::format("{:.3g}", report.value("flops", 0.0))},
           {"MFU since the run was started or resumed",
            utilisation.is_number() ? fmt::format("{:.1f} %", 100 * utilisation.get<double>()) : "–"},
           {"peak memory", format_bytes(report.value("peak_memory_bytes", uint64_t{0}))}}));
  return section;
}

Section provenance_section(const Json& report, const Json& run) {
  Section section{.title = "Where the numbers come from"};
  section.blocks.emplace_back(facts_table("", {{"program", "manyshot " + run.value("version", "")},
                                               {"model", run.value("model", "")},
                                               {"processor", run.value("processor", "")},
                                               {"resumed from", run.value("resumed_from", "")},
                                               {"last checkpoint", report.value("checkpoint", "")},
                                               {"best checkpoint", report.value("best_checkpoint", "")}}));
  const Json recipe = run.value("recipe", Json::object());
  Facts keys;
  for (const auto& [key, value] : recipe.items()) {
    if (key != "stages") keys.emplace_back(key, plain_text(value));
  }
  section.blocks.emplace_back(Fold{"recipe", {facts_table("", keys)}});
  for (const Json& stage : recipe.value("stages", Json::array())) {
    Facts stage_keys;
    for (const auto& [key, value] : stage.items()) stage_keys.emplace_back(key, plain_text(value));
    section.blocks.emplace_back(
        Fold{fmt::format("recipe: stage \"{}\"", stage.value("name", "")), {facts_table("", stage_keys)}});
  }
  TextTable inputs{.columns = {"file", "CRC-32", "bytes"}, .text_columns = 2};
  for (const Json& input : run.value("inputs", Json::array())) {
    inputs.rows.push_back(
        {{input.value("file", "")}, {input.value("crc32", "")}, {with_thousands(input.value("bytes", int64_t{0}))}});
  }
  if (!inputs.rows.empty()) section.blocks.emplace_back(Fold{"input files", {std::move(inputs)}});
  return section;
}

}  // namespace

Document run_document(const Json& report, const Json& run, const std::vector<Json>& metrics) {
  Document document{.title = "Training run " + report.value("name", "")};
  Section curves{.title = "Curves"};
  for (const auto& make_chart : {loss_chart, learning_chart, speed_chart}) {
    Chart chart = make_chart(metrics);
    if (!chart.views.empty()) curves.blocks.emplace_back(std::move(chart));
  }
  for (Section section : {result_section(report, run, metrics), curves, evaluation_section(metrics),
                          ability_section(report), cost_section(report), provenance_section(report, run)}) {
    if (!section.blocks.empty()) document.sections.push_back(std::move(section));
  }
  return document;
}

}  // namespace manyshot::train
