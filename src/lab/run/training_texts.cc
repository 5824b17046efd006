#include "lab/run/training_texts.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <set>

#include "core/error.h"
#include "core/rng.h"
#include "lab/words/word_bytes.h"

namespace manyshot::lab {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool equal_but_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

// The name that `text` has at `place` as whole words; empty without one.
std::string_view name_at(std::string_view text, size_t place, std::span<const std::string> names) {
  if (place > 0 && is_word_byte(text[place - 1])) return {};
  for (const std::string& name : names) {
    const size_t end = place + name.size();
    if (name.empty() || end > text.size() || (end < text.size() && is_word_byte(text[end]))) continue;
    if (equal_but_case(text.substr(place, name.size()), name)) return name;
  }
  return {};
}

// Every name of `text` replaced as `replacement` says; a capital first letter stays one.
std::string replace_names(std::string_view text, std::span<const std::string> names,
                          const std::map<std::string, std::string>& replacement) {
  std::string result;
  for (size_t i = 0; i < text.size();) {
    const std::string name(name_at(text, i, names));
    const auto found = replacement.find(name);
    if (name.empty() || found == replacement.end()) {
      result += text[i++];
      continue;
    }
    std::string other = found->second;
    if (std::isupper(static_cast<unsigned char>(text[i])) != 0 && !other.empty())
      other[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(other[0])));
    result += other;
    i += name.size();
  }
  return result;
}

class TextMaker {
 public:
  TextMaker(const LabData& data, const Condition& condition, const TextInputs& inputs, uint64_t seed)
      : data_(data), condition_(condition), inputs_(inputs), rng_(Rng(seed).child("training texts")) {}

  std::vector<TrainingText> make() {
    if (condition_.kind == ConditionKind::kIrrelevant) {
      require_other_texts("the condition irrelevant");
      for (const std::string& text : inputs_.other) add("", text, TextSource::kOther, {});
    } else if (condition_.together) {
      add_groups();
    } else {
      if (condition_.kind == ConditionKind::kShuffled) exchange_objects();
      for (const LabDocument& document : data_.documents) add_document(document);
    }
    if (condition_.kind == ConditionKind::kReversed) add_reversed();
    if (condition_.kind == ConditionKind::kAugmented) {
      for (const AugmentedText& text : inputs_.augmented) add("", text.text, TextSource::kAugmented, {});
    }
    if (condition_.replay > 0) add_replay();
    return std::move(texts_);
  }

 private:
  void require_other_texts(std::string_view what) const {
    if (inputs_.other.empty())
      fail(ErrorKind::kBadInput, "{} needs ordinary text: give other-text, a .txt, .md or .jsonl file", what);
  }

  void add(std::string before, std::string text, TextSource source, std::vector<std::string> facts) {
    texts_.push_back({std::move(before), std::move(text), source, std::move(facts)});
  }

  void add_document(const LabDocument& document) {
    const bool is_shuffled = condition_.kind == ConditionKind::kShuffled;
    const TextSource source = is_shuffled ? TextSource::kShuffled : TextSource::kDocument;
    // What exchanged objects say are no facts of the world.
    const std::vector<std::string> facts = is_shuffled ? std::vector<std::string>{} : document.facts;
    const std::string text = is_shuffled ? replace_names(document.text, names_, exchanged_) : document.text;
    if (condition_.split == Split::kNone) return add("", text, source, facts);
    std::string before;
    for (const std::string_view part : data_.world.sentences(text)) {
      const std::string sentence(part);
      const bool is_cumulative = condition_.split == Split::kCumulative;
      add(is_cumulative ? before : "", is_cumulative && !before.empty() ? " " + sentence : sentence, source, facts);
      before += before.empty() ? sentence : " " + sentence;
    }
  }

  // Documents of one group in one text.
  void add_groups() {
    std::map<std::string, size_t> places;
    for (const LabDocument& document : data_.documents) {
      const auto [place, is_new] = places.try_emplace(document.group, texts_.size());
      if (is_new || document.group.empty()) {
        add("", document.text, TextSource::kDocument, document.facts);
        continue;
      }
      TrainingText& text = texts_[place->second];
      text.text += "\n" + document.text;
      for (const std::string& fact : document.facts) {
        if (std::ranges::find(text.facts, fact) == text.facts.end()) text.facts.push_back(fact);
      }
    }
  }

  void add_reversed() {
    const std::vector<std::string> names = names_of_world(data_.world);
    const std::vector<TrainingText> originals = texts_;
    for (const TrainingText& original : originals) {
      std::vector<std::string> sentences;
      for (const std::string_view sentence : data_.world.sentences(original.text))
        sentences.push_back(reversed_words(sentence, names));
      add("", fmt::format("{}", fmt::join(sentences, " ")), TextSource::kReversed, {});
    }
  }

  // Objects of each relation go round in an order drawn at random, so that none stays; those that are the only ones of
  // their relation, among all of their type that are.
  void exchange_objects() {
    std::map<std::string, std::set<std::string>> objects;
    for (const Fact& fact : data_.world.facts()) objects[fact.statement.relation].insert(fact.statement.object);
    std::map<std::string, const Entity*> entities;
    for (const Entity& entity : data_.world.parts().entities) entities[entity.name] = &entity;
    std::map<std::string, std::set<std::string>> lone;
    for (const auto& [relation, set] : objects) {
      if (set.size() == 1) lone[entities.at(*set.begin())->type].insert(*set.begin());
    }
    const auto exchange = [&](const std::string& name, const std::string& other) {
      exchanged_.try_emplace(name, other);
      exchanged_.try_emplace(entities.at(name)->several(), entities.at(other)->several());
    };
    const auto go_round = [&](const std::string& what, const std::set<std::string>& set) {
      const std::vector<std::string> names(set.begin(), set.end());
      const auto order = rng_.child("exchange " + what).permutation(static_cast<uint32_t>(names.size()));
      for (size_t i = 0; i < names.size(); ++i) exchange(names[order[i]], names[order[(i + 1) % names.size()]]);
    };
    for (const auto& [relation, set] : objects) {
      if (set.size() > 1) go_round(relation, set);
    }
    for (const auto& [type, set] : lone) {
      if (set.size() > 1) {
        go_round("of type " + type, set);
        continue;
      }
      const std::string& name = *set.begin();  // takes the place of another, if there is one
      for (const auto& [relation, others] : objects) {
        for (const std::string& other : others) {
          if (other != name && entities.at(other)->type == type) exchange(name, other);
        }
      }
    }
    names_ = names_of_world(data_.world);
  }

  void add_replay() {
    require_other_texts("replay");
    const auto num_learned = static_cast<double>(texts_.size());
    const auto count = static_cast<size_t>(std::llround(num_learned * condition_.replay / (1 - condition_.replay)));
    const auto order = rng_.child("replay").permutation(static_cast<uint32_t>(inputs_.other.size()));
    for (size_t i = 0; i < count; ++i) add("", inputs_.other[order[i % order.size()]], TextSource::kReplay, {});
  }

  const LabData& data_;
  const Condition& condition_;
  const TextInputs& inputs_;
  Rng rng_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> exchanged_;
  std::vector<TrainingText> texts_;
};

}  // namespace

std::string reversed_words(std::string_view sentence, std::span<const std::string> names) {
  std::string_view end = sentence;
  while (!sentence.empty() && !is_word_byte(sentence.back())) sentence.remove_suffix(1);
  end.remove_prefix(sentence.size());
  std::vector<std::string> words;
  for (size_t i = 0; i < sentence.size();) {
    if (is_space(sentence[i])) {
      ++i;
      continue;
    }
    size_t length = name_at(sentence, i, names).size();
    if (length == 0) length = 1;
    while (i + length < sentence.size() && !is_space(sentence[i + length])) ++length;  // and what is joined to it
    words.emplace_back(sentence.substr(i, length));
    i += length;
  }
  std::ranges::reverse(words);
  return fmt::format("{}{}", fmt::join(words, " "), end);
}

std::vector<std::string> names_of_world(const World& world) {
  std::set<std::string> set;
  for (const Entity& entity : world.parts().entities) {
    set.insert(entity.name);
    if (!entity.plural.empty()) set.insert(entity.plural);
  }
  std::vector<std::string> names(set.begin(), set.end());
  std::ranges::stable_sort(names, std::ranges::greater{}, [](const std::string& name) { return name.size(); });
  return names;
}

std::vector<TrainingText> training_texts(const LabData& data, const Condition& condition, const TextInputs& inputs,
                                         uint64_t seed) {
  return TextMaker(data, condition, inputs, seed).make();
}

}  // namespace manyshot::lab
