#include "lab/augment/audit.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <map>
#include <set>

#include "lab/words/word_bytes.h"

namespace manyshot::lab {
namespace {

// The text's words in lower case, without what stands between them.
std::string bare_words(std::string_view text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (is_word_byte(c)) {
      words.back() += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  std::erase(words, "");
  return fmt::format("{}", fmt::join(words, " "));
}

TextVerdict worse(TextVerdict a, TextVerdict b) {
  const auto rank = [](TextVerdict verdict) {
    switch (verdict) {
      case TextVerdict::kEntailed:
        return 0;
      case TextVerdict::kUnread:
        return 1;
      case TextVerdict::kUnknown:
        return 2;
      case TextVerdict::kContradicted:
        return 3;
    }
    return 0;
  };
  return rank(a) >= rank(b) ? a : b;
}

TextVerdict verdict_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEntailed:
      return TextVerdict::kEntailed;
    case Verdict::kContradicted:
      return TextVerdict::kContradicted;
    case Verdict::kUnknown:
      return TextVerdict::kUnknown;
  }
  return TextVerdict::kUnknown;
}

std::vector<SplitCoverage> coverage_of(const LabData& data, const std::set<Statement>& stated) {
  std::vector<SplitCoverage> result;
  std::map<std::string, size_t> places;
  for (const LabQuestion& question : data.questions) {
    const auto [place, is_new] = places.try_emplace(question.split, result.size());
    if (is_new) result.push_back({.split = question.split});
    SplitCoverage& split = result[place->second];
    ++split.questions;
    split.stated += std::ranges::any_of(question.gold, [&](uint32_t gold) {
      const std::vector<Statement> answer = data.world.read(question.prompt + question.alternatives[gold]);
      return std::ranges::any_of(answer, [&](const Statement& statement) { return stated.contains(statement); });
    });
  }
  return result;
}

}  // namespace

double Audit::wrong_rate() const {
  const auto count = [&](TextVerdict verdict) { return static_cast<double>(verdicts[static_cast<size_t>(verdict)]); };
  const double read = count(TextVerdict::kEntailed) + count(TextVerdict::kContradicted) + count(TextVerdict::kUnknown);
  return read > 0 ? count(TextVerdict::kContradicted) / read : std::numeric_limits<double>::quiet_NaN();
}

Audit audit(const LabData& data, std::span<const AugmentedText> texts) {
  Audit result;
  std::set<std::string> seen;
  for (const LabDocument& document : data.documents) seen.insert(bare_words(document.text));
  std::set<Statement> stated;
  for (const AugmentedText& text : texts) {
    std::vector<std::string> unread;
    const std::vector<Statement> statements = data.world.read(text.text, &unread);
    AuditedText audited{.verdict = statements.empty() ? TextVerdict::kUnread : TextVerdict::kEntailed};
    for (const Statement& statement : statements) {
      audited.verdict = worse(audited.verdict, verdict_of(data.world.judge(statement)));
      stated.insert(statement);
    }
    if (!unread.empty()) audited.verdict = worse(audited.verdict, TextVerdict::kUnread);
    audited.is_near_duplicate = !seen.insert(bare_words(text.text)).second;
    ++result.verdicts[static_cast<size_t>(audited.verdict)];
    result.near_duplicates += audited.is_near_duplicate;
    result.texts.push_back(audited);
  }
  result.coverage = coverage_of(data, stated);
  return result;
}

Json to_json(const Audit& audit) {
  Json json = {{"texts", audit.texts.size()}, {"near_duplicates", audit.near_duplicates}};
  for (const auto& entry : names_of(TextVerdict{}))
    json[std::string(entry.name)] = audit.verdicts[static_cast<size_t>(entry.value)];
  json["wrong_rate"] = audit.wrong_rate();
  json["coverage"] = Json::array();
  for (const SplitCoverage& split : audit.coverage)
    json["coverage"].push_back({{"split", split.split}, {"questions", split.questions}, {"stated", split.stated}});
  return json;
}

}  // namespace manyshot::lab
