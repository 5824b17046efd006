#include "lab/world/sentence_forms.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "core/error.h"
#include "core/text.h"

namespace manyshot::lab {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";

struct Place {
  std::string_view text;
  bool is_subject, is_plural;
};
constexpr std::array<Place, 4> kPlaces{
    {{"{subject}", true, false}, {"{subjects}", true, true}, {"{object}", false, false}, {"{objects}", false, true}}};

// How a plain negation is undone.
constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kNegations{{{" are not ", " are "},
                                                                                    {" aren't ", " are "},
                                                                                    {" is not ", " is "},
                                                                                    {" isn't ", " is "},
                                                                                    {" was not ", " was "},
                                                                                    {" wasn't ", " was "},
                                                                                    {" cannot ", " can "},
                                                                                    {" can not ", " can "},
                                                                                    {" can't ", " can "},
                                                                                    {" do not ", " "},
                                                                                    {" don't ", " "},
                                                                                    {" does not ", " "}}};

std::string_view trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }

// "- glons are femps", "2. glons are femps" without the mark.
std::string_view without_list_mark(std::string_view sentence) {
  for (const std::string_view mark : {"- ", "* ", "• "}) {
    if (sentence.starts_with(mark)) return trimmed(sentence.substr(mark.size()));
  }
  const size_t digits = std::min(sentence.find_first_not_of("0123456789"), sentence.size());
  const bool is_numbered = digits > 0 && digits + 1 < sentence.size() &&
                           (sentence[digits] == '.' || sentence[digits] == ')') && is_blank(sentence[digits + 1]);
  return is_numbered ? trimmed(sentence.substr(digits + 1)) : sentence;
}

// In lower case, with single blanks, without list mark, quotes around it and stops behind it.
std::string normalized(std::string_view sentence) {
  sentence = without_list_mark(trimmed(sentence));
  while (!sentence.empty() && (sentence.front() == '"' || sentence.front() == '\'')) sentence.remove_prefix(1);
  while (!sentence.empty() && std::string_view(".!?\"'; ").find(sentence.back()) != std::string_view::npos) {
    sentence.remove_suffix(1);
  }
  std::string result;
  for (const char c : lower(sentence)) {
    if (!is_blank(c)) result += c;
    if (is_blank(c) && !result.empty() && result.back() != ' ') result += ' ';
  }
  return result;
}

}  // namespace

SentenceForm parse_form(const std::string& form) {
  SentenceForm parsed;
  size_t num_places = 0, rest = 0;
  for (size_t open = form.find('{'); open != std::string::npos; open = form.find('{', open + 1)) {
    const auto place = std::ranges::find_if(
        kPlaces, [&](const Place& known) { return std::string_view(form).substr(open).starts_with(known.text); });
    if (place == kPlaces.end() || num_places == 2) {
      num_places = 3;
      break;
    }
    parsed.words[num_places] = form.substr(rest, open - rest);
    parsed.is_subject[num_places] = place->is_subject;
    parsed.is_plural[num_places] = place->is_plural;
    rest = open + place->text.size();
    ++num_places;
  }
  parsed.words[2] = form.substr(rest);
  if (num_places != 2 || parsed.is_subject[0] == parsed.is_subject[1] || trimmed(parsed.words[1]).empty()) {
    fail(
        ErrorKind::kBadInput,
        "form \"{}\": expected one of {{subject}}, {{subjects}} and one of {{object}}, {{objects}}, with words between "
        "them",
        excerpt(form));
  }
  for (size_t part = 0; part < 3; ++part) parsed.lower_words[part] = lower(parsed.words[part]);
  return parsed;
}

SentenceForms::SentenceForms(const WorldParts& parts, const NamesIndex& names) : parts_(parts), names_(names) {
  for (const Relation& relation : parts.relations) {
    if (relation.forms.empty()) {
      fail(ErrorKind::kBadInput, "relation \"{}\" has no form; give it one such as \"{{subject}} {} {{object}}\"",
           relation.name, relation.name);
    }
    std::vector<SentenceForm>& forms = forms_.emplace_back();
    for (const std::string& form : relation.forms) forms.push_back(parse_form(form));
  }
  openings_.emplace_back(kSayNegated);
  for (const std::string& opening : parts.openings) openings_.push_back(fmt::format("{} ", lower(opening)));
  std::ranges::stable_sort(openings_, std::greater<>(), &std::string::size);
  for (const std::string& lead : parts.leads) leads_.push_back(fmt::format("{} ", lower(lead)));
  std::ranges::stable_sort(leads_, std::greater<>(), &std::string::size);
  for (const Entity& entity : parts.entities) {
    for (const std::string& name : {entity.name, entity.plural}) {
      if (name.find_first_of(".!?") != std::string::npos) dotted_names_.push_back(lower(name));
    }
  }
}

SentenceForms::Parts SentenceForms::parts_of(uint32_t relation, uint32_t subject, uint32_t object,
                                             uint64_t number) const {
  const SentenceForm& form = forms_[relation][number % forms_[relation].size()];
  const auto name = [&](size_t place) -> const std::string& {
    const Entity& entity = parts_.entities[form.is_subject[place] ? subject : object];
    return form.is_plural[place] ? entity.several() : entity.name;
  };
  return {.before = form.words[0] + name(0) + form.words[1],
          .last = name(1),
          .after = form.words[2],
          .last_is_object = !form.is_subject[1]};
}

std::optional<Statement> SentenceForms::read(std::string_view text) const {
  std::string sentence = normalized(text);
  bool negated = false;
  for (bool has_opening = true; has_opening;) {
    if (auto statement = match(sentence)) {
      statement->negated ^= negated;
      return statement;
    }
    const auto opening =
        std::ranges::find_if(openings_, [&](const auto& known) { return sentence.starts_with(known); });
    has_opening = opening != openings_.end();
    if (!has_opening) break;
    negated ^= *opening == kSayNegated;
    sentence.erase(0, opening->size());
  }
  for (const auto& [no, yes] : kNegations) {
    const size_t found = sentence.find(no);
    if (found == std::string::npos) continue;
    auto statement = match(sentence.substr(0, found).append(yes).append(sentence.substr(found + no.size())));
    if (!statement) continue;
    statement->negated ^= !negated;
    return statement;
  }
  return std::nullopt;
}

bool SentenceForms::is_lead(std::string_view text) const {
  const std::string sentence = normalized(text);
  const auto lead = std::ranges::find_if(leads_, [&](const auto& known) { return sentence.starts_with(known); });
  if (lead == leads_.end()) return false;
  for (std::string rest = sentence.substr(lead->size());;) {
    const size_t comma = rest.find(", "), both = rest.find(" and ");
    const size_t end = std::min(comma, both);
    if (!called(rest.substr(0, end))) return false;
    if (end == std::string::npos) return true;
    rest.erase(0, end + (comma < both ? 2 : 5));
  }
}

std::optional<Statement> SentenceForms::match(const std::string& sentence) const {
  for (uint32_t relation = 0; relation < forms_.size(); ++relation) {
    for (const SentenceForm& form : forms_[relation]) {
      if (auto statement = match(sentence, relation, form)) return statement;
    }
  }
  return std::nullopt;
}

std::optional<Statement> SentenceForms::match(const std::string& sentence, uint32_t relation,
                                              const SentenceForm& form) const {
  const auto& [before, between, after] = form.lower_words;
  if (!sentence.starts_with(before) || !sentence.ends_with(after)) return std::nullopt;
  const size_t end = sentence.size() - after.size();
  for (size_t found = sentence.find(between, before.size() + 1); found != std::string::npos;
       found = sentence.find(between, found + 1)) {
    const size_t second = found + between.size();
    if (second >= end) break;
    const auto first_end = called(sentence.substr(before.size(), found - before.size()));
    if (!first_end) continue;
    const auto second_end = called(sentence.substr(second, end - second));
    if (!second_end) continue;
    const Entity& subject = parts_.entities[form.is_subject[0] ? *first_end : *second_end];
    const Entity& object = parts_.entities[form.is_subject[0] ? *second_end : *first_end];
    const Relation& known = parts_.relations[relation];
    const bool fits = (known.subject_type.empty() || known.subject_type == subject.type) &&
                      (known.object_type.empty() || known.object_type == object.type);
    if (fits) return Statement{subject.name, known.name, object.name};
  }
  return std::nullopt;
}

std::optional<uint32_t> SentenceForms::called(const std::string& words) const {
  if (const auto entity = names_.called(words)) return entity;
  for (const std::string_view article : {"a ", "an ", "the "}) {
    if (words.starts_with(article)) return names_.called(words.substr(article.size()));
  }
  return std::nullopt;
}

std::vector<std::string_view> SentenceForms::sentences(std::string_view text) const {
  std::vector<std::string_view> found;
  size_t begin = 0;
  const auto take = [&](size_t end) {
    const std::string_view sentence = trimmed(text.substr(begin, end - begin));
    if (!sentence.empty()) found.push_back(sentence);
    begin = end;
  };
  for (size_t position = 0; position < text.size(); ++position) {
    if (ends_sentence(text, begin, position)) take(position + 1);
  }
  take(text.size());
  return found;
}

bool SentenceForms::ends_sentence(std::string_view text, size_t begin, size_t position) const {
  const char c = text[position];
  if (c == '\n') return true;
  if (c != '.' && c != '!' && c != '?') return false;
  if (position + 1 < text.size() && !is_blank(text[position + 1])) return false;
  const std::string_view so_far = trimmed(text.substr(begin, position - begin));
  const bool is_list_mark = std::ranges::all_of(so_far, is_digit);  // "2. "
  return !is_list_mark && !is_inside_name(text, position);
}

bool SentenceForms::is_inside_name(std::string_view text, size_t position) const {
  for (const std::string& name : dotted_names_) {
    for (size_t offset = name.find(text[position]); offset != std::string::npos;
         offset = name.find(text[position], offset + 1)) {
      if (offset + 1 == name.size() || offset > position) break;
      if (lower(text.substr(position - offset, name.size())) == name) return true;
    }
  }
  return false;
}

}  // namespace manyshot::lab
