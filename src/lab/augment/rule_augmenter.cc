#include "lab/augment/rule_augmenter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <optional>
#include <set>

#include "core/interrupt.h"
#include "core/rng.h"
#include "core/stopwatch.h"
#include "lab/world/names_index.h"

namespace manyshot::lab {
namespace {

class RuleAugmenter {
 public:
  RuleAugmenter(const LabData& data, const RuleOptions& options, uint64_t seed)
      : data_(data), options_(options), rng_(Rng(seed).child("rules")) {
    for (const Fact& fact : data.world.facts()) statements_[fact.id] = &fact.statement;
    for (const LabDocument& document : data.documents) {
      texts_.insert(document.text);
      beginnings_.push_back(beginning_of(document.text));
      has_stops_ = has_stops_ || document.text.ends_with('.');
      has_capitals_ = has_capitals_ || std::isupper(static_cast<unsigned char>(document.text.front())) != 0;
    }
  }

  std::vector<AugmentedText> write(std::span<const AugmentKind> kinds) {
    const auto wants = [&](AugmentKind kind) { return std::ranges::find(kinds, kind) != kinds.end(); };
    for (const LabDocument& document : data_.documents) {
      check_interrupted();
      add_local(document, wants(AugmentKind::kLocal));
      add_document(document, wants(AugmentKind::kDocument));
    }
    if (wants(AugmentKind::kGlobal)) add_global();
    return std::move(result_);
  }

 private:
  void add_local(const LabDocument& document, bool is_wanted) {
    for (const std::string& id : document.facts) {
      if (!local_done_.insert(id).second) continue;
      const auto found = statements_.find(id);
      if (found == statements_.end()) continue;
      std::vector<Statement> statements{*found->second};
      for (Statement& statement : data_.world.consequences(std::span(&id, 1), /*max_hops=*/1))
        statements.push_back(std::move(statement));
      for (const Statement& statement : statements) {
        known_.insert(statement);
        if (is_wanted) say(statement, AugmentKind::kLocal, document.id);
      }
    }
  }

  void add_document(const LabDocument& document, bool is_wanted) {
    if (document.facts.size() < 2 || !document_done_.insert(document.facts).second) return;
    for (const Statement& statement : data_.world.consequences(document.facts, options_.rule_hops)) {
      // What one fact gives is said already.
      if (!known_.insert(statement).second || !is_wanted) continue;
      say(statement, AugmentKind::kDocument, document.id);
    }
  }

  void add_global() {
    const std::vector<std::string> facts(local_done_.begin(), local_done_.end());
    std::vector<Statement> conclusions;
    for (Statement& statement : data_.world.consequences(facts, options_.rule_hops)) {
      if (known_.insert(statement).second) conclusions.push_back(std::move(statement));
    }
    const auto most = static_cast<size_t>(options_.rule_global) / static_cast<size_t>(options_.rule_forms);
    const auto count = static_cast<uint32_t>(conclusions.size());
    std::vector<uint32_t> chosen =
        rng_.child("global").sample(count, static_cast<uint32_t>(std::min<size_t>(count, std::max<size_t>(1, most))));
    std::ranges::sort(chosen);
    for (const uint32_t place : chosen) say(conclusions[place], AugmentKind::kGlobal, "");
  }

  // In ways drawn for the statement.
  void say(const Statement& statement, AugmentKind kind, const std::string& source) {
    const auto num_forms = static_cast<uint32_t>(data_.world.num_forms(statement.relation));
    if (num_forms == 0) return;
    const uint32_t count = std::min(num_forms, static_cast<uint32_t>(options_.rule_forms));
    for (const uint32_t form : rng_.child("forms", result_.size()).sample(num_forms, count)) {
      std::string text = as_documents_write(begun(statement, data_.world.say(statement, form)));
      if (texts_.insert(text).second) result_.push_back({.kind = kind, .source = source, .text = std::move(text)});
    }
  }

  // How a document begins: behind an opening, behind a sentence that names things, or with a statement.
  struct Beginning {
    std::string opening;
    std::optional<size_t> lead;
  };
  Beginning beginning_of(const std::string& text) const {
    const WorldParts& parts = data_.world.parts();
    const std::string lowered = lower(text);
    Beginning beginning;
    for (const std::string& opening : parts.openings) {
      if (opening.size() > beginning.opening.size() && lowered.starts_with(lower(opening) + " "))
        beginning.opening = opening;
    }
    for (size_t lead = 0; lead < parts.leads.size(); ++lead) {
      if (lowered.starts_with(lower(parts.leads[lead]) + " ")) beginning.lead = lead;
    }
    return beginning;
  }

  // The sentence as a document drawn at random would begin with it.
  std::string begun(const Statement& statement, const std::string& sentence) const {
    const Rng rng = rng_.child("beginning", result_.size());
    const auto& [opening, lead] = beginnings_[rng.below(0, beginnings_.size())];
    const std::string &subject = statement.subject, &object = statement.object;
    if (lead) {
      const bool is_turned = rng.bernoulli(1, 0.5);
      const std::array names{is_turned ? object : subject, is_turned ? subject : object};
      return data_.world.lead_in(names, *lead) + " " + sentence;
    }
    return opening.empty() ? sentence : behind_opening(opening, sentence, begins_with_name(sentence, statement));
  }

  // Without capital and stop where no document has them.
  std::string as_documents_write(std::string text) const {
    if (!has_stops_ && text.ends_with('.')) text.pop_back();
    if (!has_capitals_) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
  }

  const LabData& data_;
  RuleOptions options_;
  Rng rng_;
  std::map<std::string, const Statement*> statements_;
  bool has_stops_ = false, has_capitals_ = false;
  std::vector<Beginning> beginnings_;  // of the documents
  std::set<std::string> texts_, local_done_;
  std::set<std::vector<std::string>> document_done_;
  std::set<Statement> known_;
  std::vector<AugmentedText> result_;
};

}  // namespace

Augmentation augment_by_rules(const LabData& data, std::span<const AugmentKind> kinds, const RuleOptions& options,
                              uint64_t seed) {
  const Stopwatch watch;
  Augmentation result{.by = "rules", .prompts = "", .texts = RuleAugmenter(data, options, seed).write(kinds)};
  result.cost.seconds = watch.seconds();
  return result;
}

}  // namespace manyshot::lab
