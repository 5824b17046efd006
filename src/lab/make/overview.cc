#include "lab/make/overview.h"

#include <fmt/format.h>

#include <algorithm>

#include "core/text.h"

namespace manyshot::lab {
namespace {

constexpr size_t kSamples = 3, kShownBytes = 400, kShownAlternatives = 6;

std::string range_text(const Json& range) {
  return range[0] == range[1] ? range[0].dump() : fmt::format("{} to {}", range[0].dump(), range[1].dump());
}

std::string counted(const Json& number) { return with_thousands(number.get<long long>()); }

Json split_json(const LabData& data, const std::string& split) {
  size_t count = 0, least = SIZE_MAX, most = 0;
  int least_hops = 0, most_hops = 0;
  for (const LabQuestion& question : data.questions) {
    if (question.split != split) continue;
    least_hops = count == 0 ? question.hops : std::min(least_hops, question.hops);
    most_hops = std::max(most_hops, question.hops);
    least = std::min(least, question.alternatives.size());
    most = std::max(most, question.alternatives.size());
    ++count;
  }
  return {{"split", split},
          {"questions", count},
          {"alternatives", {least, most}},
          {"hops", {least_hops, most_hops}},
          {"chance", chance(data, split)}};
}

std::string question_text(const LabQuestion& question) {
  std::string text = fmt::format("question {} ({}, {}): {}\n", question.id, question.split, question.kind,
                                 excerpt(question.prompt, kShownBytes));
  size_t num_wrong = 0;
  for (uint32_t place = 0; place < question.alternatives.size(); ++place) {
    const bool is_right = std::ranges::find(question.gold, place) != question.gold.end();
    if (!is_right && ++num_wrong > kShownAlternatives) continue;
    text += fmt::format("  {}{}\n", is_right ? "*" : " ", excerpt(question.alternatives[place], kShownBytes));
  }
  if (num_wrong > kShownAlternatives) text += fmt::format("   and {} more\n", num_wrong - kShownAlternatives);
  return text;
}

// Some at even distances.
template <class Entry>
std::vector<const Entry*> samples(const std::vector<Entry>& entries) {
  std::vector<const Entry*> chosen;
  const size_t count = std::min(kSamples, entries.size());
  for (size_t sample = 0; sample < count; ++sample) chosen.push_back(&entries[sample * entries.size() / count]);
  return chosen;
}

}  // namespace

Json overview_json(const LabData& data, const TokenCounter& count_tokens) {
  size_t bytes = 0, tokens = 0;
  for (const LabDocument& document : data.documents) {
    bytes += document.text.size();
    if (count_tokens) tokens += count_tokens(document.text);
  }
  Json json{{"facts", data.world.facts().size()}, {"documents", data.documents.size()}, {"document_bytes", bytes}};
  if (count_tokens) json["document_tokens"] = tokens;
  json["questions"] = data.questions.size();
  json["splits"] = Json::array();
  for (const std::string& split : splits_of(data)) json["splits"].push_back(split_json(data, split));
  return json;
}

std::string overview_text(const LabData& data, const TokenCounter& count_tokens) {
  const Json json = overview_json(data, count_tokens);
  std::string text = fmt::format(
      "{}, seed {}: {} facts, {} documents ({}{}), {} questions\n", data.kind, data.seed, counted(json["facts"]),
      counted(json["documents"]), format_bytes(json["document_bytes"].get<unsigned long long>()),
      count_tokens ? fmt::format(", {} tokens", counted(json["document_tokens"])) : "", counted(json["questions"]));
  text += fmt::format("  {:<18} {:>9}  {:<12}  {:<8}  {}\n", "split", "questions", "alternatives", "hops", "chance");
  for (const Json& split : json["splits"]) {
    text += fmt::format("  {:<18} {:>9}  {:<12}  {:<8}  {:.3f}\n", split["split"].get<std::string>(),
                        counted(split["questions"]), range_text(split["alternatives"]), range_text(split["hops"]),
                        split["chance"].get<double>());
  }
  for (const LabDocument* document : samples(data.documents)) {
    text += fmt::format("document {} ({}): {}\n", document->id, document->style, excerpt(document->text, kShownBytes));
  }
  for (const LabQuestion* question : samples(data.questions)) text += question_text(*question);
  return text;
}

}  // namespace manyshot::lab
